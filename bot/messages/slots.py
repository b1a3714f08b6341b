"""The slots of a rollout's thread: each is one message at most, whose wanted content follows from the record alone."""

from dataclasses import dataclass
from enum import StrEnum

from bot.messages.blocks import Message


class SlotName(StrEnum):
    """One message of the story each, in the order in which they may first appear."""

    CARD = "card"  # the root message in the channel; edited in place, always true
    POINTER = "pointer"  # a line in the endpoint's own channel, when the story is told in another one
    PLAN = "plan"  # what would change, with Approve and Reject
    REVIVED = "revived"  # that the store was emptied, and that it goes on
    PROGRESS = "progress"  # from the first created resource to InService
    WATCH = "watch"  # the window after the cutover
    TRIAL = "trial"  # both versions of a trial, compared for as long as it runs
    ALERT = "alert"  # REGRESSED, and nothing happens by itself: a reply, because an edit rings no phone
    SUMMARY = "summary"  # before and after, verdict, Roll back
    CHART = "chart"  # the same as a picture
    ENDING = "ending"  # every end but a good one, as a reply, so that nobody misses it


@dataclass(frozen=True)
class Slot:
    """A message that shall be there. The chart's content is drawn by the notifier; its message is only the caption."""

    name: str
    """A SlotName; of a wave, also a SlotName and a number."""
    message: Message
    in_thread: bool = True
