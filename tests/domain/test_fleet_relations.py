"""What endpoints and waves of a fleet file may have to do with each other."""

import pytest

from bot.domain.fleet import FleetFileError, parse_fleet

ARN = "arn:aws:sagemaker:us-east-1:865070037744:model-package/acme-stt-en-v{}-0123456789abcdef0123456789abcdef"
GROUP = "arn:aws:sagemaker:us-east-1:123456789012:model-package-group/g"


def fleet(text: str) -> str:
    """A fleet file whose text begins on line 4: endpoints, then whatever else."""
    return "version: 1\ndefaults: {approval: {users: [U0ANNA]}}\nendpoints:\n" + text


def mistakes(text: str) -> list[str]:
    with pytest.raises(FleetFileError) as caught:
        parse_fleet(fleet(text), "f")
    return [str(mistake) for mistake in caught.value.mistakes]


def test_wave_of_endpoints_with_one_group_is_right():
    text = """\
  a: {model_package_group: g}
  b: {model_package_group: g, region: us-east-1}
  c: {model_package_group: g, follows: {endpoint: a}}
waves: {w: {stages: [[a], [b, c]], soak: 0s, at_once: 2}}
"""
    read = parse_fleet(fleet(text), "f")
    assert read.waves["w"].at_once == 2


@pytest.mark.parametrize(
    ("wave", "told"),
    [
        ("{stags: [[a]]}", "waves.w.stags: unknown key; did you mean stages?"),
        ("{}", "waves.w.stages: is missing"),
        ("{stages: []}", "waves.w.stages: is empty"),
        ("{stages: [a]}", "waves.w.stages[0]: must be a list: [a, b]"),
        ("{stages: [[a]], at_once: 0}", "waves.w.at_once: must be at least 1"),
        ("{stages: [[a], [bee]]}", "waves.w.stages[1][0]: there is no endpoint bee"),
        ("{stages: [[a], [a1]]}", "waves.w.stages[1][0]: there is no endpoint a1; did you mean a?"),
        ("{stages: [[a], [a]]}", "waves.w.stages[1][0]: a stands in this wave already"),
        ("{stages: [[b]]}\n  v: {stages: [[b]]}", "waves.v.stages[0][0]: b stands in wave w already"),
        (
            "{stages: [[a, h]]}",
            "waves.w.stages[0][1]: one wave brings one version to all its endpoints, but a runs versions of g and h of h",
        ),
        (
            "{stages: [[a, track]]}",
            "waves.w.stages[0][1]: one wave brings one version to all its endpoints, but track runs a Marketplace track "
            "and a a model package group",
        ),
        (
            "{stages: [[track, track2]]}",
            "waves.w.stages[0][1]: one wave brings one version to all its endpoints, but track and track2 have different "
            "tracks",
        ),
        (
            "{stages: [[east, west]]}",
            "waves.w.stages[0][1]: one wave brings one version to all its endpoints, but east is in us-east-1 and west in "
            "eu-west-1: model packages belong to one region",
        ),
        (
            "{stages: [[a, other]]}",
            "waves.w.stages[0][1]: one wave brings one version to all its endpoints, but a and other are in different "
            "accounts, where g means different groups: give the ARN of one group",
        ),
    ],
)
def test_mistake_in_a_wave_is_told_with_its_line(wave, told):
    text = f"""\
  a: {{model_package_group: g}}
  b: {{model_package_group: g}}
  h: {{model_package_group: h}}
  track: {{track: ['{ARN.format(1)}']}}
  track2: {{track: ['{ARN.format(2)}']}}
  east: {{model_package_group: g, region: us-east-1}}
  west: {{model_package_group: g, region: eu-west-1}}
  other: {{model_package_group: g, role_to_assume: 'arn:aws:iam::210987654321:role/bot'}}
waves:
  w: {wave}
"""
    line = 14 if told.startswith("waves.v") else 13
    assert f"f:{line}: {told}" in mistakes(text)


def test_endpoints_of_several_accounts_may_share_a_group_by_its_arn():
    text = f"""\
  a: {{model_package_group: '{GROUP}'}}
  b: {{model_package_group: '{GROUP}', role_to_assume: 'arn:aws:iam::210987654321:role/bot', follows: {{endpoint: a}}}}
waves: {{w: {{stages: [[a, b]]}}}}
"""
    assert len(parse_fleet(fleet(text), "f").endpoints) == 2


def test_group_of_another_region_than_the_endpoint_is_a_mistake():
    assert mistakes(f"  a: {{model_package_group: '{GROUP}', region: eu-west-1}}\n") == [
        "f:4: endpoints.a.model_package_group: the group is in us-east-1, but the endpoint is in eu-west-1"
    ]


@pytest.mark.parametrize(
    ("follows", "told"),
    [
        ("{endpoint: bee}", "f:4: endpoints.a.follows.endpoint: there is no endpoint bee"),
        ("{endpoint: a}", "f:4: endpoints.a.follows.endpoint: nobody could begin: a follows a"),
        (
            "{endpoint: h}",
            "f:4: endpoints.a.follows.endpoint: only what runs versions of the same source can be followed, but h runs "
            "versions of h and a of g",
        ),
        ("{endpoint: late}", "f:4: endpoints.a.follows.endpoint: wave w changes late later than a"),
        ("{soak: 1h}", "f:4: endpoints.a.follows.endpoint: is missing"),
    ],
)
def test_mistake_about_who_is_followed_is_told(follows, told):
    text = f"""\
  a: {{model_package_group: g, follows: {follows}}}
  h: {{model_package_group: h}}
  late: {{model_package_group: g}}
waves: {{w: {{stages: [[a], [late]]}}}}
"""
    assert mistakes(text) == [told]


def test_circle_of_followers_is_told_by_each_of_them():
    assert mistakes(
        """\
  a: {model_package_group: g, follows: {endpoint: b}}
  b: {model_package_group: g, follows: {endpoint: c}}
  c: {model_package_group: g, follows: {endpoint: b}}
"""
    ) == [
        "f:5: endpoints.b.follows.endpoint: nobody could begin: b follows c follows b",
        "f:6: endpoints.c.follows.endpoint: nobody could begin: c follows b follows c",
    ]


def test_manager_needs_a_channel_for_what_it_says():
    assert mistakes(
        """\
  a: {model_package_group: g}
  b: {model_package_group: g, policy: auto}
  c: {model_package_group: g, policy: manual}
  d: {model_package_group: g, policy: manual}
  e: {model_package_group: g, channel: C0ML}
waves: {w: {stages: [[d]]}}
manager: {}
"""
    ) == [
        "f:4: endpoints.a.channel: is missing: with policy: ask the manager asks there; give one, or policy: manual",
        "f:5: endpoints.b.channel: is missing: with policy: auto the manager tells there; give one, or policy: manual",
        "f:7: endpoints.d.channel: is missing: wave w is told there",
    ]


def test_mistake_inside_the_manager_is_told_with_the_nearest_key():
    assert mistakes("  a: {model_package_group: g, policy: manual}\nmanager: {evry: 1m}\n") == [
        "f:5: manager.evry: unknown key; did you mean every?"
    ]
