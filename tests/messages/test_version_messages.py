"""What people read about versions of the registry."""

from datetime import timedelta
from typing import Any

import pytest
from fakes.account import ARN
from fakes.clock import NOW
from fakes.reading import labels_of, words_of
from test_every_message import NoFiles

from bot.domain.announcing import Announcement, AnnouncementKind, approval_note
from bot.domain.commands import ApproveVersion, RejectVersion, Rollback, WaveStart
from bot.domain.endpoint import ApprovalStatus, ModelPackage
from bot.domain.errand import CommandValue, FormContext, ReplyTo
from bot.domain.fleet import EndpointSpec, Follows, parse_fleet
from bot.domain.track import Release
from bot.messages.blocks import Message
from bot.messages.merits import render_versions
from bot.messages.modals import render_reject_version
from bot.messages.revoked import WayOut, render_revoked, render_revoked_over
from bot.messages.versions import (
    promotion_of,
    release_line,
    render_decision,
    render_newly_approved,
    render_offered,
    render_pending,
    render_settled,
    render_unwatched,
)
from sandbox.slack.blocks.catalog import MESSAGE
from sandbox.slack.blocks.rules import problems_in

FLEET = """
version: 1
defaults: {approval: {users: [U0BEN]}, owner: U0ANNA}
endpoints:
  sentiment-prod: {model_package_group: sentiment, policy: auto}
  sentiment-eu: {model_package_group: sentiment, policy: ask}
  sentiment-lab: {model_package_group: sentiment, policy: manual}
"""
SPECS = parse_fleet(FLEET, "fleet.yaml").endpoints
PENDING = Announcement(
    kind=AnnouncementKind.PENDING,
    package_arn=f"{ARN}:model-package/sentiment/5",
    label="sentiment version 5",
    lane="own:own sentiment",
    channel_id="C1",
    message_ts="1.1",
    at=NOW,
)
REVOKED = PENDING.model_copy(update={"kind": AnnouncementKind.REVOKED, "endpoints": ("sentiment-prod",)})


def version_5(**said: Any) -> ModelPackage:
    package = ModelPackage(
        arn=f"{ARN}:model-package/sentiment/5",
        name="sentiment",
        group="sentiment",
        version=5,
        status="Completed",
        approval=ApprovalStatus.PENDING,
        created_at=NOW - timedelta(hours=2),
    )
    return package.model_copy(update=said)


def approved(reason: str | None = None) -> ModelPackage:
    note = approval_note(ApprovalStatus.APPROVED, "U0BEN", "ben", reason)
    return version_5(approval=ApprovalStatus.APPROVED, approval_note=note, modified_at=NOW)


def announced(*specs: EndpointSpec, package: ModelPackage | None = None, also: tuple[str, ...] = ()) -> Message:
    return render_pending(package or version_5(), "sentiment", specs or tuple(SPECS.values()), "<@U0BEN>", also)


def typed_by(message: Message) -> dict[str, Any]:
    """The command of each button, by its label."""
    rows = [block["elements"] for block in message.blocks if block["type"] == "actions"]
    return {e["text"]["text"]: CommandValue.model_validate_json(e["value"]).command for row in rows for e in row}


ALL = {
    "pending": announced(),
    "settled": render_settled(PENDING, approved()),
    "deleted": render_settled(PENDING, None),
    "unwatched": render_unwatched(PENDING),
    "decision": render_decision(approved("recall is better")),
    "revoked": render_revoked(version_5(), [WayOut(SPECS["sentiment-prod"], version_5(version=4))], "sentiment"),
    "revoked, not yet approved": render_revoked(
        version_5(approval=ApprovalStatus.PENDING), [WayOut(SPECS["sentiment-prod"], None)], "sentiment"
    ),
    "revoked, nothing else": render_revoked(version_5(), [WayOut(SPECS["sentiment-prod"], None)], "sentiment"),
    "revoked, over": render_revoked_over(REVOKED, is_approved=True),
    "approved": render_newly_approved(approved(), [SPECS["sentiment-lab"]]),
    "offered": render_offered(
        Release(version="3.0", title="Acme <b>", notes="x" * 5000), [SPECS["sentiment-lab"]], "acme-stt-en-v2"
    ),
    "revoked, of nobody": render_revoked(
        version_5(), [WayOut(SPECS["sentiment-prod"].model_copy(update={"owner": None}), None)], "sentiment"
    ),
    "offered without a word": render_offered(Release(version="3.0"), list(SPECS.values()), "acme-stt-en-v2"),
    "many": announced(*[SPECS["sentiment-lab"].model_copy(update={"name": f"e{i}" + "x" * 55}) for i in range(200)]),
}


@pytest.mark.parametrize("name", ALL)
def test_slack_takes_it(name: str):
    message = ALL[name]
    assert problems_in(list(message.blocks), MESSAGE, NoFiles()) == []
    assert message.text


def test_an_announcement_says_what_it_is_and_where_it_would_go():
    package = version_5(
        description="Trained on <!channel> data",
        properties={"metric.f1": "0.915", "metric.accuracy": "0.924", "mlflow.run_id": "0a"},
    )
    words = words_of(announced(package=package, also=("sentiment version 6",)))
    assert "sentiment version 5 waits for approval." in words
    assert "accuracy 0.924, f1 0.915" in words
    assert "&lt;!channel&gt;" in str(announced(package=package).blocks)
    assert "sentiment-prod: by itself\n" in words.replace("*", "")
    assert "sentiment-eu: after somebody approved its plan" in words.replace("*", "")
    assert "sentiment-lab: only when somebody promotes it" in words.replace("*", "")
    assert "approve-version sentiment 5" in words
    assert "sentiment version 6 waits too." in words
    assert "0a" not in words


def test_an_announcement_speaks_of_change_windows_where_there_are_some():
    windows = FLEET.replace("policy: auto", "policy: auto, windows: [Mon-Fri 09:00-17:00 Europe/Berlin]")
    first = parse_fleet(windows, "fleet.yaml").endpoints["sentiment-prod"]
    second = first.model_copy(update={"name": "sentiment-us"})
    assert "sentiment-prod: by itself, in its change windows" in words_of(announced(first)).replace("*", "")
    both = announced(first, second)
    assert "and sentiment-us: by themselves, in their change windows" in words_of(both).replace("*", "")
    assert "2 endpoints get it without a further question, as soon as the change windows allow." in str(both.blocks)
    assert "sentiment-prod gets it without a further question, at once." in str(announced().blocks)


def test_an_announcement_says_as_which_wave_a_version_comes():
    auto, ask, manual = SPECS.values()
    other = auto.model_copy(update={"name": "sentiment-us"})
    waves = {spec.name: "sentiment" for spec in (auto, other, ask, manual)}

    def told(*specs: EndpointSpec) -> str:
        message = render_pending(version_5(), "sentiment", specs, "<@U0BEN>", (), waves)
        return words_of(message).replace("*", "")

    assert "sentiment-prod and sentiment-us: by themselves, as wave sentiment" in told(auto, other)
    assert "sentiment-lab: only when somebody promotes it" in told(auto, manual)
    asked = render_pending(version_5(), "sentiment", [auto, ask], "<@U0BEN>", (), waves)
    assert "sentiment-prod and sentiment-eu: as wave sentiment, after somebody approved that" in told(auto, ask)
    assert "without a further question" not in str(asked.blocks)


def test_an_announcement_says_which_endpoint_a_version_has_to_prove_itself_on_first():
    ahead, ask, _ = SPECS.values()
    behind = {"follows": Follows(endpoint=ahead.name, soak=timedelta(hours=24))}
    auto = ahead.model_copy(update={"name": "sentiment-us", **behind})
    message = announced(ahead, auto, ask.model_copy(update=behind))
    told = words_of(message).replace("*", "")
    assert "sentiment-prod: by itself" in told
    assert "sentiment-us: by itself, after it has soaked on sentiment-prod for 1 day" in told
    assert "sentiment-eu: after it has soaked on sentiment-prod for 1 day and somebody approved its plan" in told
    assert (
        "sentiment-prod gets it without a further question, at once. sentiment-us gets it without a further question, after it has "
        "soaked on sentiment-prod for 1 day."
    ) in str(message.blocks)
    two = announced(auto, auto.model_copy(update={"name": "sentiment-ap"}))
    assert (
        "2 endpoints get it without a further question, after it has soaked on the endpoints that they follow."
    ) in str(two.blocks)


def test_between_the_stages_of_a_wave_nothing_is_said_of_following():
    ahead = SPECS["sentiment-prod"]
    behind = ahead.model_copy(update={"name": "sentiment-us", "follows": Follows(endpoint=ahead.name)})
    waves = {"sentiment-prod": "sentiment", "sentiment-us": "sentiment"}
    told = words_of(render_pending(version_5(), "sentiment", (ahead, behind), "<@U0BEN>", (), waves)).replace("*", "")
    assert "sentiment-prod and sentiment-us: by themselves, as wave sentiment" in told
    assert "soaked" not in told


def test_its_buttons_decide_only_while_nobody_has():
    assert typed_by(announced()) == {
        "Approve version": ApproveVersion(group="sentiment", version=5, if_pending=True),
        "Reject version…": RejectVersion(group="sentiment", version=5, if_pending=True),
    }


def test_an_approval_that_changes_an_endpoint_by_itself_asks_before():
    def confirms(message: Message) -> bool:
        (row,) = [block for block in message.blocks if block["type"] == "actions"]
        return "confirm" in row["elements"][0]

    assert confirms(announced(SPECS["sentiment-prod"]))
    assert not confirms(announced(SPECS["sentiment-eu"], SPECS["sentiment-lab"]))


def test_what_was_decided_says_by_whom_and_why_and_has_no_buttons():
    settled = render_settled(PENDING, approved("recall is better"))
    assert "Approved by @U0BEN (" in words_of(settled)
    assert "recall is better" in words_of(settled)
    assert labels_of(settled) == []
    assert "was deleted from the registry" in words_of(render_settled(PENDING, None))


def test_words_from_the_console_cannot_ping_anybody():
    by_hand = version_5(approval=ApprovalStatus.REJECTED, approval_note="<!here> no", modified_by="arn:x/<!here>")
    assert "<!here>" not in str(render_settled(PENDING, by_hand).blocks)


def test_a_revoked_version_comes_with_the_way_out():
    spec = SPECS["sentiment-prod"]
    rejected = version_5(approval=ApprovalStatus.REJECTED, modified_by="arn:aws:iam::1:user/carla", modified_at=NOW)
    alert = render_revoked(rejected, [WayOut(spec, version_5(version=4))], "sentiment")
    assert "which is no longer approved" in words_of(alert)
    assert "Rejected by carla (" in words_of(alert)
    assert "@U0ANNA answers for it." in words_of(alert)
    assert typed_by(alert) == {"Promote to version 4": promotion_of(spec, version_5(version=4))}
    assert typed_by(render_revoked(rejected, [WayOut(spec, None)], "sentiment")) == {
        "Roll back": Rollback(endpoint="sentiment-prod")
    }


def test_a_version_that_runs_before_anybody_decided_on_it_can_be_approved_in_the_alarm():
    spec = SPECS["sentiment-prod"]
    alert = render_revoked(version_5(approval=ApprovalStatus.PENDING), [WayOut(spec, None)], "sentiment")
    assert "which nobody has approved: it waits for that" in words_of(alert)
    assert "what is left is to approve it or roll back" in words_of(alert)
    assert typed_by(alert) == {
        "Approve version": ApproveVersion(group="sentiment", version=5, if_pending=True),
        "Roll back": Rollback(endpoint="sentiment-prod"),
    }


@pytest.mark.parametrize(("is_approved", "how"), [(True, "is approved now"), (False, "does not run there any more")])
def test_an_alert_that_is_over_says_how(is_approved: bool, how: str):
    over = render_revoked_over(REVOKED, is_approved=is_approved)
    assert how in words_of(over)
    assert labels_of(over) == []


def test_an_approved_version_is_offered_to_endpoints_that_take_it_by_hand():
    message = render_newly_approved(approved(), [SPECS["sentiment-lab"]])
    assert list(typed_by(message)) == ["Promote sentiment-lab"]


def test_the_form_says_when_it_takes_effect_and_carries_what_it_completes():
    command = RejectVersion(group="sentiment", version=5, if_pending=True)
    view = render_reject_version("sentiment version 5", command, ReplyTo(user_id="U0BEN", channel_id="C1"))
    context = FormContext.model_validate_json(view["private_metadata"])
    assert (context.command, context.channel_id) == (command, "C1")
    assert "Until then nothing changes" in view["blocks"][0]["text"]["text"]
    assert view["blocks"][1]["optional"] is False


def test_several_endpoints_on_a_revoked_version_share_an_alarm():
    names = [f"e{i}-{'x' * 58}" for i in range(7)]
    specs = [
        SPECS["sentiment-lab"].model_copy(update={"name": name, "owner": f"U0{i}"}) for i, name in enumerate(names)
    ]
    ways = [WayOut(spec, version_5(version=4) if i else None) for i, spec in enumerate(specs)]
    alert = render_revoked(version_5(approval=ApprovalStatus.REJECTED), ways, "sentiment")
    assert problems_in(list(alert.blocks), MESSAGE, NoFiles()) == []
    assert "run sentiment version 5" in words_of(alert)
    assert "Where nothing else may run, what is left is to roll back." in words_of(alert)
    assert [label.rpartition(": ")[2] for label in labels_of(alert)] == [
        "roll back",
        *["promote to version 4"] * 4,
    ]
    assert f"There is no room for buttons for {names[5]}, {names[6]}: type promote ENDPOINT --version N" in words_of(
        alert
    )
    over = render_revoked_over(REVOKED.model_copy(update={"endpoints": tuple(names)}), is_approved=True)
    assert "7 endpoints ran sentiment version 5" in words_of(over)


def test_endpoints_of_a_wave_leave_a_revoked_version_together():
    names = ("intent-us", "intent-eu", "intent-ap", "alone")
    specs = [SPECS["sentiment-prod"].model_copy(update={"name": name}) for name in names]
    ways = [WayOut(spec, version_5(version=4), "intent" if spec.name != "alone" else None) for spec in specs]
    assert typed_by(render_revoked(version_5(approval=ApprovalStatus.REJECTED), ways, "sentiment")) == {
        "Wave intent to version 4": WaveStart(wave="intent", version=4),
        "alone: promote to version 4": promotion_of(specs[3], version_5(version=4)),
    }
    assert list(typed_by(render_revoked(version_5(approval=ApprovalStatus.REJECTED), ways[:1], "sentiment"))) == [
        "Promote to version 4"
    ]


def test_release_notes_fit_a_row():
    line = release_line(Release(version="2.0", notes="Numbers are\nwritten <here>. " + "x" * 500))
    assert line.startswith("release notes: Numbers are written &lt;here&gt;.")
    assert len(line) < 300


def many_versions(number: int) -> list[ModelPackage]:
    """The newest first, each with a description as long as the registry takes, as Marketplace packages have."""
    described = "Fast & small.\n" * 73
    return [
        version_5(arn=f"{ARN}:model-package/sentiment/{v}", version=v, description=described)
        for v in range(number, 0, -1)
    ]


def test_long_descriptions_push_no_version_out_of_the_list():
    versions = many_versions(25)
    notes = {package.arn: f"held since yesterday ({'p99 rose ' * 40})" for package in versions}
    message = render_versions("sentiment-prod", versions, versions[-1].arn, notes)
    assert problems_in([*message.blocks], MESSAGE, NoFiles()) == []
    said = words_of(message)
    assert all(f"• sentiment version {v} ·" in said for v in range(1, 26))
    assert said.count("held since") == 25
    assert "• sentiment version 1 · runs now" in said
    assert "Fast & small. Fast & small." in said
    assert "(shortened)" not in said


def test_what_runs_is_listed_though_there_are_many_newer_ones():
    versions = many_versions(40)
    message = render_versions("sentiment-prod", versions, versions[-1].arn, {})
    assert "• sentiment version 1 · runs now" in words_of(message)
    assert "14 older versions left out." in words_of(message)
