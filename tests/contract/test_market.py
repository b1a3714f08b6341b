"""Marketplace agreements and model artifacts against botocore's service models."""

from contextlib import closing
from datetime import timedelta

import pytest
from fakes.clock import FakeClock
from fakes.memory import LapsingMemory

from workers.gateways.artifacts import LARGEST_REPORT_BYTES, S3Artifacts
from workers.gateways.remembering import REFUSED_FOR, UNANSWERED_FOR, Remembering
from workers.gateways.subscriptions import MarketplaceSubscriptions

from .clients import make_client, scripted
from .http_stub import Answer, Asked, serving

SEARCH = {
    "catalog": "AWSMarketplace",
    "filters": [
        {"name": "PartyType", "values": ["Acceptor"]},
        {"name": "AgreementType", "values": ["PurchaseAgreement"]},
        {"name": "ResourceIdentifier", "values": ["prod-abc"]},
        {"name": "Status", "values": ["ACTIVE"]},
    ],
}
MODEL = {"Bucket": "models", "Key": "stt/v4/model.tar.gz"}


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def remembering(clock: FakeClock) -> Remembering:
    return Remembering(LapsingMemory(clock), "own account in us-east-1")


def test_an_active_agreement_about_the_product_is_a_subscription(remembering: Remembering, clock: FakeClock) -> None:
    with scripted("marketplace-agreement") as (client, script):
        script.add_response("search_agreements", {"agreementViewSummaries": []}, SEARCH)
        script.add_response(
            "search_agreements", {"agreementViewSummaries": [{"agreementId": "agmt-1", "status": "ACTIVE"}]}, SEARCH
        )
        subscriptions = MarketplaceSubscriptions(client, remembering)
        assert (subscriptions.is_active("prod-abc"), subscriptions.is_active("prod-abc")) == (False, False)
        clock.tick(timedelta(minutes=1))
        assert subscriptions.is_active("prod-abc") is True


def test_agreements_that_may_not_be_read_leave_the_subscription_unknown(remembering: Remembering) -> None:
    with scripted("marketplace-agreement") as (client, script):
        script.add_client_error("search_agreements", "AccessDeniedException", "not authorized")
        subscriptions = MarketplaceSubscriptions(client, remembering)
        assert (subscriptions.is_active("prod-abc"), subscriptions.is_active("prod-abc")) == (None, None)


def test_the_size_of_an_artifact_is_what_s3_says_and_is_remembered(remembering: Remembering) -> None:
    with scripted("s3") as (client, script):
        script.add_response("head_object", {"ContentLength": 12_000_000_000}, MODEL)
        artifacts = S3Artifacts(client, remembering)
        for _ in range(2):
            assert artifacts.size("s3://models/stt/v4/model.tar.gz") == 12_000_000_000


@pytest.mark.parametrize(("code", "status"), [("404", 404), ("403", 403), ("NoSuchBucket", 404)])
def test_an_artifact_that_is_missing_or_may_not_be_read_has_no_known_size(
    remembering: Remembering, clock: FakeClock, code: str, status: int
) -> None:
    with scripted("s3") as (client, script):
        script.add_client_error("head_object", code, "", http_status_code=status)
        script.add_response("head_object", {"ContentLength": 7}, MODEL)
        artifacts = S3Artifacts(client, remembering)
        assert artifacts.size("s3://models/stt/v4/model.tar.gz") is None
        clock.tick(REFUSED_FOR)
        assert artifacts.size("s3://models/stt/v4/model.tar.gz") == 7


@pytest.mark.parametrize("url", ["s3://models/stt/v4/", "s3://models", "s3://models/", "https://models.example/x", ""])
def test_only_single_objects_are_asked_about(remembering: Remembering, url: str) -> None:
    with scripted("s3") as (client, _):
        assert S3Artifacts(client, remembering).size(url) is None


@pytest.mark.parametrize("is_silent", [True, False])
def test_a_report_that_breaks_off_or_stalls_is_unknown_for_a_minute_and_then_read(
    remembering: Remembering, clock: FakeClock, is_silent: bool
) -> None:
    report = b'{"f1": 0.9}'
    answers = [Answer(report, is_cut=True, is_silent=is_silent), Answer(report)]

    def respond(_: Asked) -> Answer:
        return answers.pop(0)

    with serving(respond) as s3, closing(make_client("s3", endpoint_url=s3.url)) as client:
        artifacts = S3Artifacts(client, remembering)
        assert artifacts.text("s3://models/stt/v4/report.json") is None
        clock.tick(UNANSWERED_FOR)
        assert artifacts.text("s3://models/stt/v4/report.json") == report.decode()


def test_a_report_that_is_too_large_is_not_read(remembering: Remembering) -> None:
    whole = Answer(b" " * (LARGEST_REPORT_BYTES + 1))
    with serving(lambda _: whole) as s3, closing(make_client("s3", endpoint_url=s3.url)) as client:
        assert S3Artifacts(client, remembering).text("s3://models/stt/v4/report.json") is None
