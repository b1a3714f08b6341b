"""The switches: what each does to an update, to traffic, to the account."""

from __future__ import annotations

from datetime import timedelta
from statistics import fmean, median, stdev

import pytest

from sandbox.aws.driver import AwsDriver, DriverError
from sandbox.aws.errors import AwsError
from sandbox.aws.scenarios import ScenarioRefused
from sandbox.aws.switches import SWITCHES

from .conftest import Clients
from .local import LocalAws
from .test_alarms import alarm, put_alarm
from .test_metrics import latency, series, total

OLD = "sentiment-prod-config-v3"


@pytest.mark.parametrize(
    ("scenario", "status", "config", "reason"),
    [
        ("insufficient-capacity", "InService", OLD, "InsufficientInstanceCapacity"),
        ("health-check-failure", "InService", OLD, "did not pass the ping health check"),
        ("silent-rollback", "InService", OLD, None),
        ("update-fails", "Failed", OLD, "Request to service failed"),
        ("update-rollback-failed", "UpdateRollbackFailed", OLD, "rollback"),
    ],
)
def test_unhappy_updates_end_as_they_do_on_aws(
    aws: LocalAws, scenario: str, status: str, config: str, reason: str | None
) -> None:
    aws.scenario(scenario)
    aws.update()
    shown = aws.until_settled()
    after = shown[-1]
    assert shown[0]["EndpointStatus"] == "Updating"
    assert (after["EndpointStatus"], after["EndpointConfigName"]) == (status, config)
    assert (after.get("FailureReason") is None) if reason is None else (reason in after["FailureReason"])


def test_a_later_success_clears_the_failure_reason(aws: LocalAws) -> None:
    aws.scenario("insufficient-capacity")
    aws.update()
    assert "FailureReason" in aws.until_settled()[-1]
    aws.ask("UpdateEndpoint", EndpointName="sentiment-prod", EndpointConfigName="next")
    after = aws.until_settled()[-1]
    assert after["EndpointConfigName"] == "next"
    assert "FailureReason" not in after


def test_a_scenario_for_the_next_update_is_used_up_and_one_for_always_is_not(aws: LocalAws) -> None:
    aws.scenario("silent-rollback", when="always")
    for name in ("one", "two"):
        aws.update(config=name)
        assert aws.until_settled()[-1]["EndpointConfigName"] == OLD
    aws.stand_in.world.scenarios.clear()
    aws.update(config="three")
    assert aws.until_settled()[-1]["EndpointConfigName"] == "three"


def test_a_scenario_for_one_endpoint_leaves_the_others_alone(aws: LocalAws) -> None:
    aws.scenario("insufficient-capacity", "stt-prod")
    aws.update()
    assert aws.until_settled()[-1]["EndpointConfigName"] == "next"


def test_an_update_whose_rollback_failed_can_be_updated_again(aws: LocalAws) -> None:
    aws.scenario("update-rollback-failed")
    aws.update()
    aws.until_settled()
    aws.ask("UpdateEndpoint", EndpointName="sentiment-prod", EndpointConfigName="next")
    after = aws.until_settled()[-1]
    assert (after["EndpointStatus"], after["EndpointConfigName"]) == ("InService", "next")


def test_a_stuck_update_stays_updating(aws: LocalAws) -> None:
    aws.scenario("stuck-update")
    aws.update()
    aws.clock.advance(30 * 86400)
    assert aws.describe()["EndpointStatus"] == "Updating"


def test_a_slow_update_takes_longer(aws: LocalAws) -> None:
    aws.update(config="one")
    normal = len(aws.until_settled())
    aws.scenario("slow-update", factor=3)
    aws.update(config="two")
    assert len(aws.until_settled()) == pytest.approx(3 * normal, rel=0.1)


def test_maintenance_ends_by_itself_and_changes_nothing(aws: LocalAws) -> None:
    before = aws.describe()
    aws.scenario("system-updating", seconds=10)
    assert aws.describe()["EndpointStatus"] == "SystemUpdating"
    aws.new_config()
    assert (
        aws.refusal("UpdateEndpoint", EndpointName="sentiment-prod", EndpointConfigName="next").code
        == "ValidationException"
    )
    aws.clock.advance(11)
    assert aws.describe() | {"LastModifiedTime": None} == before | {"LastModifiedTime": None}


@pytest.mark.parametrize("finished", [True, False])
def test_somebody_elses_update_leads_to_a_config_that_we_never_made(aws: LocalAws, finished: bool) -> None:
    aws.scenario("foreign-update", finished=finished)
    assert aws.describe()["EndpointStatus"] == ("InService" if finished else "Updating")
    after = aws.until_settled()[-1]
    assert after["EndpointConfigName"].startswith("sentiment-prod-console-")
    aws.ask("DescribeEndpointConfig", EndpointConfigName=after["EndpointConfigName"])


def test_autoscaling_moves_the_live_count(aws: LocalAws) -> None:
    aws.scenario("autoscaled", count=6)
    variant = aws.describe()["ProductionVariants"][0]
    assert (variant["CurrentInstanceCount"], variant["DesiredInstanceCount"]) == (6, 6)


def test_a_deleted_config_or_model_is_gone_and_the_endpoint_still_serves(aws: LocalAws) -> None:
    aws.scenario("config-deleted")
    aws.scenario("model-deleted", "stt-prod")
    assert aws.describe()["EndpointStatus"] == "InService"
    with pytest.raises(AwsError, match="Could not find endpoint configuration"):
        aws.ask("DescribeEndpointConfig", EndpointConfigName=OLD)
    with pytest.raises(AwsError, match="Could not find model"):
        aws.ask("DescribeModel", ModelName="stt-prod-v1")


def test_no_progress_details_leave_only_the_status(aws: LocalAws) -> None:
    aws.scenario("opaque-update")
    aws.update()
    assert "PendingDeploymentSummary" not in aws.describe()


def test_throttling_refuses_an_exact_share_of_the_calls(aws: LocalAws) -> None:
    aws.scenario("throttling", None, operation="ListModels", share=0.25)
    book = aws.stand_in.world.scenarios
    assert [book.throttles("ListModels") for _ in range(8)] == [False, False, False, True] * 2
    assert not book.throttles("ListEndpoints")


def test_no_traffic_ends_when_it_is_cleared(aws: LocalAws) -> None:
    begin = aws.clock.now()
    aws.scenario("no-traffic")
    aws.clock.advance(600)
    aws.stand_in.world.scenarios.clear()
    middle = aws.clock.now()
    aws.clock.advance(600)
    assert total(aws, begin, middle) == 0
    assert total(aws, middle, aws.clock.now()) > 1000


@pytest.mark.parametrize("when", ["next-update", "always"])
def test_a_slower_version_is_slower_from_the_cutover_or_at_once(aws: LocalAws, when: str) -> None:
    before = latency(aws, minutes=20)
    aws.scenario("slower-version", when=when, factor=2.0)
    if when == "next-update":
        aws.update(RetainAllVariantProperties=True)
        aws.until_settled()
    aws.clock.advance(1200)
    assert latency(aws, minutes=15) / before == pytest.approx(2.0, rel=0.1)


def test_only_the_slowest_requests_are_slower_with_a_slower_tail(aws: LocalAws) -> None:
    before = {stat: latency(aws, 20, stat) for stat in ("p50", "p90", "p99")}
    aws.scenario("slower-tail", when="always", factor=2.0, share=0.05)
    aws.clock.advance(1200)
    ratios = {stat: latency(aws, 20, stat) / level for stat, level in before.items()}
    assert ratios == {
        "p50": pytest.approx(1.0, rel=0.03),
        "p90": pytest.approx(1.0, rel=0.03),
        "p99": pytest.approx(2.0, rel=0.1),
    }


def test_an_unsteady_version_is_as_fast_on_average_and_differs_from_minute_to_minute(aws: LocalAws) -> None:
    steady = series(aws, 60, "ModelLatency", "p50")
    aws.scenario("unsteady-version", when="always", swing=0.3)
    aws.clock.advance(3600)
    unsteady = series(aws, 60, "ModelLatency", "p50")
    assert median(unsteady) / median(steady) == pytest.approx(1.0, abs=0.15)
    assert stdev(unsteady) > 5 * stdev(steady)


def test_a_slowing_version_is_as_fast_at_first_and_slow_in_the_end(aws: LocalAws) -> None:
    before = latency(aws, minutes=20)
    aws.scenario("slowing-version", factor=2.0, seconds=1800)
    aws.update(RetainAllVariantProperties=True)
    aws.until_settled()
    moved = aws.stand_in.world.home().endpoints["sentiment-prod"].traffic.shifts[-1].at
    aws.clock.advance((moved + timedelta(seconds=1800) - aws.clock.now()).total_seconds())
    thirds = [level / before for level in series(aws, 30, "ModelLatency", "p50", 600)[:3]]
    assert thirds == [pytest.approx(1 + grown, abs=0.12) for grown in (1 / 6, 3 / 6, 5 / 6)]
    aws.clock.advance(600)
    assert latency(aws, minutes=8) / before == pytest.approx(2.0, rel=0.05)


def test_cold_starts_can_take_longer_without_requests_doing_so(aws: LocalAws) -> None:
    before = {
        metric: series(aws, 60, metric, "p50", 3600, "credibility")[0] for metric in ("ModelSetupTime", "ModelLatency")
    }
    aws.scenario("slower-cold-starts", "credibility", when="always", factor=3.0)
    aws.clock.advance(3600)
    after = {metric: series(aws, 60, metric, "p50", 3600, "credibility")[0] for metric in before}
    assert after["ModelSetupTime"] / before["ModelSetupTime"] == pytest.approx(3.0, rel=0.1)
    assert after["ModelLatency"] / before["ModelLatency"] == pytest.approx(1.0, rel=0.05)


@pytest.mark.parametrize("factor", [2.0, 0.5])
def test_load_can_shift_up_and_down_without_changing_what_was(aws: LocalAws, factor: float) -> None:
    middle = aws.clock.now()
    history = (middle - timedelta(minutes=20), middle)
    before = total(aws, *history)
    aws.scenario("load-shift", factor=factor)
    aws.clock.advance(1200)
    assert total(aws, middle, aws.clock.now()) / before == pytest.approx(factor, rel=0.1)
    assert total(aws, *history) == before


@pytest.mark.parametrize("endpoint", ["sentiment-prod", "stt-prod"])
@pytest.mark.parametrize("errors", [0, 5, 40])
def test_a_burst_is_exactly_so_many_errors(aws: LocalAws, endpoint: str, errors: int) -> None:
    metric = "MidStreamErrors" if endpoint == "stt-prod" else "Invocation5XXErrors"
    aws.scenario("error-burst", endpoint, errors=errors, seconds=60)
    aws.clock.advance(60)
    found = series(aws, 1, metric, "Sum", endpoint=endpoint)
    assert sum(found) == errors


def test_callers_can_begin_to_send_what_they_should_not(aws: LocalAws) -> None:
    aws.scenario("client-errors", ratio=0.2)
    aws.clock.advance(1200)
    assert fmean(series(aws, 20, "Invocation4XXErrors", "Average")) == pytest.approx(0.2, rel=0.1)
    assert fmean(series(aws, 20, "Invocation5XXErrors", "Average")) < 0.01


def test_configs_can_be_indistinguishable_for_one_endpoint_alone(aws: LocalAws) -> None:
    aws.scenario("no-config-metrics", "stt-prod")
    for endpoint, dimensions in (("stt-prod", 2), ("sentiment-prod", 3)):
        shown = [{"Name": "EndpointName", "Value": endpoint}]
        listed = aws.ask("ListMetrics", "cloudwatch", Namespace="AWS/SageMaker", Dimensions=shown)["Metrics"]
        assert max(len(metric["Dimensions"]) for metric in listed) == dimensions


def test_an_alarm_that_people_made_rings_while_the_scenario_is_on_and_those_of_the_bot_do_not(aws: LocalAws) -> None:
    put_alarm(aws, "bot-latency")
    aws.scenario("alarm-rings", None)
    assert alarm(aws, "stt-prod-word-errors")["StateValue"] == "ALARM"
    assert alarm(aws, "bot-latency")["StateValue"] == "OK"
    aws.stand_in.world.scenarios.clear()
    assert alarm(aws, "stt-prod-word-errors")["StateValue"] == "OK"


def test_creation_may_fail_for_lack_of_capacity(aws: LocalAws) -> None:
    aws.scenario("insufficient-capacity", None)
    config = aws.new_config("product-perception", "fresh")
    aws.ask("CreateEndpoint", EndpointName="fresh", EndpointConfigName=config)
    after = aws.until_settled("fresh")[-1]
    assert after["EndpointStatus"] == "Failed"
    assert "InsufficientInstanceCapacity" in after["FailureReason"]


@pytest.mark.parametrize(
    ("name", "endpoint", "when", "params"),
    [
        ("nope", None, None, {}),
        ("slower-version", "nope", None, {}),
        ("slower-version", None, "sometimes", {}),
        ("no-traffic", None, "next-update", {}),
        ("slower-version", None, None, {"fator": 2}),
        ("slower-version", None, None, {"factor": "fast"}),
        ("autoscaled", "stt-prod", None, {"finished": "no"}),
        ("config-deleted", "stt-prod", None, {"config": "nope"}),
        ("model-deleted", "stt-prod", None, {"model": "nope"}),
        ("autoscaled", "stt-prod", None, {"count": 50}),
        ("foreign-update", None, None, {}),
    ],
)
def test_a_switch_that_does_not_exist_is_refused(
    aws: LocalAws, name: str, endpoint: str | None, when: str | None, params: dict
) -> None:
    with pytest.raises(ScenarioRefused):
        aws.scenario(name, endpoint, when, **params)


@pytest.mark.parametrize("event", ["system-updating", "foreign-update", "autoscaled"])
def test_nobody_can_update_an_endpoint_that_is_busy(aws: LocalAws, event: str) -> None:
    aws.update()
    with pytest.raises(ScenarioRefused, match="Cannot update in-progress endpoint"):
        aws.scenario(event)
    assert aws.until_settled()[-1]["EndpointConfigName"] == "next"


def test_numbers_may_come_as_text_from_a_page(aws: LocalAws) -> None:
    aws.scenario("autoscaled", count="3")
    assert aws.describe()["ProductionVariants"][0]["DesiredInstanceCount"] == 3


def test_one_of_several_scenarios_can_be_switched_off(aws: LocalAws) -> None:
    book = aws.stand_in.world.scenarios
    first = book.switch_on("silent-rollback", None, None, {})
    book.switch_on("slow-update", None, None, {})
    book.clear(first["id"])
    assert [active.name for active in book.active] == ["slow-update"]


def test_the_panel_gets_every_switch_with_a_description(driver: AwsDriver) -> None:
    driver.scenario("slower-version", "stt-prod", factor=1.29)
    shown = driver.scenarios()
    assert {switch["name"] for switch in shown["available"]} == {switch.name for switch in SWITCHES}
    assert all(switch["description"].endswith(".") and switch["title"] for switch in shown["available"])
    assert [(s["name"], s["endpoint"], s["params"]) for s in shown["active"]] == [
        ("slower-version", "stt-prod", {"factor": 1.29})
    ]
    driver.clear_scenarios()
    assert driver.scenarios()["active"] == []


def test_the_driver_tells_why_a_switch_was_refused(driver: AwsDriver) -> None:
    with pytest.raises(DriverError, match="No scenario 'nope'"):
        driver.scenario("nope")


def test_a_forced_status_stays_until_something_changes_it(driver: AwsDriver) -> None:
    driver.force_status("stt-prod", "RollingBack")
    assert driver.endpoint("stt-prod")["EndpointStatus"] == "RollingBack"
    driver.force_status("stt-prod", "InService")
    assert driver.endpoint("stt-prod")["EndpointStatus"] == "InService"
    with pytest.raises(DriverError, match="No status"):
        driver.force_status("stt-prod", "Fine")


def test_an_endpoint_can_be_seen_from_behind(driver: AwsDriver) -> None:
    seen = driver.endpoint("stt-prod")
    assert seen["config"]["exists"]
    assert seen["models"]["stt-prod-v1"]["EnableNetworkIsolation"]
    (package,) = seen["packages"].values()
    assert package["InferenceSpecification"]["Containers"][0]["ProductId"]
    scaled = driver.endpoint("sentiment-prod")
    assert [len(scaled[kind]) for kind in ("scalable_targets", "scaling_policies", "scheduled_actions")] == [1, 1, 1]


def test_alarms_can_be_seen_from_behind(clients: Clients, driver: AwsDriver) -> None:
    assert set(driver.alarms()) == {"stt-prod-word-errors"}
    clients.cloudwatch.put_metric_alarm(
        AlarmName="bot-latency",
        Namespace="AWS/SageMaker",
        MetricName="ModelLatency",
        Dimensions=[
            {"Name": "EndpointName", "Value": "sentiment-prod"},
            {"Name": "VariantName", "Value": "AllTraffic"},
        ],
        ExtendedStatistic="p50",
        Period=3600,  # six seconds of this stand-in's time: also at night some request falls into them
        EvaluationPeriods=1,
        Threshold=1.0,
        ComparisonOperator="GreaterThanThreshold",
    )
    assert driver.alarms()["bot-latency"]["state"] == "ALARM"


def test_reset_brings_back_the_sample_fleet(driver: AwsDriver) -> None:
    driver.scenario("foreign-update", "stt-prod", finished=True)
    driver.fault("*", "throttle")
    driver.reset()
    assert driver.endpoint("stt-prod")["EndpointConfigName"] == "stt-prod-config-v1"
    assert driver.faults()["waiting"] == []
    assert driver.calls() == []
