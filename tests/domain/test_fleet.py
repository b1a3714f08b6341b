"""What the fleet file may say, and what each mistake in it reads like."""

import re
from datetime import timedelta
from pathlib import Path
from textwrap import dedent, indent

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.errors import UnknownName
from bot.domain.fleet import (
    Approval,
    EndpointSpec,
    Fleet,
    FleetFileError,
    StepSize,
    Strategy,
    Thresholds,
    Timing,
    Watch,
    WorkerTiming,
    parse_fleet,
    parse_window,
)
from bot.domain.fleet.source import Source

EXAMPLE = Path("fleet.example.yaml").read_text()
ARN = "arn:aws:sagemaker:us-east-1:865070037744:model-package/acme-stt-en-v1-0123456789abcdef0123456789abcdef"


def mistakes(text: str) -> list[str]:
    with pytest.raises(FleetFileError) as caught:
        parse_fleet(text, "f")
    return [str(mistake) for mistake in caught.value.mistakes]


def fleet(endpoint: str = "", defaults: str = "") -> str:
    """A fleet file with one endpoint, `a`, whose own keys begin on line 6 if there are no extra defaults; these begin on line 4."""
    return (
        "version: 1\n"
        "defaults:\n"
        "  approval: {users: [U0ANNA]}\n"
        + indent(dedent(defaults), "  ")
        + "endpoints:\n"
        + "  a:\n"
        + indent(dedent(endpoint or "model_package_group: g\n"), "    ")
    )


def only_endpoint(endpoint: str = "", defaults: str = ""):
    return parse_fleet(fleet(endpoint, defaults), "f").endpoint("a")


def test_two_variant_and_its_bake_may_be_declared_for_the_marketplace():
    strategy = only_endpoint(f"track: [{ARN}]\nstrategy: {{type: two-variant, size: 10%, bake: 5m}}\n").strategy
    assert (strategy.type, strategy.bake) == ("two-variant", timedelta(minutes=5))


def test_an_all_at_once_update_may_bake_under_existing_alarms():
    strategy = only_endpoint("model_package_group: g\nstrategy: {bake: 5m, alarms: [sentiment-errors]}\n").strategy
    assert (strategy.type, strategy.alarms) == ("all-at-once", ("sentiment-errors",))


def test_example_is_a_fleet_of_four():
    assert list(parse_fleet(EXAMPLE, "f").endpoints) == [
        "stt-prod",
        "sentiment-prod",
        "product-perception",
        "credibility",
    ]


def test_example_says_what_the_endpoints_are():
    example = parse_fleet(EXAMPLE, "f")
    stt = example.endpoint("stt-prod")
    assert (stt.name, stt.kind, stt.is_marketplace, stt.instance_count) == ("stt-prod", "streaming", True, 2)
    assert stt.environment == {"ENGINE_MAX_ACTIVE_REQUESTS": "120"}
    sentiment = example.endpoint("sentiment-prod")
    assert sentiment.watch.thresholds == Thresholds(error_rate=0.02, p99_ms=800)
    assert sentiment.strategy.size == StepSize(unit="percent", value=10)
    assert sentiment.strategy.bake == timedelta(minutes=10)
    assert example.endpoint("product-perception").channel == "C0SENTIMENT"
    assert example.endpoint("credibility").serverless is not None


def test_fleet_that_is_written_as_json_is_read_back_equal():
    example = parse_fleet(EXAMPLE, "f")
    assert Fleet.model_validate_json(example.model_dump_json()) == example


def test_what_is_left_out_has_sensible_values():
    a = only_endpoint()
    assert (a.kind, a.variant, a.policy, a.strategy.type) == ("realtime", "AllTraffic", "ask", "all-at-once")
    assert (a.approval.quorum, a.approval.requester_may_approve) == (1, False)
    assert (a.watch.duration, a.watch.warm_up, a.watch.baseline) == (
        timedelta(minutes=30),
        timedelta(minutes=3),
        timedelta(hours=1),
    )
    assert a.timing == Timing(poll=timedelta(seconds=15), settle=timedelta(seconds=10))


def test_endpoint_mixes_its_mappings_with_the_defaults_and_replaces_lists():
    a = only_endpoint(
        "{model_package_group: g, watch: {duration: 5s, thresholds: {p50_ms: 1}}, windows: [], environment: {B: 'b'}}\n",
        "watch: {warm_up: 0s, thresholds: {p99_ms: 9}}\nwindows: [Mon 09:00-10:00 UTC]\nenvironment: {A: 'a', B: 'x'}\n",
    )
    assert (a.watch.duration, a.watch.warm_up) == (timedelta(seconds=5), timedelta())
    assert a.watch.thresholds == Thresholds(p50_ms=1, p99_ms=9)
    assert a.windows == ()
    assert a.environment == {"A": "a", "B": "b"}


def test_endpoint_with_a_strategy_takes_nothing_of_the_defaults_one():
    a = only_endpoint(
        "model_package_group: g\nstrategy: {type: all-at-once}\n", "strategy: {type: canary, size: 10%, bake: 5m}\n"
    )
    assert (a.strategy.type, a.strategy.size, a.strategy.bake) == ("all-at-once", None, None)


def test_null_takes_a_default_away():
    assert only_endpoint("model_package_group: g\nregion: null\n", "region: us-east-1\n").region is None


def test_sweep_and_lease_are_the_workers_own():
    parsed = parse_fleet(
        fleet("model_package_group: g\ntiming: {poll: 1s}\n", "timing: {settle: 2s, sweep: 3s}\n"), "f"
    )
    second = timedelta(seconds=1)
    assert parsed.defaults.timing == WorkerTiming(
        poll=15 * second, settle=2 * second, sweep=3 * second, lease=10 * second
    )
    assert parsed.endpoint("a").timing == Timing(poll=second, settle=2 * second)


def test_off_is_a_word_and_no_boolean():
    assert only_endpoint("model_package_group: g\nwatch: {auto_rollback: off}\n").watch.auto_rollback == "off"


def test_alias_repeats_what_it_names():
    text = fleet("&a\nmodel_package_group: g\n") + "  b: *a\n"
    assert parse_fleet(text, "f").endpoint("b").model_package_group == "g"


def test_endpoint_can_be_declared_in_code():
    declared = EndpointSpec(
        name="a",
        model_package_group="g",
        approval=Approval(users=("U0ANNA",)),
        watch=Watch(duration=timedelta(seconds=5), thresholds=Thresholds(error_rate=0.02)),
        windows=(parse_window("Mon 09:00-10:00 UTC"),),
        strategy=Strategy(type="canary", size=StepSize(unit="instances", value=1)),
    )
    assert declared == only_endpoint(
        """\
        model_package_group: g
        watch: {duration: 5s, thresholds: {error_rate: 2%}}
        windows: [Mon 09:00-10:00 UTC]
        strategy: {type: canary, size: 1}
        """
    )


def test_unknown_endpoint_is_answered_with_the_nearest():
    with pytest.raises(UnknownName) as caught:
        parse_fleet(EXAMPLE, "f").endpoint("stt-prdo")
    assert caught.value.user_message.startswith("There is no endpoint “stt-prdo”. Did you mean stt-prod")


def test_endpoint_unlike_any_is_answered_with_where_they_are_listed():
    with pytest.raises(UnknownName, match="`status` lists all that are in the fleet file"):
        parse_fleet(EXAMPLE, "f").endpoint("xyzzy")


@pytest.mark.parametrize(
    ("ratio", "value"), [("2%", 0.02), ("2.5 %", 0.025), ("0%", 0.0), ("100%", 1.0), ("0.02", 0.02), ("1", 1.0)]
)
def test_percentage_is_a_ratio(ratio, value):
    text = f"model_package_group: g\nwatch: {{thresholds: {{error_rate: {ratio}}}}}\n"
    assert only_endpoint(text).watch.thresholds.error_rate == pytest.approx(value)


@pytest.mark.parametrize("period", ["1s", "5s", "10s", "20s", "30s", "60s", "1m", "5m", "1h"])
def test_metric_period_may_be_what_cloudwatch_accepts(period):
    assert only_endpoint(f"model_package_group: g\nwatch: {{metric_period: {period}}}\n")


@pytest.mark.parametrize("users", ["U0A1", "W0A1"])
def test_approvers_are_ids_or_handles(users):
    a = only_endpoint(f"model_package_group: g\napproval: {{users: [{users}, '@anna.b'], groups: [S0A1, '@ml-ops']}}\n")
    assert a.approval.users == (users, "@anna.b")
    assert a.approval.groups == ("S0A1", "@ml-ops")


def test_quorum_above_the_listed_users_is_possible_with_a_group():
    assert only_endpoint("model_package_group: g\napproval: {groups: [S0A1], quorum: 3}\n").approval.quorum == 3


@pytest.mark.parametrize(
    ("endpoint", "mistake"),
    [
        ("kind: stream", "kind: must be realtime, streaming, async or serverless"),
        ("kindd: async", "kindd: unknown key; did you mean kind?"),
        ("xyzzy: 1", "xyzzy: unknown key"),
        ("name: a", "name: unknown key: the endpoint's name is the key above it"),
        ("SLACK_BOT_TOKEN: x", "SLACK_BOT_TOKEN: unknown key: settings and secrets belong into the environment, never"),
        (
            "<<: {kind: async}",
            "<<: unknown key: YAML merges are not used here; put what endpoints share under defaults",
        ),
        ("owner: anna", "owner: “anna” is no Slack user id: those begin with U or W"),
        ("channel: '#ml'", "channel: “#ml” is no Slack channel id"),
        ("region: virginia", "region: “virginia” is no AWS region"),
        ("role_to_assume: admin", "role_to_assume: “admin” is no IAM role ARN"),
        ("execution_role: arn:aws:iam::1:role/x", "execution_role: “arn:aws:iam::1:role/x” is no IAM role ARN"),
        ("variant: all_traffic", "variant: “all_traffic” is no SageMaker name"),
        ("instance_type: g5", "instance_type: “g5” is no instance type: those look like ml.g5.2xlarge"),
        ("instance_count: 0", "instance_count: must be at least 1"),
        ("instance_count: two", "instance_count: must be a whole number"),
        ("instance_count: '2'", "instance_count: must be a whole number"),
        ("environment: {A: 120}", "environment.A: must be text: put it in quotes"),
        ("environment: {1A: x}", "environment.1A: “1A” cannot name an environment variable"),
        ("environment: [A]", "environment: must be a mapping of keys to values"),
        ("windows: Mon", "windows: must be a list: [a, b]"),
        ("windows: [1]", "windows[0]: must be text: write it like Mon-Fri 09:00-17:00 Europe/Berlin"),
        ("windows: [weekdays]", "windows[0]: “weekdays” is no change window: write it like Mon-Fri 09:00-17:00"),
        ("windows: [Mon 9:00-17:00 UTC]", "windows[0]: “Mon 9:00-17:00 UTC” is no change window"),
        ("windows: [Mon 24:00-25:00 UTC]", "windows[0]: “Mon 24:00-25:00 UTC” is no change window"),
        ("windows: [Mon 09:00-09:00 UTC]", "windows[0]: “Mon 09:00-09:00 UTC” begins and ends at the same time"),
        ("windows: [Mon 09:00-10:00 Berlin]", "windows[0]: “Berlin” is no time zone"),
        ("windows: [Mon 09:00-10:00 Europe]", "windows[0]: “Europe” is no time zone"),
        ("approval: {users: [S0A1]}", "approval.users[0]: “S0A1” is neither a Slack user id (U… or W…) nor an @handle"),
        (
            "approval: {groups: [U0A1]}",
            "approval.groups[0]: “U0A1” is neither a Slack user group id (S…) nor an @handle",
        ),
        ("approval: {quorum: 0}", "approval.quorum: must be at least 1"),
        ("approval: {quorum: 2}", "approval: the quorum is 2, but only 1 user is listed"),
        ("approval: {users: [U0A1, U0A2, U0A1], quorum: 3}", "approval: the quorum is 3, but only 2 users are listed"),
        ("approval: {users: []}", "approval: nobody may approve: list users, groups or both"),
        ("approval: {requester_may_approve: yes}", "approval.requester_may_approve: must be true or false"),
        ("approval: {expires_after: 4}", "approval.expires_after: 4 has no unit: write 20s, 30m, 4h or 7d"),
        ("watch: 30m", "watch: must be a mapping of keys to values"),
        ("watch: {duration: 0s}", "watch.duration: must be at least 1s"),
        ("watch: {warm_up: soon}", "watch.warm_up: “soon” is no duration: give a whole number and a unit"),
        ("watch: {metric_period: 45s}", "watch.metric_period: 45s is no period of CloudWatch"),
        ("watch: {metric_period: 90s}", "watch.metric_period: 90s is no period of CloudWatch"),
        ("watch: {auto_rollback: false}", "watch.auto_rollback: must be off, hard or all"),
        ("watch: {thresholds: {error_rate: 2}}", "watch.thresholds.error_rate: 2 is out of range"),
        ("watch: {thresholds: {error_rate: two}}", "watch.thresholds.error_rate: “two” is no percentage"),
        ("watch: {thresholds: {error_rate: true}}", "watch.thresholds.error_rate: “True” is no percentage"),
        ("watch: {thresholds: {p99: 1}}", "watch.thresholds.p99: unknown key; did you mean p99_ms?"),
        ("watch: {thresholds: {p99_ms: 0}}", "watch.thresholds.p99_ms: must be more than 0"),
        ("watch: {thresholds: {p99_ms: fast}}", "watch.thresholds.p99_ms: must be a number"),
        (
            "timing: {sweep: 5s}",
            "timing.sweep: belongs under defaults.timing only: the workers have one for all endpoints",
        ),
        (
            "timing: {lease: 5s}",
            "timing.lease: belongs under defaults.timing only: the workers have one for all endpoints",
        ),
        ("timing: {pol: 5s}", "timing.pol: unknown key; did you mean poll?"),
        ("serverless: {memory_mb: 1024, max_concurrency: 1}", "serverless: belongs to kind serverless only, and this"),
        ("kind: serverless", "serverless: is missing: kind serverless needs memory_mb and max_concurrency"),
        ("strategy: {type: canary}", "strategy.size: is missing: canary needs a size from 1% to 50%"),
        ("strategy: {type: linear, size: 5%}", "strategy.size: must be from 10% to 50% for linear"),
        ("strategy: {type: rolling, size: 60%}", "strategy.size: must be from 5% to 50% for rolling"),
        (
            "strategy: {type: two-variant, size: 1}",
            "strategy.size: must be a percentage of the traffic for two-variant",
        ),
        ("strategy: {size: 10%}", "strategy.size: means nothing for all-at-once: leave it out"),
        ("strategy: {type: canary, size: some}", "strategy.size: “some” is no size: write a percentage such as 10%"),
        ("strategy: {type: canary, size: 0}", "strategy.size: “0” is no size"),
        ("strategy: {type: canary, size: true}", "strategy.size: “True” is no size"),
        (
            "strategy: {type: canary, size: 1, bake: 2h}",
            "strategy.bake: must be at most 1h, which is SageMaker's limit",
        ),
        (
            "strategy: {type: blue, size: 1}",
            "strategy.type: must be all-at-once, canary, linear, rolling or two-variant",
        ),
        (
            "strategy: {alarms: [a]}",
            "strategy.alarms: can stop nothing without a bake: add bake, such as 10m",
        ),
        (
            "strategy: {type: canary, size: 1, alarms: [a, b, a]}",
            "strategy.alarms: names an alarm twice",
        ),
        (
            "strategy: {type: two-variant, size: 10%, alarms: [a]}",
            "strategy.alarms: mean nothing for two-variant, during which SageMaker watches none: leave them out",
        ),
        (
            "strategy: {type: canary, size: 1, alarms: [a, b, c, d, e, f, g, h, i]}",
            "strategy.alarms: lists more than 8",
        ),
        (
            f"strategy: {{type: canary, size: 1, alarms: [{'a' * 256}]}}",
            "strategy.alarms[0]: “aaa",
        ),
        ("autoscaling: {min: 2, max: 1, target: 3}", "autoscaling.max: must not be less than min, which is 2"),
        ("autoscaling: {min: 0, max: 1, target: 3}", "autoscaling: min is 0, which only kind async can scale to"),
        ("autoscaling: {max: 1}", "autoscaling.min: is missing"),
        ("autoscaling: {min: 1, max: 2, target: 3, metric: cpu}", "autoscaling.metric: must be SageMakerVariant"),
    ],
)
def test_mistake_in_an_endpoint_is_told_with_line_and_key(endpoint, mistake):
    told = mistakes(fleet(f"model_package_group: g\n{endpoint}\n"))
    line = 5 if "serverless: is missing" in mistake else 7
    assert any(one.startswith(f"f:{line}: endpoints.a.{mistake}") for one in told)


@pytest.mark.parametrize(
    ("endpoint", "mistake"),
    [
        (
            "region: us-east-1",
            "model_package_group: is missing: give model_package_group, or track for AWS Marketplace",
        ),
        (
            f"model_package_group: g\ntrack: [{ARN}]",
            "model_package_group: stands beside track: give only one of the two",
        ),
        ("track: []", "track: is empty: list the packages that may follow each other, oldest first"),
        ("track: [acme]", "track[0]: “acme” is no model package ARN"),
        (f"track: [{ARN}, {ARN}]", "track: lists a package twice: it could never be told what follows it"),
        (f"region: eu-west-1\ntrack: [{ARN}]", "track: a package is of us-east-1, but the endpoint is in eu-west-1"),
        (
            f"track: [{ARN}]\ntrack_pattern: acme-stt-fr-v*",
            "track_pattern: acme-stt-en-v1 of the track is not of acme-stt-fr-v*: another language or product?",
        ),
        (
            f"track: [{ARN.replace('v1', 'v10')}, {ARN.replace('v1', 'v9')}]\ntrack_pattern: acme-stt-en-v*",
            "track_pattern: the versions in the names of the track do not rise: list the oldest first",
        ),
        (f"track: [{ARN}]\ntrack_pattern: acme", "track_pattern: “acme” is no pattern of package names"),
        ("model_package_group: g\ntrack_pattern: acme-v*", "track_pattern: stands without track"),
        (
            f"track: [{ARN}]\nstrategy: {{type: canary, size: 1}}",
            "strategy: SageMaker updates AWS Marketplace endpoints all",
        ),
        (
            f"track: [{ARN}]\nstrategy: {{bake: 5m}}",
            "strategy: SageMaker updates AWS Marketplace endpoints all at once",
        ),
        (
            f"kind: serverless\nserverless: {{memory_mb: 1024, max_concurrency: 1}}\ntrack: [{ARN}]",
            "track: AWS Marketplace packages cannot run on a serverless endpoint",
        ),
        (
            "instance_type: ml.inf1.xlarge\nmodel_package_group: g\nstrategy: {type: linear, size: 20%}",
            "strategy: SageMaker ignores linear on Inf1 instances and updates all at once",
        ),
        (
            "instance_type: ml.inf1.xlarge\nmodel_package_group: g\nstrategy: {bake: 5m}",
            "strategy: SageMaker ignores a bake on Inf1 instances and updates all at once",
        ),
        (
            "kind: async\nmodel_package_group: g\nstrategy: {type: two-variant, size: 10%}",
            "strategy: two-variant needs instances that share requests by weight: real-time endpoints only",
        ),
        (
            "instance_count: 9\nmodel_package_group: g\nautoscaling: {min: 2, max: 8, target: 3}",
            "autoscaling: instance_count is 9, which is not from 2 to 8",
        ),
        ("model_package_group: a/b", "model_package_group: “a/b” is no model package group"),
    ],
)
def test_mistake_across_keys_is_told(endpoint, mistake):
    (told,) = mistakes(fleet(endpoint + "\n"))
    assert re.fullmatch(rf"f:\d+: endpoints\.a\.{re.escape(mistake)}.*", told)


def test_serverless_endpoint_has_nothing_that_counts_instances():
    told = mistakes(
        fleet(
            """\
            kind: serverless
            model_package_group: g
            serverless: {memory_mb: 7168, max_concurrency: 10, provisioned_concurrency: 11}
            instance_type: ml.m5.large
            instance_count: 1
            autoscaling: {min: 1, max: 2, target: 3}
            strategy: {type: rolling, size: 10%}
            """
        )
    )
    assert told == [
        "f:8: endpoints.a.serverless.memory_mb: must be at most 6144",
        "f:8: endpoints.a.serverless.provisioned_concurrency: must not be more than max_concurrency, which is 10",
        "f:9: endpoints.a.instance_type: a serverless endpoint has no instances: leave it out",
        "f:10: endpoints.a.instance_count: a serverless endpoint has no instances: leave it out",
        "f:11: endpoints.a.autoscaling: a serverless endpoint has no instances: leave it out",
        "f:12: endpoints.a.strategy: SageMaker offers rolling for real-time and async endpoints only",
    ]


def test_memory_of_a_serverless_endpoint_comes_in_whole_gigabytes():
    (told,) = mistakes(
        fleet("kind: serverless\nmodel_package_group: g\nserverless: {memory_mb: 1500, max_concurrency: 1}\n")
    )
    assert told == "f:8: endpoints.a.serverless.memory_mb: must be a multiple of 1024"


def test_async_endpoint_may_scale_to_nothing():
    text = "kind: async\nmodel_package_group: g\nautoscaling: {min: 0, max: 1, target: 3}\n"
    assert only_endpoint(text).autoscaling.min == 0


def test_guardrails_are_for_endpoints_that_sagemaker_guards():
    text = "model_package_group: g\ninstance_type: ml.inf2.xlarge\nstrategy: {type: rolling, size: 2}\n"
    assert only_endpoint(text).strategy.size == StepSize(unit="instances", value=2)


def test_mistake_in_the_defaults_is_told_once_however_many_endpoints_inherit_it():
    text = fleet(defaults="watch: {duration: 5}\npolcy: ask\n") + "  b: {model_package_group: g}\n"
    assert mistakes(text) == [
        "f:4: defaults.watch.duration: 5 has no unit: write 20s, 30m, 4h or 7d",
        "f:5: defaults.polcy: unknown key; did you mean policy?",
    ]


def test_key_that_only_an_endpoint_can_have_is_refused_under_defaults():
    assert mistakes(fleet(defaults="instance_type: ml.m5.large\n")) == [
        "f:4: defaults.instance_type: belongs to each endpoint, not to the defaults"
    ]


def test_defaults_that_only_contradict_an_endpoint_are_told_at_the_endpoint():
    told = mistakes(fleet("model_package_group: g\napproval: {quorum: 2}\n"))
    assert told == ["f:7: endpoints.a.approval: the quorum is 2, but only 1 user is listed"]


def test_nobody_to_approve_is_told_at_every_endpoint():
    text = "version: 1\nendpoints:\n  a: {model_package_group: g}\n  b: {model_package_group: g}\n"
    assert mistakes(text) == [
        f"f:{line}: endpoints.{name}.approval: nobody may approve: list users, groups or both"
        for line, name in ((3, "a"), (4, "b"))
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", ["f:1: YAML: the file is empty: it needs version and endpoints"]),
        ("# nothing\n", ["f:1: YAML: the file is empty: it needs version and endpoints"]),
        ("- a\n", ["f:1: YAML: must be a mapping with the keys version, defaults and endpoints"]),
        ("a\n", ["f:1: YAML: must be a mapping with the keys version, defaults and endpoints"]),
        (
            "!!set {a}\n",
            [
                "f:1: YAML: YAML tags such as “tag:yaml.org,2002:set” are not used in this file",
                "f:1: YAML: must be a mapping with the keys version, defaults and endpoints",
            ],
        ),
        ("{}", ["f:1: version: is missing", "f:1: endpoints: is missing"]),
        ("version: 2\nendpoints: {}\n", ["f:1: version: must be 1", "f:2: endpoints: is empty"]),
        (
            "version: 1\ndefaults: 1\nendpoints: 2\n",
            [
                "f:2: defaults: must be a mapping of keys to values",
                "f:3: endpoints: must be a mapping of keys to values",
            ],
        ),
        ("version: 1\nendpoints:\n  a:\n", ["f:3: endpoints.a: must be a mapping of keys to values"]),
        (
            "version: 1\nslack: x\nendpoints:\n  a:\n",
            ["f:2: slack: unknown key", "f:4: endpoints.a: must be a mapping of keys to values"],
        ),
    ],
)
def test_file_of_the_wrong_shape_is_told(text, told):
    assert mistakes(text) == told


def test_name_that_sagemaker_would_refuse_is_told_at_its_line():
    assert mistakes(fleet() + "  a_b: {model_package_group: g}\n") == [
        "f:7: endpoints.a_b: “a_b” is no SageMaker name: those have letters, digits and inner hyphens, 63 at most"
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a:\n\t- b", "f:2: YAML: a tab stands here: YAML is indented with spaces only"),
        ("a: b: c", "f:1: YAML: a colon where none can be: mend the indentation, or put the text in quotes"),
        ("a:\n  b: 1\n c: 2", "f:3: YAML: this line is indented differently from its neighbours"),
        ("a: 1\nb\nc: 2", "f:3: YAML: a colon is missing after the key"),
        ("a: [", "f:1: YAML: a value is missing, or must be put in quotes"),
        ("a: 'x\nb: 1\n", "f:3: YAML: a quote is opened here or above and never closed"),
        ("a: *b", "f:1: YAML: this alias (*name) has no anchor (&name)"),
        ("a: 1\n---\nb: 1", "f:2: YAML: a second YAML document begins here: one file holds one fleet"),
        ("a: 1\nb: \x07", "f:2: YAML: there is a character here that YAML does not allow"),
        ("[" * 20_000, "f:1: YAML: nested too deeply"),
    ],
)
def test_text_that_is_no_yaml_is_told_with_its_line(text, told):
    (mistake,) = mistakes(text)
    assert mistake.startswith(told)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("kind: async\nkind: async", "f:8: endpoints.a.kind: is given twice; the first is on line 7"),
        ("1: x", "f:7: endpoints.a: a key here is not text: put it in quotes"),
        ("? [x]\n: y", "f:7: endpoints.a: a key here is not text: put it in quotes"),
        ("description: !x y", "f:7: endpoints.a.description: YAML tags such as “!x” are not used in this file"),
        (
            "description: !!int x",
            "f:7: endpoints.a.description: YAML tags such as “tag:yaml.org,2002:int” are not used",
        ),
        ("windows: &w [*w]", "f:7: endpoints.a.windows[0]: refers to itself"),
        ("windows: !!set {x}", "f:7: endpoints.a.windows: YAML tags such as “tag:yaml.org,2002:set” are not used"),
    ],
)
def test_yaml_that_is_too_clever_is_told_with_its_line(line, told):
    assert any(mistake.startswith(told) for mistake in mistakes(fleet(f"model_package_group: g\n{line}\n")))


def test_aliases_of_aliases_do_not_multiply():
    levels = "".join(f"k{n}: &k{n} [{', '.join([f'*k{n - 1}'] * 9)}]\n" for n in range(1, 30))
    assert "f:2: k0: unknown key" in mistakes(f"version: 1\nk0: &k0 x\n{levels}")


def test_many_mistakes_come_in_the_order_of_the_file():
    text = fleet("kind: x\npolicy: x\nchannel: x\nstrategy: {type: x, siz: 1}\n", "policy: x\n")
    lines = [int(mistake.split(":")[1]) for mistake in mistakes(text)]
    assert len(lines) == 7
    assert lines == sorted(lines)


@pytest.mark.parametrize(
    ("path", "line"), [((), 1), (("b",), 2), (("b", 1), 4), (("b", 2), 2), (("a", "x"), 1), (("x",), 1)]
)
def test_mistake_stands_on_its_line_or_on_that_of_what_should_contain_it(path, line):
    assert Source("a: 1\nb:\n  - x\n  - y\n", "f").mistake(path, "is wrong").line == line


@settings(deadline=None)  # a busy machine is no defect
@given(st.text(max_size=200))
def test_any_text_is_a_fleet_or_a_list_of_mistakes(text):
    assert mistakes(text)


LINES = st.sampled_from(EXAMPLE.splitlines())


@settings(deadline=None)  # a busy machine is no defect
@given(
    st.lists(LINES, max_size=40),
    st.lists(st.tuples(st.integers(0, 39), st.sampled_from("\t :-{}[]'\"&*!?|>%@`")), max_size=3),
)
def test_any_mixture_of_lines_is_a_fleet_or_a_list_of_mistakes(lines, slips):
    text = "\n".join(lines)
    for position, slip in slips:
        text = text[:position] + slip + text[position:]
    try:
        parse_fleet(text, "f")
    except FleetFileError as wrong:
        told = wrong.mistakes
    else:
        told = ()
    assert all(1 <= mistake.line <= text.count("\n") + 2 and mistake.problem for mistake in told)


def test_a_check_command_is_a_list_with_a_time_out_and_what_it_may_see():
    check = only_endpoint(
        "model_package_group: g\nwatch: {check: {command: [wer, --fast], timeout: 30m, pass_environment: [AWS_PROFILE]}}\n"
    ).watch.check
    assert check is not None
    assert (check.command, check.timeout) == (("wer", "--fast"), timedelta(minutes=30))
    assert check.pass_environment == ("AWS_PROFILE",)


@pytest.mark.parametrize(
    ("check", "words"),
    [
        ("{command: []}", "command"),
        ("{command: wer --fast}", "command"),
        ("{timeout: 5m}", "command"),
        ("{command: [wer], timeout: 31m}", "must not be more than 30m"),
        ("{command: [wer], pass_environment: [A-B]}", "cannot name an environment variable"),
        ("{command: [wer], pass_environment: [HOME, SLACK_BOT_TOKEN]}", "SLACK_BOT_TOKEN is the bot's own secret"),
    ],
)
def test_a_check_command_that_could_not_be_run_is_refused(check: str, words: str):
    (mistake,) = mistakes(fleet(f"model_package_group: g\nwatch: {{check: {check}}}\n"))
    assert words in mistake


def test_the_packages_of_a_track_may_be_known_by_their_names() -> None:
    track = [ARN.replace("v1", "v9"), ARN.replace("v1", "v10")]
    spec = only_endpoint(f"track: [{', '.join(track)}]\ntrack_pattern: acme-stt-en-v*\n")
    assert (spec.track, spec.track_pattern) == (tuple(track), "acme-stt-en-v*")
