"""What fleet import writes about endpoints that exist: a fleet file that can be read, and remarks about the rest."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from fakes.live import ACCOUNT, by_package, live, marketplace_package, model, registry_package, variant

from bot.domain.endpoint import EndpointStatus, ModelPackage
from bot.domain.fleet import Approval, Autoscaling, EndpointSpec, Serverless, parse_fleet
from bot.domain.fleet.existing import Entry, Existing, entry_of, names_of_models
from bot.domain.fleet.source import FleetFileError
from bot.domain.fleet.writing import write_fleet
from bot.domain.scaling import ScalableTarget, Scaling
from workers.cloning import LiveEndpoint

ROLE = "arn:aws:iam::123456789012:role/sagemaker"
REGISTRY, MARKET = registry_package(3), marketplace_package("acme-stt-en-v1-0123456789abcdef0123456789abcdef")
PACKAGES = {package.arn: package for package in (REGISTRY, MARKET)}


def existing(found: LiveEndpoint, *targets: ScalableTarget) -> Existing:
    return Existing(found.snapshot, found.config, found.models, Scaling(targets=targets))


def running(package: ModelPackage = REGISTRY, environment: dict[str, str] | None = None, **members: Any) -> Existing:
    container = by_package(package, Environment=environment or {})
    return existing(live([variant(**members)], model("m1", container, ExecutionRoleArn=ROLE)))


def entry(found: Existing) -> Entry:
    return entry_of(found, PACKAGES.get)


def read_back(*entries: Entry) -> dict[str, EndpointSpec]:
    written = write_fleet(entries, approval=Approval(users=("U0ANNA",)), channel="C0ML")
    return dict(parse_fleet(written.text, "f").endpoints)


def target(minimum: int = 1, **policy: Any) -> ScalableTarget:
    tracking = {
        "TargetValue": 200.0,
        "PredefinedMetricSpecification": {"PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"},
    }
    return ScalableTarget(
        variant="AllTraffic",
        document={"MinCapacity": minimum, "MaxCapacity": 8},
        policies=({"PolicyName": "p", "TargetTrackingScalingPolicyConfiguration": tracking, **policy},),
    )


def test_endpoint_on_a_version_of_the_registry_is_declared_with_its_group():
    spec = read_back(entry(running(environment={"WORKERS": "2"})))["stt-prod"]
    assert (spec.model_package_group, spec.region, spec.execution_role) == ("sentiment", "us-east-1", ROLE)
    assert (spec.kind, spec.instance_type, spec.instance_count) == ("realtime", "ml.m5.xlarge", 2)
    assert spec.environment == {"WORKERS": "2"}
    assert spec.channel == "C0ML"


def test_group_is_declared_as_people_named_it_not_as_arns_write_it():
    capitals = registry_package(3, "AbaloneModels")
    named = capitals.model_copy(update={"arn": capitals.arn.lower()})
    for told, declared in ((named, "AbaloneModels"), (None, "abalonemodels")):  # None: the version was deleted
        found = entry_of(running(named), {named.arn: told}.get)
        assert read_back(found)["stt-prod"].model_package_group == declared


def test_group_of_another_account_is_declared_by_its_arn():
    arn = "arn:aws:sagemaker:us-east-1:999999999999:model-package/sentiment/3"
    spec = read_back(entry(running(REGISTRY.model_copy(update={"arn": arn}))))["stt-prod"]
    assert spec.model_package_group == "arn:aws:sagemaker:us-east-1:999999999999:model-package-group/sentiment"


def test_marketplace_package_becomes_a_track_of_one():
    assert read_back(entry(running(MARKET)))["stt-prod"].track == (MARKET.arn,)


def test_live_count_is_declared_rather_than_the_configs():
    found = live([variant()], model("m1", by_package(REGISTRY)), counts={"AllTraffic": 5})
    assert read_back(entry(existing(found)))["stt-prod"].instance_count == 5


def test_serverless_endpoint_is_declared_with_its_size():
    runs = {"VariantName": "AllTraffic", "ModelName": "m1"}
    size = {"MemorySizeInMB": 3072, "MaxConcurrency": 20, "ProvisionedConcurrency": 2}
    found = live([{**runs, "ServerlessConfig": size}], model("m1", by_package(REGISTRY)))
    spec = read_back(entry(existing(found)))["stt-prod"]
    assert spec.kind == "serverless"
    assert spec.serverless == Serverless(memory_mb=3072, max_concurrency=20, provisioned_concurrency=2)


def test_async_endpoint_may_scale_to_nothing():
    found = live([variant()], model("m1", by_package(REGISTRY)), AsyncInferenceConfig={})
    spec = read_back(entry(existing(found, target(minimum=0))))["stt-prod"]
    assert (spec.kind, spec.instance_count) == ("async", None)
    assert spec.autoscaling == Autoscaling(min=0, max=8, target=200)


def test_scaling_that_the_file_has_no_words_for_is_remarked_and_left_alone():
    found = running()
    scaled = replace(found, scaling=Scaling(targets=(target(TargetTrackingScalingPolicyConfiguration=None),)))
    told = entry(scaled)
    assert told.remarks == (
        "Its autoscaling stays as it is, because this file has no words for it: AllTraffic: 1 to 8 instances, policy p.",
    )
    spec = read_back(told)["stt-prod"]
    assert (spec.autoscaling, spec.instance_count) == (None, None)


def test_scaling_by_a_metric_of_ones_own_is_left_alone():
    tracking = {"TargetValue": 3.0, "CustomizedMetricSpecification": {"MetricName": "Backlog"}}
    found = replace(running(), scaling=Scaling(targets=(target(TargetTrackingScalingPolicyConfiguration=tracking),)))
    assert "autoscaling" not in entry(found).keys


def test_models_of_all_variants_are_named():
    config = live([variant("A", "m1"), variant("B", "m2"), {"VariantName": "C"}]).config
    assert list(names_of_models(config)) == ["m1", "m2"]


@pytest.mark.parametrize(
    ("key", "value", "why"),
    [
        ("API_TOKEN", "abc", "it looks like a secret, and whatever runs is kept"),
        ("URL", "https://user:pass@host/", "it looks like a secret, and whatever runs is kept"),
        ("SAGEMAKER_SUBMIT_DIRECTORY", "s3://bucket/code.tar.gz", "it belongs to the version"),
    ],
)
def test_secrets_and_what_belongs_to_a_version_are_left_out_with_a_comment(key: str, value: str, why: str):
    told = entry(running(environment={key: value, "A": 'quoted "text": # and more'}))
    text = write_fleet([told], approval=Approval(users=("U0ANNA",)), channel=None).text
    assert f"    # {key} is left out: {why}.\n" in text
    assert value not in text
    assert parse_fleet(text, "f").endpoint("stt-prod").environment == {"A": 'quoted "text": # and more'}


@pytest.mark.parametrize(
    ("found", "why"),
    [
        (
            existing(live([variant()], model("m1", {"Image": "repo:1"}))),
            "it runs an image without a model package: nothing says which version would follow",
        ),
        (existing(live([variant()])), "its model m1 was deleted"),
        (existing(live([{"VariantName": "AllTraffic"}])), "its models are inference components"),
        (existing(live([])), "its config has no variant"),
        (
            existing(live([variant()], model("m1", by_package(REGISTRY), by_package(registry_package(4, "other"))))),
            "it is a pipeline of 2 model packages",
        ),
        (
            running(MARKET.model_copy(update={"arn": f"{ACCOUNT}:model-package/gone"})),
            f"its model package {ACCOUNT}:model-package/gone was deleted",
        ),
    ],
)
def test_what_cannot_be_declared_is_a_comment_that_says_why(found: Existing, why: str):
    told = entry(found)
    assert told.why_not == why
    written = write_fleet(
        [replace(entry(running()), name="a"), told], approval=Approval(users=("U0ANNA",)), channel=None
    )
    assert f"  # stt-prod cannot be declared: {why}.\n" in written.text
    assert written.declared == 1
    assert list(parse_fleet(written.text, "f").endpoints) == ["a"]


def test_package_of_ones_own_outside_any_group_cannot_be_declared():
    own = MARKET.model_copy(update={"is_marketplace": False})
    told = entry_of(running(own), lambda arn: own)
    assert told.why_not is not None
    assert "belongs to no group" in told.why_not


def test_variant_with_the_most_traffic_is_the_one_that_is_changed():
    found = live([variant("A"), variant("B")], model("m1", by_package(REGISTRY)), weights={"A": 0.0, "B": 1.0})
    told = entry(existing(found))
    assert (told.keys["variant"], told.keys["other_variants"]) == ("B", ["A"])
    assert told.remarks == ("Its other variants are carried along and not watched over: A.",)


def test_endpoint_out_of_service_is_declared_with_a_remark():
    found = running()
    broken = replace(found, snapshot=found.snapshot.model_copy(update={"status": EndpointStatus.FAILED}))
    assert entry(broken).remarks == ("It is Failed now.",)


def test_what_all_endpoints_share_stands_under_the_defaults_once():
    here = entry(running())
    there = replace(here, name="b", keys={**here.keys, "region": "eu-west-1", "role_to_assume": ROLE})
    text = write_fleet([here, there], approval=Approval(users=("U0ANNA",)), channel=None).text
    assert text.count(f"execution_role: {ROLE}") == 1
    assert "    region: us-east-1\n" in text
    specs = read_back(here, there)
    assert (specs["stt-prod"].role_to_assume, specs["b"].role_to_assume) == (None, ROLE)
    assert (specs["stt-prod"].region, specs["b"].region) == ("us-east-1", "eu-west-1")


@pytest.mark.parametrize("name", ["123", "true", "null", "a-1", "1e5"])
def test_names_that_yaml_would_read_as_something_else_are_quoted(name: str):
    assert list(read_back(replace(entry(running()), name=name))) == [name]


def test_what_the_reader_would_refuse_becomes_a_comment():
    odd = replace(entry(running()), name="odd", keys={"model_package_group": "g", "instance_count": 0})
    written = write_fleet([odd, entry(running())], approval=Approval(users=("U0ANNA",)), channel=None)
    assert "  # odd cannot be declared: instance_count: must be at least 1.\n" in written.text
    assert written.declared == 1


def test_names_that_come_twice_make_no_file_that_cannot_be_read():
    twice = entry(running())
    written = write_fleet([replace(twice, name="a"), twice, twice], approval=Approval(users=("U0ANNA",)), channel=None)
    assert list(parse_fleet(written.text, "f").endpoints) == ["a"]
    assert "  # stt-prod cannot be declared: is given twice" in written.text
    assert written.declared == 1


def test_what_is_wrong_with_no_endpoint_is_not_handed_out():
    with pytest.raises(FleetFileError, match="no Slack channel id"):
        write_fleet([entry(running())], approval=Approval(users=("U0ANNA",)), channel="general")
