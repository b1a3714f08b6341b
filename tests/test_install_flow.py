"""The app as its manifest installs it, under the role as its policy makes it: one promotion that uses all of both."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from iam_policy import ACCOUNT, REGION, allows

from sandbox.stack import SAMPLE_FLEET, Options, Stack
from sandbox.stories import CHANNEL, STORY_WATCH, Scene

pytestmark = pytest.mark.flow

BY_HANDLE = (("users: [U0BEN]", 'users: ["@ben"]'), ("groups: [S0MLOPS]", 'groups: ["@ml-ops"]'))


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """A promotion, rolled back, with what needs rarer permissions on the way: handles, a lost answer, a mention, a direct message."""
    fleet = tmp_path_factory.mktemp("fleet") / "fleet.yaml"
    text = SAMPLE_FLEET.read_text(encoding="utf-8")
    for before, after in (*BY_HANDLE, STORY_WATCH):
        assert before in text
        text = text.replace(before, after)
    fleet.write_text(text, encoding="utf-8")
    stack = Stack(Options(fleet=fleet))
    with stack:
        stack.wait_until_ready()
        scene = Scene(stack)
        promote_and_roll_back(scene)
        yield scene
    shutil.rmtree(stack.folder, ignore_errors=True)


def promote_and_roll_back(scene: Scene) -> None:
    slack = scene.slack
    slack.fault("chat.postMessage", "lost")
    scene.asks("anna", "/endpoint promote sentiment-prod")
    scene.presses("ben", "Approve")
    scene.state_becomes("succeeded")
    scene.thread_says(".png")
    slack.person("carla").say("@endpoint-bot rollback", channel=CHANNEL, thread_ts=scene.thread_ts)
    scene.until(lambda: "State: rolled back" in slack.transcript(CHANNEL), "the rollback of a mention")
    slack.person("anna").say("status", channel="@endpoint-bot")
    scene.until(lambda: "Fleet: 4 endpoints" in slack.transcript("D0ANNA"), "an answer to a direct message")


def test_no_scope_is_missing(scene: Scene):
    refused = [call for call in scene.slack.calls() if call["error"] == "missing_scope"]
    assert not refused


def test_the_rarer_scopes_were_needed(scene: Scene):
    called = {call["method"] for call in scene.slack.calls()}
    assert {"conversations.history", "usergroups.list", "usergroups.users.list", "users.info"} <= called
    assert "files.completeUploadExternal" in called


def model_packages(called: dict[str, Any]) -> list[str]:
    containers = [called.get("PrimaryContainer", {}), *called.get("Containers", [])]
    return [c["ModelPackageName"] for c in containers if "ModelPackageName" in c]


def named(kind: str, member: str) -> Callable[[dict[str, Any]], list[str]]:
    return lambda called: [f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:{kind}/{called[member].lower()}"]


ENDPOINT, CONFIG, MODEL = (
    named("endpoint", "EndpointName"),
    named("endpoint-config", "EndpointConfigName"),
    named("model", "ModelName"),
)


def alarms(called: dict[str, Any]) -> list[str]:
    names = called.get("AlarmNames", [called.get("AlarmName")])
    return [f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:{name}" for name in names]


def scalable_target(_: dict[str, Any]) -> list[str]:
    return [f"arn:aws:application-autoscaling:{REGION}:{ACCOUNT}:scalable-target/0123"]


RESOURCES: dict[str, Callable[[dict[str, Any]], list[str]]] = {
    "DescribeEndpoint": ENDPOINT,
    "DescribeEndpointConfig": CONFIG,
    "DescribeModel": MODEL,
    "DescribeModelPackage": lambda called: [called["ModelPackageName"]],
    "CreateEndpointConfig": CONFIG,
    "CreateModel": lambda called: [*MODEL(called), *model_packages(called)],
    "UpdateEndpoint": lambda called: [*ENDPOINT(called), *CONFIG(called)],
    "UpdateEndpointWeightsAndCapacities": ENDPOINT,
    **dict.fromkeys(("ListTags", "AddTags", "DeleteTags"), lambda called: [called["ResourceArn"]]),
    **dict.fromkeys(("PutMetricAlarm", "DeleteAlarms", "SetAlarmState"), alarms),
    **dict.fromkeys(
        ("RegisterScalableTarget", "DeregisterScalableTarget", "PutScalingPolicy", "PutScheduledAction"),
        scalable_target,
    ),
    "HeadObject": lambda called: [f"arn:aws:s3:::{called['Bucket']}/{called['Key']}"],
    "GetObject": lambda called: [f"arn:aws:s3:::{called['Bucket']}/{called['Key']}"],
}
"""The ARNs that IAM asks about for each operation; for what is not listed it asks about none."""


NAMES_IN_IAM = {
    "service-quotas:": "servicequotas:",
    "marketplace-agreement:": "aws-marketplace:",
    "s3:HeadObject": "s3:GetObject",
}
TAGGING = {"PutMetricAlarm": "cloudwatch:TagResource"}
"""What sending tags needs; everything else is SageMaker's."""


def action_of(call: dict[str, Any]) -> str:
    action = f"{call['service']}:{call['operation']}"
    for ours, iams in NAMES_IN_IAM.items():
        action = action.replace(ours, iams)
    return action


def test_every_call_to_aws_is_allowed(scene: Scene):
    calls = scene.aws.calls()
    operations = {call["operation"] for call in calls}
    assert {"CreateModel", "CreateEndpointConfig", "UpdateEndpoint", "ListModelPackages", "GetMetricData"} <= operations
    assert {"RegisterScalableTarget", "ListServiceQuotas", "ListEndpoints", "GetProducts", "HeadObject"} <= operations
    denied = set()
    for call in calls:
        action = action_of(call)
        resources = RESOURCES.get(call["operation"], lambda _: ["*"])(call["parameters"])
        denied |= {(action, arn) for arn in resources if not allows(action, arn)}
        if call["parameters"].get("Tags") and call["operation"] != "AddTags":
            tagging = TAGGING.get(call["operation"], "sagemaker:AddTags")
            denied |= {(tagging, arn) for arn in resources[:1] if not allows(tagging, arn)}
    assert not denied


def test_the_role_that_is_passed_is_the_models_own(scene: Scene):
    passed = {call["parameters"]["ExecutionRoleArn"] for call in scene.aws.calls("CreateModel")}
    assert passed == {f"arn:aws:iam::{ACCOUNT}:role/sagemaker-execution"}
    assert all(allows("iam:PassRole", role) for role in passed)


def test_the_manifest_is_the_one_that_people_install(scene: Scene):
    assert scene.stack.options.manifest == Path(__file__).parent.parent / "manifest.yaml"
