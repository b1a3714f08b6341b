"""What the fleet file may say about alarms, async answers, the network, keys and data capture, and what each mistake reads like."""

import json
import re
from datetime import timedelta
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator

from bot.domain.fleet import EndpointSpec, FleetFileError, fleet_schema, parse_fleet

TOPIC = "arn:aws:sns:us-east-1:123456789012:oncall"
KEY = "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
VPC = "vpc: {subnets: [subnet-0a1b2c3d], security_groups: [sg-0a1b2c3d]}"
SERVERLESS = "kind: serverless\nserverless: {memory_mb: 1024, max_concurrency: 5}"
VALIDATOR = Draft202012Validator(fleet_schema())


def text(endpoint: str, defaults: str = "") -> str:
    """A fleet of one endpoint, `a`, in us-east-1."""
    lines = [
        "version: 1",
        "defaults:",
        "  approval: {users: [U0ANNA]}",
        "  region: us-east-1",
        *(f"  {line}" for line in defaults.splitlines()),
        "endpoints:",
        "  a:",
        "    model_package_group: g",
        *(f"    {line}" for line in endpoint.splitlines()),
    ]
    return "\n".join(lines) + "\n"


def declared(endpoint: str, defaults: str = "") -> EndpointSpec:
    spec = parse_fleet(text(endpoint, defaults), "f").endpoint("a")
    assert editor_says(endpoint, defaults) == []
    return spec


def editor_says(endpoint: str, defaults: str = "") -> list[str]:
    document = json.loads(json.dumps(yaml.safe_load(text(endpoint, defaults))))
    return [error.message for error in VALIDATOR.iter_errors(document)]


def mistakes(endpoint: str, defaults: str = "") -> list[str]:
    with pytest.raises(FleetFileError) as caught:
        parse_fleet(text(endpoint, defaults), "f")
    return [re.sub(r"^f:\d+: endpoints\.a\.", "", str(mistake)) for mistake in caught.value.mistakes]


def test_alarms_are_two_of_three_minutes_unless_the_file_says_otherwise() -> None:
    alarms = declared(f"alarms: {{error_rate: 2%, p99_ms: 800, notify: [{TOPIC}]}}").alarms
    assert alarms is not None
    assert (alarms.error_rate, alarms.p99_ms, alarms.notify) == (0.02, 800, (TOPIC,))
    assert (alarms.period, alarms.evaluation_periods, alarms.datapoints_to_alarm) == (timedelta(minutes=1), 3, 2)


def test_alarms_of_an_endpoint_mix_with_those_of_the_defaults() -> None:
    alarms = declared("alarms: {p99_ms: 300}", f"alarms: {{error_rate: 2%, notify: [{TOPIC}]}}").alarms
    assert alarms is not None
    assert (alarms.error_rate, alarms.p99_ms, alarms.notify) == (0.02, 300, (TOPIC,))


def test_an_async_endpoint_may_say_where_its_answers_go() -> None:
    said = declared(
        f"kind: async\nasync_inference: {{output_path: s3://answers/a, error_topic: {TOPIC}}}"
    ).async_inference
    assert said is not None
    assert (said.output_path, said.failure_path, said.error_topic) == ("s3://answers/a", None, TOPIC)


def test_network_keys_and_capture_may_stand_under_defaults_and_be_taken_away() -> None:
    defaults = f"{VPC}\nkms_key: {KEY}\ndata_capture: {{percentage: 10, destination: s3://seen/a}}"
    spec = declared("data_capture: {percentage: 20, destination: s3://seen/b}", defaults)
    assert (spec.vpc is not None, spec.kms_key) == (True, KEY)
    assert spec.data_capture is not None
    assert (spec.data_capture.destination, spec.data_capture.capture) == ("s3://seen/b", ("input", "output"))
    taken = declared(f"{SERVERLESS}\nvpc: null\nkms_key: null\ndata_capture: null", defaults)
    assert (taken.vpc, taken.kms_key, taken.data_capture) == (None, None, None)


def test_a_network_replaces_that_of_the_defaults() -> None:
    spec = declared("vpc: {subnets: [subnet-0000aaaa], security_groups: [sg-0000aaaa]}", VPC)
    assert spec.vpc is not None
    assert spec.vpc.subnets == ("subnet-0000aaaa",)


@pytest.mark.parametrize("key", ["alias/models", KEY, "1234abcd-12ab-34cd-56ef-1234567890ab"])
def test_a_key_may_be_named_as_kms_does(key: str) -> None:
    assert declared(f"kms_key: {key}").kms_key == key


@pytest.mark.parametrize(
    ("endpoint", "told"),
    [
        (
            "alarms: {error_rate: 200%}",
            "alarms.error_rate: 200% is out of range: write a percentage from 0% to 100%, such as 2%",
        ),
        (
            "alarms: {evaluation_periods: 2, datapoints_to_alarm: 3}",
            "alarms.datapoints_to_alarm: must not be more than evaluation_periods, which is 2",
        ),
        (
            "alarms: {period: 5s}",
            "alarms.period: 5s is no period of a CloudWatch alarm: use 10s, 20s, 30s or whole minutes",
        ),
        (
            "alarms: {period: 60m, evaluation_periods: 25}",
            "alarms.evaluation_periods: 25 periods of 1h are more than a day, which is CloudWatch's limit",
        ),
        (
            "alarms: {notify: [oncall]}",
            "alarms.notify[0]: “oncall” is no SNS topic: those look like arn:aws:sns:us-east-1:123456789012:NAME",
        ),
        (
            f"alarms: {{notify: [{TOPIC.replace('us-east-1', 'eu-west-1')}]}}",
            "alarms: notify names a topic in eu-west-1, but the endpoint is in us-east-1: CloudWatch tells topics of its own "
            "region only",
        ),
        ("alarms: {p99: 800}", "alarms.p99: unknown key; did you mean p99_ms?"),
        (
            "async_inference: {output_path: s3://answers/a}",
            "async_inference: belongs to kind async only, and this endpoint is realtime",
        ),
        (
            "kind: async\nasync_inference: {output_path: answers}",
            "async_inference.output_path: “answers” is no place in S3: those look like s3://bucket/folder",
        ),
        ("kind: async\nasync_inference: {}", "async_inference.output_path: is missing"),
        (
            "vpc: {subnets: [], security_groups: [sg-0a1b2c3d]}",
            "vpc.subnets: is empty",
        ),
        (
            "vpc: {subnets: [vpc-0a1b2c3d], security_groups: [sg-0a1b2c3d]}",
            "vpc.subnets[0]: “vpc-0a1b2c3d” is no subnet: those look like subnet-0123456789abcdef0",
        ),
        ("kms_key: secret", "kms_key: “secret” is no KMS key: give its id, its ARN, or alias/NAME"),
        ("data_capture: {percentage: 0, destination: s3://seen/a}", "data_capture.percentage: must be at least 1"),
        (
            f"{SERVERLESS}\n{VPC}",
            "vpc: SageMaker offers none for serverless endpoints: leave it out, or write vpc: null where the defaults have one",
        ),
        (
            f"{SERVERLESS}\ndata_capture: {{percentage: 5, destination: s3://seen/a}}",
            "data_capture: SageMaker offers none for serverless endpoints: leave it out, or write data_capture: null where the "
            "defaults have one",
        ),
    ],
)
def test_each_mistake_says_what_to_write(endpoint: str, told: str) -> None:
    assert mistakes(endpoint) == [told]


@pytest.mark.parametrize(
    "endpoint",
    [
        "alarms: {p99_ms: 0}",
        "alarms: {notify: [oncall]}",
        "async_inference: {output_path: s3://answers/a}",
        "kind: async\nasync_inference: {output_path: answers}",
        f"{SERVERLESS}\n{VPC}",
        "vpc: {subnets: [subnet-0a1b2c3d]}",
        "kms_key: secret",
        "data_capture: {percentage: 101, destination: s3://seen/a}",
    ],
)
def test_editors_refuse_what_the_reader_refuses(endpoint: str) -> None:
    assert editor_says(endpoint)
    assert mistakes(endpoint)


def test_the_published_example_says_it_all() -> None:
    example = Path("fleet.example.yaml").read_text()
    assert all(f"{key}:" in example for key in ("alarms", "async_inference", "vpc", "kms_key", "data_capture"))
