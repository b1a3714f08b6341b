"""The Slack gateway over real HTTP, against the Slack stand-in."""

from datetime import UTC, datetime, timedelta
from io import BytesIO

import pytest
from PIL import Image

from bot.domain.errors import SlackRefused, TransientError
from sandbox.slack.driver import SlackDriver
from workers.gateways.slack import SlackMessenger

pytestmark = pytest.mark.flow

CHANNEL = "C0MLDEPLOYS"
BLOCKS = [{"type": "section", "text": {"type": "mrkdwn", "text": "Promote *stt-prod*"}}]
METADATA = {"event_type": "rollout", "event_payload": {"rollout": "r1", "slot": "card"}}


def find(messenger: SlackMessenger, thread_ts: str | None = None, slot: str = "card") -> str | None:
    payload = {"rollout": "r1", "slot": slot}
    since = datetime.now(UTC) - timedelta(minutes=1)
    return messenger.find_own(CHANNEL, event_type="rollout", payload=payload, since=since, thread_ts=thread_ts)


def test_message_is_posted_edited_and_linked(messenger: SlackMessenger, workspace: SlackDriver) -> None:
    ts = messenger.post(CHANNEL, text="Promote stt-prod", blocks=BLOCKS, metadata=METADATA)
    messenger.edit(CHANNEL, ts, text="Done", blocks=[])
    (card,) = [m for m in workspace.root_messages() if m.ts == ts]
    assert card.text == "Done"
    assert messenger.permalink(CHANNEL, ts).startswith("http")


@pytest.mark.parametrize("kind", ["timeout", "lost"])
def test_message_whose_answer_was_lost_is_found_and_was_posted_once(
    messenger: SlackMessenger, workspace: SlackDriver, kind: str
) -> None:
    messenger._client.timeout = 1
    workspace.fault("chat.postMessage", kind)
    with pytest.raises(TransientError) as caught:
        messenger.post(CHANNEL, text="Promote stt-prod", blocks=BLOCKS, metadata=METADATA)
    assert caught.value.outcome_unknown
    assert len(workspace.calls("chat.postMessage")) == 1
    posted = [m.ts for m in workspace.root_messages() if m.text == "Promote stt-prod"]
    assert find(messenger) == (posted[0] if posted else None)


def test_reply_is_found_in_its_thread_and_not_for_another_slot(messenger: SlackMessenger) -> None:
    root = messenger.post(CHANNEL, text="root", blocks=BLOCKS)
    reply = messenger.post(CHANNEL, text="reply", blocks=BLOCKS, thread_ts=root, metadata=METADATA)
    assert find(messenger, root) == reply
    assert find(messenger, root, slot="plan") is None


def test_rate_limit_is_told_and_not_waited_for(messenger: SlackMessenger, workspace: SlackDriver) -> None:
    workspace.fault("chat.postMessage", "429", retry_after=9)
    with pytest.raises(TransientError) as caught:
        messenger.post(CHANNEL, text="x", blocks=BLOCKS)
    assert caught.value.retry_after == timedelta(seconds=9)


@pytest.mark.parametrize(
    ("channel", "blocks", "error"),
    [
        ("C0RANDOM", BLOCKS, "not_in_channel"),
        ("C0NOWHERE", BLOCKS, "channel_not_found"),
        (CHANNEL, [{"type": "nonsense"}], "invalid_blocks"),
    ],
)
def test_refusals_carry_slacks_code(
    messenger: SlackMessenger, channel: str, blocks: list[dict[str, object]], error: str
) -> None:
    with pytest.raises(SlackRefused) as caught:
        messenger.post(channel, text="x", blocks=blocks)
    assert caught.value.error == error


def test_picture_is_shared_in_the_thread_and_known_afterwards(
    messenger: SlackMessenger, workspace: SlackDriver
) -> None:
    picture = BytesIO()
    Image.new("RGB", (4, 4)).save(picture, "PNG")
    root = messenger.post(CHANNEL, text="root", blocks=BLOCKS)
    assert not messenger.has_own_file(CHANNEL, root, "chart-r1.png")
    messenger.upload(
        CHANNEL,
        root,
        filename="chart-r1.png",
        content=picture.getvalue(),
        title="Before and after",
        alt_text="p50 fell",
    )
    workspace.wait_for(lambda: messenger.has_own_file(CHANNEL, root, "chart-r1.png"), timeout=5, what="the picture")
    shared = [file for message in workspace.thread(CHANNEL, root) for file in message.raw["files"]]
    assert [file["alt_text"] for file in shared] == ["p50 fell"]
    assert workspace.download(shared[0]) == picture.getvalue()


def test_whisper_is_seen_by_one_person(messenger: SlackMessenger, workspace: SlackDriver) -> None:
    messenger.whisper(CHANNEL, "U0BEN", text="only you")
    (whispered,) = [m for m in workspace.messages() if m.text == "only you"]
    assert whispered.raw["visible_to"] == "U0BEN"


@pytest.mark.parametrize("group", ["S0MLOPS", "@ml-ops"])
def test_group_is_read_by_id_and_by_handle(messenger: SlackMessenger, group: str) -> None:
    assert messenger.group_members(group) == {"U0CARLA"}


@pytest.mark.parametrize("group", ["S0NOBODY", "@nobody"])
def test_unknown_group_is_an_error(messenger: SlackMessenger, group: str) -> None:
    with pytest.raises(SlackRefused):
        messenger.group_members(group)


@pytest.mark.parametrize("group", ["S0RELEASE", "@release-crew"])
def test_nobody_is_an_approver_through_a_group_that_was_disabled(messenger: SlackMessenger, group: str) -> None:
    with pytest.raises(SlackRefused) as caught:
        messenger.group_members(group)
    assert caught.value.error == "no_such_subteam"


def test_time_zone_is_the_persons_own(messenger: SlackMessenger) -> None:
    assert messenger.timezone_of("U0BEN") == "America/New_York"
    assert messenger.timezone_of("U0DAVE") == "Asia/Kolkata"


def test_a_view_is_opened_once_for_one_click(messenger: SlackMessenger, workspace: SlackDriver) -> None:
    button = {"type": "button", "action_id": "why", "text": {"type": "plain_text", "text": "Why?"}}
    messenger.post(CHANNEL, text="x", blocks=[{"type": "actions", "elements": [button]}])
    ben = workspace.person("ben")
    ben.click("Why?")  # no app is connected; the trigger holds all the same
    trigger_id = workspace.deliveries()[-1]["payload"]["trigger_id"]
    view = {"type": "modal", "title": {"type": "plain_text", "text": "Why?"}, "blocks": BLOCKS}
    messenger.open_view(trigger_id, view)
    shown = ben.modal()
    assert shown is not None
    assert shown["title"]["text"] == "Why?"
    for trigger, error in ((trigger_id, "exchanged_trigger_id"), ("1.2.3", "invalid_trigger_id")):
        with pytest.raises(SlackRefused) as caught:
            messenger.open_view(trigger, view)
        assert caught.value.error == error


def test_own_name_is_the_bot_users(messenger: SlackMessenger) -> None:
    assert messenger.own_name() == "endpoint-bot"


def test_nothing_that_the_gateway_sends_is_frowned_upon(messenger: SlackMessenger, workspace: SlackDriver) -> None:
    messenger.post(CHANNEL, text="Promote stt-prod", blocks=BLOCKS, metadata=METADATA)
    assert workspace.warnings() == []
