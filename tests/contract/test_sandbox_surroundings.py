"""Scaling, alarms, capacity and traffic over real HTTP, against the AWS stand-in."""

import json
from datetime import timedelta
from decimal import Decimal

import pytest

from bot.domain.alarms import Alarm, AlarmState
from bot.domain.commands import Change
from bot.domain.errors import GatewayError, ResourceBusy, ResourceExists, ResourceMissing
from bot.domain.fleet import Approval, EndpointSpec, KeptAlarms
from bot.domain.kept_alarms import kept_alarms, kept_for
from bot.domain.scaling import ScalableTarget, Scaling
from bot.domain.verdict import Window
from workers.ports import Subject

from .changes import created, eventually
from .conftest import Account, utc_now

pytestmark = pytest.mark.flow

ENDPOINT, VARIANT = "sentiment-prod", "AllTraffic"


def scaling(account: Account) -> Scaling:
    return account.autoscaling.read(ENDPOINT, [VARIANT])


def scaled(account: Account) -> ScalableTarget:
    target = scaling(account).of(VARIANT)
    assert target is not None
    return target


# autoscaling


def test_suspended_scaling_comes_back_as_it_was(account: Account) -> None:
    before = scaled(account)
    assert not before.is_suspended
    account.autoscaling.suspend(before)
    assert scaled(account).is_suspended
    assert scaled(account).policies == before.policies
    account.autoscaling.restore(before)
    account.autoscaling.restore(before)
    assert scaled(account) == before


def test_scaling_that_was_taken_away_comes_back_whole(account: Account) -> None:
    before = scaling(account)
    (target,) = before.targets
    assert target.policies
    assert target.scheduled
    account.autoscaling.deregister(target)
    account.autoscaling.deregister(target)
    assert scaling(account) == Scaling()
    account.autoscaling.restore(Scaling.model_validate_json(before.model_dump_json()).targets[0])
    assert scaling(account) == before


@pytest.mark.parametrize("lost", ["RegisterScalableTarget", "PutScalingPolicy", "PutScheduledAction"])
def test_restoring_that_broke_off_goes_on(account: Account, lost: str) -> None:
    before = scaled(account)
    account.autoscaling.deregister(before)
    account.driver.fault(lost, "access-denied")
    with pytest.raises(GatewayError):
        account.autoscaling.restore(before)
    account.autoscaling.restore(before)
    assert scaled(account) == before


def test_an_endpoint_without_scaling_has_none(account: Account) -> None:
    assert account.autoscaling.read("stt-prod", [VARIANT]) == Scaling()


# alarms

OURS = Alarm(
    name="bot-sentiment-prod-r7k2-errors",
    namespace="AWS/SageMaker",
    metric="Invocation5XXErrors",
    dimensions={"EndpointName": ENDPOINT, "VariantName": VARIANT, "EndpointConfigName": "sentiment-v4"},
    statistic="Average",
    period=timedelta(seconds=60),
    evaluation_periods=3,
    threshold=0.05,
    missing_data="notBreaching",
)


def test_the_alarms_kept_beside_an_endpoint_are_found_again_without_asking_for_their_names(account: Account) -> None:
    spec = EndpointSpec(
        name=ENDPOINT,
        model_package_group="sentiment",
        approval=Approval(users=("U0BEN",)),
        alarms=KeptAlarms(error_rate=0.02, p99_ms=800.0),
    )
    wanted = kept_alarms(spec)
    for alarm in (*wanted, OURS):
        account.alarms.put(alarm, {"rollout:requested-by": "bot"})
    found = account.alarms.kept()
    assert [(alarm.name, kept_for(alarm)) for alarm in found] == [(alarm.name, ENDPOINT) for alarm in wanted]


def test_an_alarm_lives_from_its_creation_to_its_deletion(account: Account) -> None:
    account.alarms.create(OURS, {"rollout:id": "r7k2"})
    account.alarms.create(OURS, {"rollout:id": "r7k2"})
    found = account.alarms.describe([OURS.name, "bot-no-such"])
    assert list(found) == [OURS.name]
    assert found[OURS.name].has_rule_of(OURS)
    with pytest.raises(ResourceExists):
        account.alarms.create(OURS.model_copy(update={"threshold": 0.5}), {})
    account.alarms.trip(OURS.name, "aborted by anna")
    tripped = account.alarms.describe([OURS.name])[OURS.name]
    assert (tripped.state, tripped.state_reason) == (AlarmState.ALARM, "aborted by anna")
    account.alarms.delete([OURS.name, "bot-no-such"])
    account.alarms.delete([OURS.name])
    assert account.alarms.describe([OURS.name]) == {}
    with pytest.raises(ResourceMissing):
        account.alarms.trip(OURS.name, "too late")


# capacity, market, artifacts


def test_limits_are_found_and_unknown_where_there_is_none(account: Account) -> None:
    assert account.quotas.limit("ml.g5.2xlarge") == 8
    assert account.quotas.limit("ml.g5.12xlarge") == 0
    assert account.quotas.limit("ml.nothing.like") is None


def test_instances_in_use_are_those_of_all_endpoints(account: Account) -> None:
    live = account.driver.endpoints().values()
    variants = [v for e in live for v in e["description"]["ProductionVariants"] if "DesiredInstanceCount" in v]
    used = account.usage.instances()
    assert sum(used.values()) == sum(v["DesiredInstanceCount"] for v in variants)
    assert used["ml.m5.xlarge"] == 4


def test_a_fleet_on_its_way_is_in_use_already(account: Account) -> None:
    made = created(account, "product-perception", Change(instance_type="ml.m5.2xlarge"), None)
    account.driver.scenario("slow-update", "product-perception")
    account.endpoints.update("product-perception", made.config.name)
    eventually(lambda: account.endpoints.describe("product-perception").is_moving_to(made.config.name))
    used = account.usage.instances()
    assert (used["ml.m5.large"], used["ml.m5.2xlarge"]) == (1, 1)


def test_a_price_is_known_for_what_is_on_the_list(account: Account) -> None:
    assert account.prices.hourly("ml.g5.2xlarge") == Decimal("1.515")
    assert account.prices.hourly("ml.nothing.like") is None


def test_a_subscription_is_known_by_the_product_of_the_package(account: Account) -> None:
    package = account.registry.describe_package(
        "arn:aws:sagemaker:us-east-1:865070037744:model-package/acme-stt-en-v2-fedcba9876543210fedcba9876543210"
    )
    assert package.product_id is not None
    assert account.subscriptions.is_active(package.product_id) is True
    assert account.subscriptions.is_active("prod-of-somebody-else") is False


@pytest.mark.parametrize("operation", ["ListServiceQuotas", "GetProducts", "SearchAgreements", "HeadObject"])
def test_what_may_not_be_asked_is_unknown(account: Account, operation: str) -> None:
    account.driver.fault(operation, "access-denied", times=3)
    answers = {
        "ListServiceQuotas": account.quotas.limit("ml.g5.2xlarge"),
        "GetProducts": account.prices.hourly("ml.g5.2xlarge"),
        "SearchAgreements": account.subscriptions.is_active("prod-x"),
        "HeadObject": account.artifacts.size(artifact(account)),
    }
    assert [name for name, answer in answers.items() if answer is None] == [operation]


def artifact(account: Account) -> str:
    models = account.driver.endpoint(ENDPOINT)["packages"]
    urls = [c["ModelDataUrl"] for m in models.values() for c in m["InferenceSpecification"]["Containers"]]
    return str(urls[0])


def test_the_size_of_a_model_is_known(account: Account) -> None:
    size = account.artifacts.size(artifact(account))
    assert size is not None
    assert size > 1_000_000
    assert account.artifacts.size("s3://nobodys-bucket/model.tar.gz") is None


# weights and counts


def test_a_count_is_changed_without_a_new_config(account: Account) -> None:
    config = account.endpoints.describe("product-perception").config_name
    account.endpoints.set_weights_and_capacities("product-perception", counts={VARIANT: 2})
    with pytest.raises(ResourceBusy):
        account.endpoints.set_weights_and_capacities("product-perception", counts={VARIANT: 1})
    eventually(lambda: account.endpoints.describe("product-perception").is_on(config))
    assert account.endpoints.describe("product-perception").variants[0].current_count == 2


# traffic


def test_a_week_of_traffic_has_its_rhythm(account: Account) -> None:
    end = utc_now().replace(minute=0, second=0, microsecond=0)
    week = Window(start=end - timedelta(days=7), end=end)
    points = account.metrics.traffic(Subject(ENDPOINT, (VARIANT,)), week, timedelta(hours=1))
    assert len(points) == 7 * 24
    assert min(points, key=lambda p: p.requests).at.hour in (1, 2, 3)


def test_streams_that_are_open_at_once_are_known(account: Account) -> None:
    end = utc_now().replace(second=0, microsecond=0)
    window = Window(start=end - timedelta(minutes=30), end=end)
    found = account.metrics.concurrency("stt-prod", [VARIANT], window)
    assert found is not None
    assert found >= 1


def test_a_quality_report_is_read_whole(account: Account) -> None:
    text = account.artifacts.text("s3://acme-ml-registry/sentiment/4/evaluation.json")
    assert text is not None
    assert json.loads(text)["multiclass_classification_metrics"]["f1"]["value"] == 0.911


def test_a_report_that_is_not_there_is_not_known(account: Account) -> None:
    assert account.artifacts.text("s3://acme-ml-registry/sentiment/99/evaluation.json") is None
