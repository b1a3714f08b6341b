"""Which versions are announced, to whom, and what the registry keeps of a decision."""

from datetime import timedelta

import pytest
from fakes.account import ARN
from fakes.clock import NOW

from bot.domain.announcing import (
    Announcement,
    AnnouncementKind,
    approval_note,
    awaiting,
    decided_by,
    decided_why,
    group_arn,
    newest_allowed,
    revoked,
    version_of,
    watched_groups,
    would_get,
)
from bot.domain.endpoint import ApprovalStatus, ModelPackage
from bot.domain.fleet import parse_fleet

PENDING, APPROVED, REJECTED = ApprovalStatus.PENDING, ApprovalStatus.APPROVED, ApprovalStatus.REJECTED

ROLE = "arn:aws:iam::210987654321:role/endpoint-bot"

FLEET = """
version: 1
defaults:
  approval: {users: [U0BEN]}
  channel: C0ML
endpoints:
  here: {model_package_group: sentiment}
  here-too: {model_package_group: sentiment, channel: C0OTHER}
  abroad: {model_package_group: sentiment, region: eu-west-1}
  alone: {model_package_group: credibility}
  shopped: {track: ["arn:aws:sagemaker:us-east-1:865070037744:model-package/acme-v1-0123456789abcdef0123456789abcdef"]}
"""


def a_version(
    number: int, approval: ApprovalStatus = APPROVED, *, status: str = "Completed", **said: object
) -> ModelPackage:
    return ModelPackage.model_validate(
        {
            "arn": f"{ARN}:model-package/sentiment/{number}",
            "name": "sentiment",
            "group": "sentiment",
            "version": number,
            "status": status,
            "approval": approval,
            "created_at": NOW - timedelta(days=10 - number),
            **said,
        }
    )


VERSIONS = [
    a_version(7, PENDING, status="InProgress"),
    a_version(6, PENDING),
    a_version(5, REJECTED),
    a_version(4),
    a_version(3),
]
GROUPS = {(g.short_name, g.specs[0].region): g for g in watched_groups(parse_fleet(FLEET, "fleet.yaml"))}
HERE = GROUPS["sentiment", None]


def runs(number: int | None) -> str | None:
    return None if number is None else a_version(number).arn


def test_a_group_is_watched_once_for_each_account_and_region():
    assert {key: [s.name for s in g.specs] for key, g in GROUPS.items()} == {
        ("sentiment", None): ["here", "here-too"],
        ("sentiment", "eu-west-1"): ["abroad"],
        ("credibility", None): ["alone"],
    }


def test_a_group_is_named_by_its_arn_only_where_its_name_is_not_enough():
    assert HERE.address(runs(6)) == f"{ARN}:model-package-group/sentiment"
    assert GROUPS["credibility", None].address(f"{ARN}:model-package/credibility/2") == "credibility"


def test_a_group_that_several_accounts_share_by_its_arn_is_one_group_that_is_called_by_its_name():
    arn = f"{ARN}:model-package-group/sentiment"
    shared = FLEET.replace("sentiment", arn).replace("region: eu-west-1", f"role_to_assume: '{ROLE}'")
    groups = watched_groups(parse_fleet(shared, "fleet.yaml"))
    assert {g.name: [s.name for s in g.specs] for g in groups} == {
        arn: ["here", "here-too", "abroad"],
        "credibility": ["alone"],
    }
    assert groups[0].address(runs(6)) == "sentiment"


def test_endpoints_are_told_in_their_own_channels():
    assert {channel: [s.name for s in specs] for channel, specs in HERE.by_channel().items()} == {
        "C0ML": ["here"],
        "C0OTHER": ["here-too"],
    }
    unheard = parse_fleet(FLEET.replace("  channel: C0ML\n", ""), "fleet.yaml")
    (sentiment,) = [g for g in watched_groups(unheard) if len(g.specs) == 2]
    assert list(sentiment.by_channel()) == ["C0OTHER"]


@pytest.mark.parametrize(
    ("running", "announced"),
    [
        ({"here": runs(4), "here-too": runs(4)}, [6]),
        ({"here": runs(6), "here-too": runs(4)}, [6]),
        ({"here": runs(6), "here-too": runs(7)}, []),
        ({"here": None}, [6]),
        ({"here": "arn:of/another/package"}, [6]),
        ({}, []),
    ],
    ids=["both older", "one older", "none older", "nothing runs", "something else runs", "not known"],
)
def test_a_version_is_news_where_something_older_runs(running: dict[str, str | None], announced: list[int]):
    assert [p.version for p in awaiting(HERE, VERSIONS, running)] == announced


def test_only_endpoints_that_run_something_older_would_get_it():
    found = would_get(a_version(6), HERE.specs, VERSIONS, {"here": runs(6).upper(), "here-too": runs(3)})
    assert [spec.name for spec in found] == ["here-too"]


def test_a_version_is_known_by_its_arn_whatever_its_case():
    assert version_of(f"{ARN}:model-package/Sentiment/4", VERSIONS) == a_version(4)
    assert version_of(None, VERSIONS) is None


def test_the_newest_allowed_version_is_approved_and_not_held():
    assert newest_allowed(VERSIONS, ()) == a_version(4)
    assert newest_allowed(VERSIONS, [runs(4).upper()]) == a_version(3)
    assert newest_allowed(VERSIONS, [runs(4), runs(3)]) is None


def test_the_group_of_a_version_has_an_arn():
    assert group_arn(f"{ARN}:model-package/sentiment/4") == f"{ARN}:model-package-group/sentiment"


@pytest.mark.parametrize(
    ("actor", "handle", "reason", "note", "who"),
    [
        ("U0BEN", "ben", "better recall: 0.93", "approved from Slack by ben (U0BEN): better recall: 0.93", "<@U0BEN>"),
        ("U0BEN", "", None, "approved from Slack by a person (U0BEN)", "<@U0BEN>"),
        ("terminal:ops", "", "two\nlines", "approved from a terminal by ops: two\nlines", "ops (terminal)"),
    ],
)
def test_a_decision_from_here_can_be_told_from_its_note(
    actor: str, handle: str, reason: str | None, note: str, who: str
):
    assert approval_note(APPROVED, actor, handle, reason) == note
    package = a_version(5, APPROVED, approval_note=note, modified_by="arn:aws:sts::1:assumed-role/endpoint-bot/x")
    assert (decided_by(package), decided_why(package)) == (who, reason or "")


def test_a_decision_in_the_console_is_told_as_aws_names_it():
    package = a_version(
        5, REJECTED, approval_note="bad recall", modified_by="arn:aws:sts::1:assumed-role/reviewers/anna"
    )
    assert (decided_by(package), decided_why(package)) == ("anna", "bad recall")
    assert (decided_by(a_version(5)), decided_why(a_version(5))) == ("", "")


def test_a_note_of_ours_that_somebody_left_standing_does_not_speak_for_their_decision():
    note = approval_note(APPROVED, "U0BEN", "ben", "good")
    package = a_version(5, REJECTED, approval_note=note, modified_by="arn:aws:iam::1:user/carla")
    assert (decided_by(package), decided_why(package)) == ("carla", "")


def test_versions_that_run_and_are_not_approved_are_told_with_their_endpoints():
    running = {"here": runs(5), "here-too": runs(5).upper(), "else": runs(4)}
    ((package, specs),) = revoked(HERE.specs, VERSIONS, running)
    assert (package.version, [spec.name for spec in specs]) == (5, ["here", "here-too"])
    assert revoked(HERE.specs, VERSIONS, {"here": runs(4), "here-too": None}) == ()


def test_an_announcement_is_known_by_what_it_says_and_where():
    said = Announcement(
        kind=AnnouncementKind.PENDING, package_arn="arn:v6", label="v6", lane="x", channel_id="C1", at=NOW
    )
    others = [
        said.model_copy(update=other)
        for other in ({"kind": AnnouncementKind.REVOKED}, {"package_arn": "arn:v7"}, {"channel_id": "C2"})
    ]
    assert len({announcement.key for announcement in (said, *others)}) == 4
    assert said.model_copy(update={"message_ts": "1.1"}).key == said.key
