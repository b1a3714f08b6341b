"""What people install is held against the code: the Slack app, the IAM policy, the image, the import rules."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import yaml
from botocore import xform_name
from botocore.session import Session
from iam_policy import ACCOUNT, REGION, allows, listed, policy
from slack_sdk import WebClient

from bot.domain.errand import rollout_id_for
from bot.http import EVENTS_PATH
from bot.listeners import COMMAND
from sandbox.slack.manifest import read_manifest
from sandbox.slack.web_api.scopes import FAMILY, NEEDED
from workers.cloning.naming import target_name
from workers.gateways.alarms import OWN_PREFIX

ROOT = Path(__file__).parent.parent


def text_of(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


def sources(*folders: str) -> str:
    return "\n".join(p.read_text(encoding="utf-8") for f in folders for p in sorted((ROOT / f).rglob("*.py")))


def manifest(text: str | None = None) -> dict[str, Any]:
    found = yaml.safe_load(text or text_of("manifest.yaml"))
    assert isinstance(found, dict)
    return found


# The Slack app


def web_api_methods_called() -> set[str]:
    """`chat.postMessage` for every `client.chat_postMessage` in our code; an upload is three calls, of which two need a scope."""
    names = set(re.findall(r"client\.([a-z]+(?:_\w+)+)", sources("bot", "workers")))
    called = {name for name in names if hasattr(WebClient, name) and name != "retry_handlers"}
    assert "chat_postMessage" in called
    uploads = {"files.getUploadURLExternal", "files.completeUploadExternal"} if "files_upload_v2" in called else set()
    return {name.replace("_", ".") for name in called - {"files_upload_v2"}} | uploads


def test_the_app_has_the_scopes_that_the_code_uses_and_no_others():
    needed = {"commands", "app_mentions:read", "im:history"}
    for method in web_api_methods_called() & NEEDED.keys():
        needed |= {NEEDED[method].replace(FAMILY, family) for family in ("channels", "groups", "im")}
    assert set(manifest()["oauth_config"]["scopes"]["bot"]) == needed


def test_the_app_hears_the_events_that_somebody_listens_to():
    heard = set(re.findall(r'app\.event\("(\w+)"\)', sources("bot/listeners")))
    assert heard == {"app_home_opened", "app_mention", "message"}
    assert set(manifest()["settings"]["event_subscriptions"]["bot_events"]) == {
        "app_home_opened",
        "app_mention",
        "message.im",
    }


def test_the_app_has_the_command_that_the_bot_answers():
    (command,) = manifest()["features"]["slash_commands"]
    assert command["command"] == COMMAND
    assert command["should_escape"] is True


def test_the_manifest_keeps_slacks_limits():
    app = manifest()
    display, features, settings = app["display_information"], app["features"], app["settings"]
    assert len(display["name"]) <= 35
    assert len(display["description"]) <= 140
    assert re.fullmatch(r"#[0-9a-f]{6}", display["background_color"])
    assert re.fullmatch(r"[\w\-.]{1,80}", features["bot_user"]["display_name"])
    for command in features["slash_commands"]:
        assert re.fullmatch(r"/\S{1,31}", command["command"])
        assert len(command["description"]) <= 2000
        assert len(command["usage_hint"]) <= 1000
    assert settings["interactivity"]["is_enabled"] is True
    assert features["app_home"]["messages_tab_enabled"] is True, "message.im needs the messages tab"


def test_the_manifest_has_only_members_that_slack_knows():
    assert set(manifest()) <= {"_metadata", "display_information", "features", "oauth_config", "settings"}
    assert set(manifest()["features"]) <= {"app_home", "bot_user", "shortcuts", "slash_commands"}
    assert set(manifest()["settings"]) <= {
        *("event_subscriptions", "interactivity", "socket_mode_enabled", "org_deploy_enabled", "token_rotation_enabled")
    }


def test_the_manifest_becomes_one_for_http_as_its_comments_say():
    text = re.sub(r"# ((?:request_)?url: )", r"\1", text_of("manifest.yaml"))
    app = manifest(text.replace("socket_mode_enabled: true", "socket_mode_enabled: false"))
    addresses = {
        app["features"]["slash_commands"][0]["url"],
        app["settings"]["event_subscriptions"]["request_url"],
        app["settings"]["interactivity"]["request_url"],
    }
    assert addresses == {f"https://bot.example.com{EVENTS_PATH}"}
    assert not app["settings"]["socket_mode_enabled"]


def test_the_stand_in_takes_the_manifest():
    app = read_manifest(ROOT / "manifest.yaml")
    assert [command["command"] for command in app.commands] == [COMMAND]


# The IAM policy

PLACEHOLDERS = {"REGION", "ACCOUNT", "OTHER_ACCOUNT", "EXECUTION_ROLE", "MODEL_BUCKET", "EVENT_QUEUE"}


GATEWAYS = {
    # service: (how IAM calls it, who speaks to it)
    "sagemaker": ("sagemaker", ("sagemaker", "registry", "usage", "leftovers")),
    "cloudwatch": ("cloudwatch", ("cloudwatch/asking", "cloudwatch/fleets", "alarms")),
    "application-autoscaling": ("application-autoscaling", ("autoscaling",)),
    "service-quotas": ("servicequotas", ("quotas",)),
    "pricing": ("pricing", ("pricing",)),
    "marketplace-agreement": ("aws-marketplace", ("subscriptions",)),
    "marketplace-discovery": ("aws-marketplace", ("catalog",)),
    "sqs": ("sqs", ("events",)),
    "cloudtrail": ("cloudtrail", ("trail",)),
    "s3": ("s3", ("artifacts",)),
    "sts": ("sts", ("account",)),
}
NEEDED_BESIDES = {
    # CreateModel, CreateEndpointConfig and PutMetricAlarm send tags; CreateModel sends the execution role of the model that it clones.
    *("sagemaker:AddTags", "cloudwatch:TagResource", "iam:PassRole"),
    # To ask for an object's head is to get it, for IAM.
    "s3:GetObject",
}


def operations_called(service: str, *gateways: str) -> set[str]:
    """`UpdateEndpoint` for every `.update_endpoint` or `"update_endpoint"` in those gateways."""
    text = "\n".join(text_of(f"workers/gateways/{gateway}.py") for gateway in gateways)
    called = set(re.findall(r'[."](\w+)', text))
    known = {xform_name(name): name for name in Session().get_service_model(service).operation_names}
    return {known[name] for name in called if name in known}


def test_the_policy_allows_what_the_workers_call_and_nothing_else():
    called = {
        f"{prefix}:{name}"
        for service, (prefix, gateways) in GATEWAYS.items()
        for name in operations_called(service, *gateways)
    }
    assert {"sagemaker:UpdateEndpoint", "sagemaker:ListTags", "sts:AssumeRole", "s3:HeadObject"} <= called
    needed = called - {"s3:HeadObject"} | NEEDED_BESIDES
    assert {action for statement in policy() for action in listed(statement["Action"])} == needed


def test_nobody_else_speaks_to_aws():
    clients = set(re.findall(r'client\(\s*"([\w-]+)"', sources("workers")))
    assert clients == GATEWAYS.keys()


def test_a_rollout_may_create_its_own_names_and_no_others():
    created = target_name("STT-Prod", rollout_id_for("any"), "0123456789abcdef").lower()
    longest = target_name("x" * 63, rollout_id_for("any"), "0123456789abcdef", suffix="-15")
    for action, kind in (("CreateEndpointConfig", "endpoint-config"), ("CreateModel", "model"), ("AddTags", "model")):
        for name in (created, longest):
            assert allows(f"sagemaker:{action}", f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:{kind}/{name}")
        assert not allows(f"sagemaker:{action}", f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:{kind}/stt-prod-config-v1")


def test_only_alarms_of_its_own_and_those_of_scaling_policies_may_be_written():
    alarms = f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm"
    for action in ("PutMetricAlarm", "DeleteAlarms", "SetAlarmState", "TagResource"):
        assert allows(f"cloudwatch:{action}", f"{alarms}:{OWN_PREFIX}stt-prod-r7k2-errors")
        assert not allows(f"cloudwatch:{action}", f"{alarms}:people-errors")
    scaling = f"{alarms}:TargetTracking-endpoint/stt-prod/variant/AllTraffic-AlarmHigh-1"
    assert allows("cloudwatch:PutMetricAlarm", scaling)
    assert not allows("cloudwatch:SetAlarmState", scaling)


def test_only_scaling_of_sagemaker_may_be_changed():
    (statement,) = [s for s in policy() if "application-autoscaling:RegisterScalableTarget" in listed(s["Action"])]
    assert statement["Condition"] == {"StringEquals": {"application-autoscaling:service-namespace": "sagemaker"}}


def test_only_endpoints_and_what_rollouts_made_may_be_deleted():
    actions = {action for statement in policy() for action in listed(statement["Action"])}
    deleting = {action for action in actions if action.startswith("sagemaker:Delete")}
    assert deleting <= {f"sagemaker:Delete{what}" for what in ("Endpoint", "EndpointConfig", "Model", "Tags")}
    made = target_name("stt-prod", rollout_id_for("any"), "0123456789abcdef")
    for action, kind in (("DeleteEndpointConfig", "endpoint-config"), ("DeleteModel", "model")):
        assert allows(f"sagemaker:{action}", f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:{kind}/{made}")
        assert not allows(f"sagemaker:{action}", f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:{kind}/stt-prod-config-v1")


def test_resources_are_named_and_names_are_lower_case():
    for statement in policy():
        for resource in listed(statement["Resource"]):
            if resource == "*":
                assert statement["Sid"] == "ListAndMeasure", "these know no resources, or not reliably"
            elif ":sagemaker:" in resource:
                assert resource == resource.lower(), "SageMaker lower-cases names in ARNs"


def test_a_role_may_be_passed_to_sagemaker_only():
    (statement,) = [s for s in policy() if "iam:PassRole" in listed(s["Action"])]
    assert statement["Condition"] == {"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}}


def test_the_policy_is_one_that_iam_takes():
    sids = [statement["Sid"] for statement in policy()]
    assert len(set(sids)) == len(sids)
    assert all(re.fullmatch("[A-Za-z0-9]+", sid) for sid in sids)
    assert len(re.sub(r"\s", "", text_of("iam-policy.json"))) < 6144, "the limit of a managed policy"
    assert json.loads(text_of("iam-policy.json"))["Version"] == "2012-10-17"


def test_every_placeholder_of_the_policy_is_explained():
    words = set(re.findall(r"\b[A-Z][A-Z_]+[A-Z]\b", text_of("iam-policy.json")))
    assert words == PLACEHOLDERS
    assert not [word for word in words if f"`{word}`" not in text_of("docs/install.md")]


# The image


def instructions() -> list[tuple[str, str]]:
    lines = [line for line in text_of("Dockerfile").splitlines() if line and not line.startswith("#")]
    return [(word, rest) for word, _, rest in (line.partition(" ") for line in lines)]


def test_the_image_gets_what_it_copies_and_no_secrets():
    ignored = [line for line in text_of(".dockerignore").splitlines() if line and not line.startswith("#")]
    admitted = {line.removeprefix("!") for line in ignored if line.startswith("!")}
    copied = {rest.split()[0] for word, rest in instructions() if word == "COPY"}
    assert ignored[0] == "*"
    assert copied == admitted
    assert all((ROOT / path).exists() for path in copied)


def test_the_image_runs_as_nobody_in_particular():
    words = [word for word, _ in instructions()]
    assert dict(instructions())["USER"] == "endpoint-bot"
    assert words.index("USER") < words.index("ENTRYPOINT")


def test_the_image_installs_pinned_packages_from_wherever_pip_is_told_to():
    (installs,) = [rest for word, rest in instructions() if word == "RUN" and "pip install" in rest]
    assert "--require-hashes" in installs
    assert not re.search(r"https?://|--index-url|--trusted-host", text_of("Dockerfile").replace("127.0.0.1", ""))


def test_the_health_check_asks_where_both_processes_answer():
    given = dict(instructions())
    assert re.findall(r"(PORT|METRICS_PORT)=(\d+)", given["ENV"]) == [("PORT", "3000"), ("METRICS_PORT", "3000")]
    assert "'127.0.0.1', 3000" in given["HEALTHCHECK"]
    assert "/healthz" in given["HEALTHCHECK"]


# The import rules

IMPORTED_AS = {"pyyaml": "yaml", "python-dotenv": "dotenv"}
FREE = {"pydantic", "honcho"}
"""Pydantic is for everybody; honcho is started, not imported."""


def test_every_library_says_who_may_import_it():
    project = tomllib.loads(text_of("pyproject.toml"))
    names = {re.split(r"[^a-z0-9-]", d)[0] for d in project["project"]["dependencies"]}
    libraries = {IMPORTED_AS.get(n, n).replace("-", "_") for n in names - FREE}
    contracts = project["tool"]["importlinter"]["contracts"]
    protected = {m for c in contracts if c["type"] == "protected" for m in c["protected_modules"]}
    assert libraries <= protected
