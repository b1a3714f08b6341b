"""fleet import: what it looks at, and where the file goes."""

from __future__ import annotations

from dataclasses import replace

from fakes.engine import FLEET, Engine
from fakes.estate import Estate, package_of, standing_on
from fakes.records import BEN, ENDPOINT
from fakes.surroundings import FakeAutoscaling

from bot.domain.errors import GatewayError, SlackRefused
from bot.domain.fleet import EndpointSpec, parse_fleet
from workers.world import Aws

ROLE = "arn:aws:iam::210987654321:role/bot"


def account(engine: Engine, *names: str) -> Estate:
    """The account holds these endpoints and no other."""
    estate = Estate(*(standing_on(engine.clock, name, package_of("sentiment", 3)) for name in names))
    engine.lives_in(endpoints=estate)
    return estate


def handed_out(engine: Engine) -> str:
    (content,) = (content for name, content in engine.slack.contents.items() if name.endswith(".yaml"))
    return content.decode()


def test_terminal_prints_a_fleet_file_that_can_be_read():
    engine = Engine()
    account(engine, "b", "a")
    told = engine.terminal("fleet import")
    fleet = parse_fleet(told.text, "f")
    assert (told.exit_status, list(fleet.endpoints)) == (0, ["a", "b"])
    assert fleet.defaults.approval.users[0] == BEN
    assert fleet.endpoint("a").model_package_group == "sentiment"


def test_slack_gets_it_as_a_file_in_the_channel_where_it_was_asked_for():
    engine = Engine()
    account(engine, ENDPOINT, "new")
    told = engine.ask("fleet import")
    assert list(parse_fleet(handed_out(engine), "f").endpoints) == sorted([ENDPOINT, "new"])
    assert "2 endpoints as a fleet file" in told
    assert handed_out(engine).count("The fleet file that is in force declares it already.") == 1


def test_channel_without_the_bot_is_told_how_to_invite_it():
    engine = Engine()
    account(engine, "a")
    engine.slack.fail("upload", SlackRefused("files.completeUploadExternal", "not_in_channel"))
    assert "invite the bot" in engine.ask("fleet import")


def test_endpoint_that_goes_away_meanwhile_becomes_a_comment():
    engine = Engine()
    estate = account(engine, "a", "b")
    estate.models.pop("b-model")
    told = engine.terminal("fleet import").text
    assert "# b cannot be declared: its model b-model was deleted." in told
    assert list(parse_fleet(told, "f").endpoints) == ["a"]


def test_account_without_endpoints_says_so():
    engine = Engine()
    account(engine)
    told = engine.terminal("fleet import")
    assert (told.exit_status, told.text) == (1, "No endpoint was found that a fleet file could declare.")


def test_every_account_and_region_of_the_fleet_file_is_looked_at_with_its_role():
    engine = Engine(FLEET + f"  far: {{model_package_group: sentiment, role_to_assume: '{ROLE}'}}\n")
    account(engine, "here")
    abroad = Estate(standing_on(engine.clock, "there", package_of("sentiment", 3)))
    own = engine.world.aws(engine.world.fleet.endpoint(ENDPOINT))

    def aws(spec: EndpointSpec) -> Aws:
        return replace(own, endpoints=abroad) if spec.role_to_assume else own

    object.__setattr__(engine.world, "aws", aws)
    fleet = parse_fleet(engine.terminal("fleet import").text, "f")
    assert {name: spec.role_to_assume for name, spec in fleet.endpoints.items()} == {"here": None, "there": ROLE}


def in_two_regions(engine: Engine, here: Estate, there: Estate) -> None:
    """What the fleet file says is in eu-west-1 sees one estate, all else the other."""
    own = engine.world.aws(engine.world.fleet.endpoint(ENDPOINT))
    object.__setattr__(
        engine.world, "aws", lambda spec: replace(own, endpoints=there if spec.region == "eu-west-1" else here)
    )


def test_name_that_exists_in_two_regions_is_declared_from_the_place_that_the_fleet_file_in_force_says():
    engine = Engine(FLEET + "  stt: {model_package_group: sentiment, region: eu-west-1, kind: streaming}\n")
    here, there = (
        Estate(
            *(standing_on(engine.clock, name, package_of("sentiment", 3), instance_type=on) for name in ("a", "stt"))
        )
        for on in ("ml.m5.large", "ml.g5.xlarge")
    )
    in_two_regions(engine, here, there)
    told = engine.terminal("fleet import").text
    fleet = parse_fleet(told, "f")
    assert (fleet.endpoint("stt").instance_type, fleet.endpoint("stt").kind) == ("ml.g5.xlarge", "streaming")
    assert fleet.endpoint("a").instance_type == "ml.m5.large"
    why = "a fleet file has each name once, and the endpoint of this name in"
    assert f"# stt in us-east-1 cannot be declared: {why} eu-west-1 is declared.\n" in told
    assert f"# a in eu-west-1 cannot be declared: {why} us-east-1 is declared.\n" in told
    assert told.count("The fleet file that is in force declares it already.") == 1


def test_namesake_in_another_region_is_not_taken_for_what_the_fleet_file_declares():
    engine = Engine(FLEET + "  stt: {model_package_group: sentiment, region: eu-west-1, kind: streaming}\n")
    here = Estate(standing_on(engine.clock, "stt", package_of("sentiment", 3)))
    in_two_regions(engine, here, Estate())
    told = engine.terminal("fleet import").text
    assert parse_fleet(told, "f").endpoint("stt").kind == "realtime"
    assert "declares it already" not in told
    assert "# The fleet file that is in force declares another endpoint of this name, in eu-west-1." in told


def test_place_that_cannot_be_listed_is_remarked():
    engine = Engine(FLEET + f"  far: {{model_package_group: sentiment, role_to_assume: '{ROLE}'}}\n")
    account(engine, "here")
    own = engine.world.aws(engine.world.fleet.endpoint(ENDPOINT))

    def aws(spec: EndpointSpec) -> Aws:
        if spec.role_to_assume:
            raise GatewayError(user_message="Access denied.", operation="AssumeRole", code="AccessDenied")
        return own

    object.__setattr__(engine.world, "aws", aws)
    told = engine.terminal("fleet import").text
    assert f"# {ROLE}:us-east-1 could not be listed: Access denied." in told
    assert list(parse_fleet(told, "f").endpoints) == ["here"]


def test_autoscaling_that_cannot_be_read_makes_a_comment_of_the_endpoint():
    engine = Engine()
    account(engine, "a")
    scaling = FakeAutoscaling()
    scaling.fail(
        "read", GatewayError(user_message="Access denied.", operation="DescribeScalableTargets", code="AccessDenied")
    )
    engine.lives_in(autoscaling=scaling)
    told = engine.terminal("fleet import")
    assert told.exit_status == 1
