"""A fleet file that includes others: what counts where, and whose line a mistake has."""

from collections.abc import Mapping, Sequence
from textwrap import dedent

import pytest

from bot.domain.fleet import Fleet, FleetFileError, parse_fleet

HEAD = "version: 1\ndefaults:\n  approval: {users: [U0ANNA]}\n  region: us-east-1\n"


def read(files: Mapping[str, str], first: str = "fleet.yaml") -> Fleet:
    def find(entry: str, filename: str) -> Sequence[tuple[str, str]]:
        found = [(n, dedent(t)) for n, t in files.items() if n == entry or (entry == "*" and n != filename)]
        if not found:
            raise ValueError(f"no such file: {entry}")
        return found

    return parse_fleet(dedent(files[first]), first, find)


def mistakes(files: Mapping[str, str]) -> list[str]:
    with pytest.raises(FleetFileError) as caught:
        read(files)
    return [str(mistake) for mistake in caught.value.mistakes]


def test_included_files_bring_endpoints_and_waves():
    fleet = read(
        {
            "fleet.yaml": HEAD + "include: [a.yaml, b.yaml]\nendpoints:\n  own: {model_package_group: g}\n",
            "a.yaml": "endpoints:\n  a: {model_package_group: g}\n",
            "b.yaml": "version: 1\nwaves: {all: {stages: [[own], [a]]}}\n",
        }
    )
    assert list(fleet.endpoints) == ["own", "a"]
    assert fleet.waves["all"].endpoints == ("own", "a")


def test_first_file_may_declare_no_endpoint_of_its_own():
    fleet = read({"fleet.yaml": HEAD + "include: [a.yaml]\n", "a.yaml": "endpoints:\n  a: {model_package_group: g}\n"})
    assert list(fleet.endpoints) == ["a"]


def test_team_file_puts_its_account_over_the_defaults_of_the_first():
    role = "arn:aws:iam::210987654321:role/endpoint-bot"
    fleet = read(
        {
            "fleet.yaml": HEAD + "include: [team.yaml]\nendpoints:\n  own: {model_package_group: g}\n",
            "team.yaml": f"""\
                defaults:
                  role_to_assume: {role}
                  region: eu-west-1
                  watch: {{thresholds: {{p99_ms: 9}}}}
                include: [deeper.yaml]
                endpoints:
                  theirs: {{model_package_group: g}}
                """,
            "deeper.yaml": """\
                defaults: {watch: {thresholds: {p50_ms: 1}}, region: eu-north-1}
                endpoints:
                  deep: {model_package_group: g, timing: {poll: 1s}}
                """,
        }
    )
    own, theirs, deep = (fleet.endpoint(name) for name in ("own", "theirs", "deep"))
    assert (own.role_to_assume, own.region) == (None, "us-east-1")
    assert (theirs.role_to_assume, theirs.region, theirs.approval.users) == (role, "eu-west-1", ("U0ANNA",))
    assert (deep.role_to_assume, deep.region) == (role, "eu-north-1")
    assert (deep.watch.thresholds.p50_ms, deep.watch.thresholds.p99_ms) == (1, 9)
    assert fleet.defaults.region == "us-east-1"


def test_mistakes_have_the_file_and_line_where_they_stand_and_come_in_the_order_of_the_files():
    assert mistakes(
        {
            "fleet.yaml": HEAD + "include: [a.yaml, b.yaml]\nendpoints:\n  own: {model_package_group: g, kid: x}\n",
            "a.yaml": "defaults:\n  polcy: ask\nendpoints:\n  a:\n    model_package_group: g\n    kind: x\n",
            "b.yaml": "endpoints:\n  b: {model_package_group: g}\n  c: &c [*c]\n",
        }
    ) == [
        "fleet.yaml:7: endpoints.own.kid: unknown key; did you mean kind?",
        "a.yaml:2: defaults.polcy: unknown key; did you mean policy?",
        "a.yaml:6: endpoints.a.kind: must be realtime, streaming, async or serverless",
        "b.yaml:3: endpoints.c[0]: refers to itself",
        "b.yaml:3: endpoints.c: must be a mapping of keys to values",
    ]


def test_mistake_in_the_first_files_defaults_is_told_once_however_many_files_inherit_it():
    text = HEAD.replace("us-east-1", "virginia") + "include: [a.yaml]\n"
    assert mistakes({"fleet.yaml": text, "a.yaml": "endpoints:\n  a: {model_package_group: g}\n"}) == [
        "fleet.yaml:4: defaults.region: “virginia” is no AWS region: those look like us-east-1"
    ]


def test_what_is_declared_twice_names_both_places():
    assert mistakes(
        {
            "fleet.yaml": HEAD + "include: [a.yaml]\nendpoints:\n  x: {model_package_group: g}\n"
            "waves:\n  w: {stages: [[x]]}\n",
            "a.yaml": "endpoints:\n\n  x: {model_package_group: h}\nwaves:\n  w: {stages: [[x]]}\n",
        }
    ) == [
        "a.yaml:3: endpoints.x: is declared twice; the first is at fleet.yaml:7",
        "a.yaml:5: waves.w: is declared twice; the first is at fleet.yaml:9",
    ]


@pytest.mark.parametrize(
    ("included", "told"),
    [
        ("- a\n", "a.yaml:1: YAML: must be a mapping with the keys endpoints, waves or defaults"),
        ("", "a.yaml:1: YAML: the file is empty: it needs version and endpoints"),
        ("a: b: c\n", "a.yaml:1: YAML: a colon where none can be: mend the indentation, or put the text in quotes"),
        ("version: 2\n", "a.yaml:1: version: must be 1"),
        (
            "manager: {}\n",
            "a.yaml:1: manager: belongs into the first file only: there is one manager for all endpoints",
        ),
        (
            "defaults:\n  timing: {sweep: 5s}\n",
            "a.yaml:2: defaults.timing.sweep: belongs into the first file only: the workers have one for all endpoints",
        ),
        ("include: [fleet.yaml]\n", "a.yaml:1: include[0]: fleet.yaml is read already: everything begins with it"),
        ("include: [a.yaml]\n", "a.yaml:1: include[0]: a.yaml is read already: fleet.yaml:5 includes it"),
        ("include: [b.yaml]\n", "a.yaml:1: include[0]: no such file: b.yaml"),
        ("include: b.yaml\n", "a.yaml:1: include: must be a list: [a, b]"),
        ("include: [1]\n", "a.yaml:1: include[0]: must be text: put it in quotes"),
    ],
)
def test_mistake_of_an_included_file_is_told(included, told):
    files = {
        "fleet.yaml": HEAD + "include: [a.yaml]\nendpoints:\n  x: {model_package_group: g}\n",
        "a.yaml": included,
    }
    assert told in mistakes(files)


def test_fleet_without_any_endpoint_is_a_mistake_although_it_includes_files():
    assert mistakes({"fleet.yaml": HEAD + "include: [a.yaml]\n", "a.yaml": "defaults: {tier: staging}\n"}) == [
        "fleet.yaml:1: endpoints: no endpoint is declared, neither here nor in the included files"
    ]


def test_text_that_stands_alone_can_include_nothing():
    with pytest.raises(FleetFileError, match="f:1: include\\[0\\]: other files cannot be included here"):
        parse_fleet("include: [a.yaml]\nversion: 1\nendpoints: {}\n", "f")
