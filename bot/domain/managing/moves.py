"""What the manager can do about an endpoint: nothing, and why; open a rollout; leave it to a wave; take back a plan of its own."""

from dataclasses import dataclass
from enum import StrEnum

from bot.domain.autoscale import AutoscaleAsk
from bot.domain.commands import Change
from bot.domain.phases import Kind


class Why(StrEnum):
    """Why nothing is done. A closed list: the log names one, and `sync` answers by it."""

    AS_DECLARED = "as_declared"
    ALARMS_SET = "alarms_set"  # nothing but alarms beside it differed, and those were set without a rollout
    BEYOND_UPDATES = "beyond_updates"  # what differs is changed by no rollout, such as the variant or its weights
    BY_POLICY = "by_policy"  # policy manual
    HELD = "held"  # somebody holds the endpoint
    VERSION_HELD = "version_held"  # the version was rolled back, or SageMaker refused it
    NO_VERSION = "no_version"  # none is approved, or it is not known which
    NOT_NEWER = "not_newer"
    REVOKED = "revoked"  # what runs is not approved, and nothing newer may follow
    UPSTREAM = "upstream"  # the endpoint that it follows does not run the version, or did not do well with it
    SOAKING = "soaking"  # the version has not run there for long enough
    TORN_DOWN = "torn_down"  # somebody had it deleted
    NEEDS_PERSON = "needs_person"  # a mix of configs, a config that was deleted
    UNREAD = "unread"  # its tags may tell of holds, and were not read since the store was emptied
    UNKNOWN = "unknown"  # AWS did not answer
    UPDATING = "updating"
    TESTING = "testing"
    LOCKED = "locked"
    BUSY = "busy"  # a rollout is at work on it, or somebody's plan waits
    PROPOSED = "proposed"  # the bot's own plan waits for a decision, or for its time
    IN_WAVE = "in_wave"
    WAVE_ORDER = "wave_order"  # an endpoint of an earlier stage of its wave comes first
    REFUSED = "refused"  # a person said no to this very change
    LATER = "later"  # it lapsed, was blocked or failed: again after a while
    NO_EFFECT = "no_effect"  # the same change succeeded, and the endpoint differs as before
    FULL = "full"  # enough others are under way
    NO_CHANNEL = "no_channel"  # the fleet file names no channel in which it could be told


SETTLED = frozenset(
    {
        Why.AS_DECLARED,
        Why.BEYOND_UPDATES,
        Why.BY_POLICY,
        Why.HELD,
        Why.VERSION_HELD,
        Why.NO_VERSION,
        Why.NOT_NEWER,
        Why.REVOKED,
        Why.UPSTREAM,
        Why.SOAKING,
        Why.TORN_DOWN,
    }
)
"""What takes back a plan that waits: nobody wants it any more. The others stand in its way for a while at most."""


@dataclass(frozen=True)
class Nothing:
    """Leave it as it is."""

    why: Why
    text: str
    """For people; the sentence goes on after the endpoint's name, or stands on its own."""


@dataclass(frozen=True)
class Open:
    """Open a rollout: an update, the creation of an endpoint, or other autoscaling."""

    kind: Kind
    change: Change
    without_click: bool
    reason: str
    """Why, for people."""
    signature: str
    """What it rests on and wants; see `bot.domain.managing.proposals`."""
    wanted: str
    attempt: int
    replaces: str = ""
    """A plan of the bot's own for something else that nobody has decided on."""
    autoscale: AutoscaleAsk | None = None
    """For a change of nothing but autoscaling."""


@dataclass(frozen=True)
class ByWave:
    """Leave the change to a wave of the fleet file."""

    wave: str
    package_arn: str | None
    label: str
    change: Change
    without_click: bool
    reason: str
    signature: str
    wanted: str
    attempt: int


@dataclass(frozen=True)
class Withdraw:
    """Take back a plan of the bot's own that nobody has decided on."""

    rollout_id: str
    nothing: Nothing
    """Why it is not wanted any more."""


Move = Nothing | Open | ByWave | Withdraw


@dataclass(frozen=True)
class Outcome:
    """What was decided for an endpoint, and what came of it."""

    endpoint: str
    move: Move
    opened: str = ""
    """The id of the rollout, or of the wave."""
