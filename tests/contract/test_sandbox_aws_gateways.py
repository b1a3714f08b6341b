"""The AWS gateways over real HTTP, against the AWS stand-in."""

from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from bot.domain.commands import Change
from bot.domain.endpoint import ApprovalStatus, EndpointStatus
from bot.domain.errors import (
    AccessDenied,
    GatewayError,
    QuotaExceeded,
    ResourceBusy,
    ResourceExists,
    ResourceMissing,
    TransientError,
)
from bot.domain.signals import EndpointKind
from bot.domain.verdict import Window
from workers.cloning import MASK, draft
from workers.gateways.sagemaker import SageMakerEndpoints
from workers.ports import Measure, Subject, Want

from .changes import NAMES, created, eventually, live, promoted
from .clients import make_client
from .conftest import Account, utc_now

pytestmark = pytest.mark.flow

ACME_V2 = "arn:aws:sagemaker:us-east-1:865070037744:model-package/acme-stt-en-v2-fedcba9876543210fedcba9876543210"
SENTIMENT_4 = "arn:aws:sagemaker:us-east-1:123456789012:model-package/sentiment/4"


def test_marketplace_endpoint_is_promoted_with_everything_but_its_package(account: Account) -> None:
    before = live(account, "stt-prod")
    made = promoted(account, "stt-prod", Change(package=ACME_V2), account.registry.describe_package(ACME_V2))
    after = live(account, "stt-prod")
    old_model, new_model = before.models["stt-prod-v1"].document, after.models[made.models[0].name].document
    container = {**old_model["PrimaryContainer"], "ModelPackageName": ACME_V2}
    assert new_model == {**old_model, "PrimaryContainer": container}
    variant = before.config.variants()[0]
    assert after.config.variants() == ({**variant, "ModelName": made.models[0].name},)
    assert [d.path for d in made.differences] == ["AllTraffic.model.ModelPackageName"]


def test_registry_endpoint_keeps_data_capture_key_tags_and_its_scaled_out_fleet(account: Account) -> None:
    before = live(account, "sentiment-prod")
    assert before.snapshot.variants[0].desired_count == 4
    assert "aws:cloudformation:stack-name" not in before.config.tags
    promoted(account, "sentiment-prod", Change(version=4), account.registry.describe_package(SENTIMENT_4))
    after = live(account, "sentiment-prod")
    for member in ("DataCaptureConfig", "KmsKeyId"):
        assert after.config.document[member] == before.config.document[member]
    assert after.config.tags == {**before.config.tags, **NAMES.tags}
    assert after.snapshot.variants[0].desired_count == 4


def test_serverless_endpoint_is_promoted(account: Account) -> None:
    arn = SENTIMENT_4.replace("sentiment/4", "credibility/2")
    made = promoted(account, "credibility", Change(version=2), account.registry.describe_package(arn))
    assert made.config.variants()[0]["ServerlessConfig"] == {"MemorySizeInMB": 3072, "MaxConcurrency": 20}


def test_asked_count_takes_effect_although_live_counts_are_retained(account: Account) -> None:
    promoted(account, "sentiment-prod", Change(count=3))
    assert account.endpoints.describe("sentiment-prod").variants[0].desired_count == 3


def test_secrets_of_the_sample_fleet_are_masked(account: Account) -> None:
    current = live(account, "stt-prod")
    made = draft(current, Change(env={"ACME_LICENSE_KEY": "lic-new", "ENGINE_MAX_ACTIVE_REQUESTS": "90"}), None, NAMES)
    shown = {d.path.rpartition(".")[2]: (d.before, d.after) for d in made.differences}
    assert shown == {"ACME_LICENSE_KEY": (MASK, f"{MASK} (changed)"), "ENGINE_MAX_ACTIVE_REQUESTS": ("120", "90")}


def test_progress_shows_the_green_fleet_in_sagemakers_words(account: Account) -> None:
    made = created(account, "product-perception", Change(instance_type="ml.m5.xlarge"), None)
    account.driver.scenario("slow-update", "product-perception")
    account.endpoints.update("product-perception", made.config.name)
    eventually(lambda: account.endpoints.describe("product-perception").is_moving_to(made.config.name))
    snapshot = account.endpoints.describe("product-perception")
    assert snapshot.status is EndpointStatus.UPDATING
    assert snapshot.pending is not None
    assert snapshot.pending.variants[0].stage
    assert "product-perception" in account.endpoints.list_statuses(EndpointStatus.UPDATING)
    with pytest.raises(ResourceBusy):
        account.endpoints.update("product-perception", made.config.name)


@pytest.mark.parametrize(
    ("kind", "outcome_unknown", "executed"),
    [
        ("throttle", False, False),
        ("error-before", True, False),
        ("error-after", True, True),
        ("timeout-before", True, False),
        ("timeout-after", True, True),
    ],
)
def test_update_is_asked_for_once_whatever_happens_to_the_answer(
    account: Account, aws_address: str, kind: str, outcome_unknown: bool, executed: bool
) -> None:
    made = created(account, "product-perception", Change(instance_type="ml.m5.xlarge"), None)
    account.driver.fault("UpdateEndpoint", kind, seconds=2 if "timeout" in kind else None)
    with closing(make_client("sagemaker", endpoint_url=aws_address, read_timeout=1)) as impatient:
        with pytest.raises(TransientError) as caught:
            SageMakerEndpoints(impatient, utc_now).update("product-perception", made.config.name)
    assert caught.value.outcome_unknown is outcome_unknown
    eventually(lambda: len(account.driver.calls("UpdateEndpoint")) == 1)
    assert [call["executed"] for call in account.driver.calls("UpdateEndpoint")] == [executed]


def test_denied_access_names_the_operation(account: Account) -> None:
    account.driver.fault("DescribeEndpoint", "access-denied")
    with pytest.raises(AccessDenied) as caught:
        account.endpoints.describe("stt-prod")
    assert "DescribeEndpoint" in caught.value.user_message


@pytest.mark.parametrize(
    ("ask", "kind"),
    [
        (lambda a: a.endpoints.describe("nobody"), "endpoint"),
        (lambda a: a.endpoints.describe_config("nobody"), "endpoint config"),
        (lambda a: a.endpoints.describe_model("nobody"), "model"),
        (lambda a: a.endpoints.update("nobody", "stt-prod-config-v1"), "endpoint"),
        (lambda a: a.endpoints.update("stt-prod", "nobody"), "endpoint config"),
        (lambda a: a.registry.list_versions("nobody"), "model package group"),
        (lambda a: a.registry.describe_package(SENTIMENT_4.replace("/4", "/99")), "model package"),
    ],
    ids=["endpoint", "config", "model", "update of no endpoint", "update to no config", "group", "package"],
)
def test_what_is_missing_is_named(account: Account, ask: Callable[[Account], Any], kind: str) -> None:
    with pytest.raises(ResourceMissing) as caught:
        ask(account)
    assert caught.value.kind == kind


def test_a_name_taken_by_other_content_is_not_taken_for_ours(account: Account) -> None:
    made = created(account, "sentiment-prod", Change(version=4), account.registry.describe_package(SENTIMENT_4))
    other = {"PrimaryContainer": {"Image": "other:1"}, "ExecutionRoleArn": made.models[0].document["ExecutionRoleArn"]}
    with pytest.raises(ResourceExists):
        account.endpoints.create_model(made.models[0].model_copy(update={"document": other}))


def test_more_instances_than_the_quota_are_refused_with_its_numbers(account: Account) -> None:
    made = created(account, "stt-prod", Change(count=500), None)
    with pytest.raises(GatewayError) as caught:
        account.endpoints.update("stt-prod", made.config.name, counts_from_config=True)
    assert isinstance(caught.value, QuotaExceeded)
    assert caught.value.asked > 0


# registry and metrics


def test_versions_of_a_group_are_listed_newest_first(account: Account) -> None:
    assert [p.version for p in account.registry.list_versions("sentiment")] == [5, 4, 3, 2, 1]
    approved = account.registry.list_versions("sentiment", ApprovalStatus.APPROVED)
    assert [p.version for p in approved] == [4, 3, 1]


def test_marketplace_package_is_known_by_its_product(account: Account) -> None:
    package = account.registry.describe_package(ACME_V2)
    assert package.is_marketplace
    assert "ml.g5.2xlarge" in package.instance_types


def subject(endpoint: str, variants: str | tuple[str, ...], streaming: bool) -> Subject:
    names = (variants,) if isinstance(variants, str) else variants
    return Subject(endpoint, names, "streaming" if streaming else "realtime")


@pytest.mark.parametrize(
    ("endpoint", "streaming"), [("stt-prod", True), ("sentiment-prod", False), ("credibility", False)]
)
def test_traffic_is_measured(account: Account, endpoint: str, streaming: bool) -> None:
    end = utc_now() - timedelta(minutes=5)
    window = Window(start=end - timedelta(hours=1), end=end)
    found = account.metrics.measure(subject(endpoint, "AllTraffic", streaming), window)
    assert found.p50_us is not None
    assert found.p99_us is not None
    assert 0 < found.p50_us < found.p99_us
    assert found.requests is not None
    assert found.error_rate is not None
    assert found.error_rate < 0.05
    assert (found.mid_stream_errors is not None) is streaming
    points = account.metrics.series(subject(endpoint, "AllTraffic", streaming), window, timedelta(minutes=1))
    assert list(points) == sorted(points, key=lambda p: p.at)
    counted = sum(p.requests or 0 for p in points)
    assert counted == pytest.approx(found.requests, rel=0.05)


def test_an_endpoint_that_nobody_knows_has_no_data(account: Account) -> None:
    end = utc_now()
    hour = Window(start=end - timedelta(hours=1), end=end)
    found = account.metrics.measure(subject("nobody", "AllTraffic", False), hour)
    assert (found.p50_us, found.requests, found.errors_5xx) == (None, None, None)


def test_fleets_are_told_apart_where_cloudwatch_does(account: Account) -> None:
    assert account.metrics.knows_config("stt-prod", "stt-prod-config-v1")
    assert account.metrics.knows_config("sentiment-prod", "sentiment-prod-config-v3")
    assert not account.metrics.knows_config("sentiment-prod", "never-was")
    end = utc_now() - timedelta(minutes=5)
    hour = Window(start=end - timedelta(hours=1), end=end)
    whole = subject("sentiment-prod", "AllTraffic", False)
    fleet = Subject(whole.endpoint, whole.variants, whole.kind, config="sentiment-prod-config-v3")
    assert account.metrics.measure(fleet, hour) == account.metrics.measure(whole, hour)


def test_fleets_are_one_where_cloudwatch_does_not_tell_them_apart(account: Account) -> None:
    account.driver.scenario("no-config-metrics")
    assert not account.metrics.knows_config("sentiment-prod", "sentiment-prod-config-v3")


KINDS: list[tuple[str, EndpointKind, Measure, int]] = [
    ("sentiment-prod", "realtime", Measure.P99, 30),
    ("stt-prod", "streaming", Measure.MID_STREAM_ERRORS, 30),
    ("credibility", "serverless", Measure.SETUP_TIME, 5),  # only cold starts have one: at night every second minute
]
"""An endpoint of each kind, a measure of that kind's own, and how many minutes of an hour have a number for it at the least."""


def test_many_endpoints_of_all_kinds_are_read_in_one_call(account: Account) -> None:
    end = utc_now().replace(second=0, microsecond=0) - timedelta(minutes=5)
    window, minute = Window(start=end - timedelta(hours=1), end=end), timedelta(minutes=1)
    wants = [
        Want(Subject(endpoint, ("AllTraffic",), kind), window, minute, (Measure.P50, Measure.REQUESTS, own))
        for endpoint, kind, own, _ in KINDS
    ]
    before = len(account.driver.calls("GetMetricData"))
    found = account.metrics.read(wants)
    assert len(account.driver.calls("GetMetricData")) == before + 1
    for want, series, (*_, own, least) in zip(wants, found, KINDS, strict=True):
        assert (series.start, series.length) == (window.start, 60)
        for measure, minutes in {Measure.P50: 30, Measure.REQUESTS: 30, own: least}.items():
            known = series.of(measure)[~np.isnan(series.of(measure))]
            assert known.size >= minutes, (want.subject, measure)
        assert np.nansum(series.of(Measure.REQUESTS)) == account.metrics.measure(want.subject, window).requests


def test_two_days_of_minutes_come_with_a_number_for_each(account: Account) -> None:
    end = utc_now().replace(second=0, microsecond=0) - timedelta(minutes=5)
    window = Window(start=end - timedelta(days=2), end=end)
    measures = (Measure.P50, Measure.P90, Measure.P99, Measure.REQUESTS, Measure.ERRORS_5XX)
    want = Want(subject("sentiment-prod", "AllTraffic", False), window, timedelta(minutes=1), measures)
    (series,) = account.metrics.read([want])
    assert all(np.isfinite(series.of(measure)).all() for measure in measures)
    assert (series.of(Measure.P50) < series.of(Measure.P90)).all()
