"""Each kind of message as Slack gets it, one file each, to be looked at. UPDATE_GOLDEN=1 writes them anew."""

import json
import os
from pathlib import Path

import pytest
from fakes.stories import STORIES

from bot.messages.slots import SlotName
from bot.messages.thread import wanted_slots

GOLDEN = Path(__file__).parent / "golden"
SHOWN = {
    "card": ("updating", SlotName.CARD),
    "plan_waiting": ("one of two approvals", SlotName.PLAN),
    "plan_approved": ("preparing", SlotName.PLAN),
    "plan_full": ("full plan", SlotName.PLAN),
    "plan_no_way_back": ("no way back", SlotName.PLAN),
    "plan_drawn_up_again": ("drawn up again", SlotName.PLAN),
    "plan_scheduled": ("scheduled", SlotName.PLAN),
    "plan_blocked": ("blocked", SlotName.PLAN),
    "progress": ("in SageMaker's words", SlotName.PROGRESS),
    "progress_cancel_queued": ("cancel queued", SlotName.PROGRESS),
    "progress_two_variant": ("variants compared", SlotName.PROGRESS),
    "progress_turned_back": ("turned back by itself", SlotName.PROGRESS),
    "revived": ("revived in its watch", SlotName.REVIVED),
    "watch": ("watch as good so far", SlotName.WATCH),
    "watch_waiting": ("watching", SlotName.WATCH),
    "watch_looks_worse": ("watch looks worse", SlotName.WATCH),
    "watch_accepted": ("regression accepted", SlotName.WATCH),
    "alert": ("regression told", SlotName.ALERT),
    "alert_accepted": ("regression accepted without a word", SlotName.ALERT),
    "summary": ("succeeded", SlotName.SUMMARY),
    "summary_regressed": ("regressed at another hour", SlotName.SUMMARY),
    "summary_accepted": ("regressed and accepted", SlotName.SUMMARY),
    "summary_inconclusive": ("inconclusive", SlotName.SUMMARY),
    "summary_no_callers": ("nobody called", SlotName.SUMMARY),
    "summary_check_failed": ("check failed", SlotName.SUMMARY),
    "summary_bot_rolled_back": ("bot rolled back", SlotName.SUMMARY),
    "summary_rolled_back": ("rolled_back", SlotName.SUMMARY),
    "ending_rolled_back_by_aws": ("rolled_back_by_aws", SlotName.ENDING),
    "ending_needs_human": ("needs_human", SlotName.ENDING),
    "ending_quarantined": ("refused by AWS", SlotName.ENDING),
    "ending_bot_rolled_back": ("bot's rollback is done", SlotName.ENDING),
    "ending_drifted": ("drifted", SlotName.ENDING),
    "trial_plan": ("trial planned", SlotName.PLAN),
    "trial": ("trial faster", SlotName.TRIAL),
    "trial_open": ("trial open", SlotName.TRIAL),
    "trial_stopped": ("trial stopped", SlotName.TRIAL),
    "trial_over": ("trial over", SlotName.TRIAL),
    "trial_alert": ("trial stopped", SlotName.ALERT),
    "trial_alert_again": ("trial worse again", f"{SlotName.ALERT} 2"),
    "trial_alert_shadow": ("shadow worse", SlotName.ALERT),
    "trial_weights_plan": ("weights planned", SlotName.PLAN),
    "trial_weights_moved": ("weights moved", SlotName.ENDING),
    "plan_autoscaling": ("autoscaling waiting", SlotName.PLAN),
    "ending_autoscaling": ("autoscaling set", SlotName.ENDING),
    "ending_autoscaling_put_back": ("autoscaling put back", SlotName.ENDING),
    "plan_creation": ("creation waiting", SlotName.PLAN),
    "plan_restore": ("restore waiting", SlotName.PLAN),
    "plan_teardown": ("teardown waiting", SlotName.PLAN),
    "progress_creation": ("creation under way", SlotName.PROGRESS),
    "progress_teardown": ("teardown under way", SlotName.PROGRESS),
    "ending_created": ("created", SlotName.ENDING),
    "ending_creation_failed": ("creation failed", SlotName.ENDING),
    "ending_torn_down": ("torn down", SlotName.ENDING),
    "ending_rejected_with_words": ("rejected with words", SlotName.ENDING),
}


def as_slack_gets_it(story: str, name: str) -> str:
    message = next(slot.message for slot in wanted_slots(STORIES[story]) if slot.name == name)
    return json.dumps({"text": message.text, "blocks": message.blocks}, indent=1, ensure_ascii=False) + "\n"


@pytest.mark.parametrize("file", SHOWN)
def test_a_message_reads_as_it_was_agreed(file: str) -> None:
    path = GOLDEN / f"{file}.json"
    if os.environ.get("UPDATE_GOLDEN"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(as_slack_gets_it(*SHOWN[file]))
    assert as_slack_gets_it(*SHOWN[file]) == path.read_text()


def test_every_kind_of_message_is_among_them() -> None:
    assert {path.stem for path in GOLDEN.iterdir()} == set(SHOWN)
    shown = {name for _, name in SHOWN.values()}
    assert set(SlotName) - shown == {SlotName.POINTER, SlotName.CHART}  # a link and a caption, tested by their words
