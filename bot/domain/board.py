"""The fleet board: how each endpoint stands against what the fleet file and the registry say."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal

from bot.domain.alarms import Alarm
from bot.domain.endpoint import Snapshot
from bot.domain.hold import Hold
from bot.domain.model import Value
from bot.domain.phases import Phase
from bot.domain.plan import Difference
from bot.domain.rollout import Rollout
from bot.domain.scaling import Scaling
from bot.domain.states import BoardState as BoardState


class OutsideChange(Value):
    """A change of an endpoint that no rollout made."""

    config: str
    """The config that it is on since."""
    at: datetime
    actor: str = ""
    """Who did it, as CloudTrail names them; empty where it does not tell."""
    of_counts: bool = False
    """Instance counts or weights were set live: the config is the same as before."""


class Standing(Value):
    """One row of the board: an endpoint, what runs, and what may follow."""

    endpoint: str
    state: BoardState
    running: str = ""
    """What runs, as people call it."""
    newest: str = ""
    """The newest version that may follow."""
    snapshot: Snapshot | None = None
    config_lines: tuple[str, ...] = ()
    """Sentences about the variants of the current config."""
    scaling: Scaling | None = None
    """What scales it; None where nobody looked, or AWS did not tell."""
    holds: tuple[Hold, ...] = ()
    """What stands against it or versions of it, newest first."""
    problem: str = ""
    """Why the state is unknown."""
    running_package: str | None = None
    """ARN of the version that runs; None for an image, or where it is not known."""
    newest_package: str | None = None
    """ARN of the newest version that may follow."""
    passed_over: tuple[str, ...] = ()
    """Newer versions that are held or quarantined there, as people call them, newest first."""
    is_approved: bool = True
    """Whether what runs is Approved, or of a kind that nobody approves."""
    is_trial: bool = False
    """Whether two versions run side by side; REVOKED is shown before TESTING."""
    newest_since: datetime | None = None
    """When that version was registered."""
    running_since: datetime | None = None
    """Since when the endpoint has been on its present config."""
    pending: tuple[str, ...] = ()
    """Versions that wait for approval, newer than what runs, as people call them."""
    drift: tuple[Difference, ...] = ()
    """Where what runs differs from the fleet file, field by field: `before` is what runs, `after` what the file says."""
    by_hand: tuple[str, ...] = ()
    """Of these fields, those that neither a rollout nor sync brings back."""
    outside: OutsideChange | None = None
    """The last change that the bot did not make."""
    autoscaling_doubt: str = ""
    """Why a person is asked before its autoscaling is brought back to the fleet file."""
    alarms: tuple[Alarm, ...] | None = None
    """The alarms that the bot keeps for it and that exist, as they were when it was looked at; None: not known, or none declared."""
    made_by: str = ""
    """The rollout that made the present config, as its tags say it, also where the store does not know it; empty: none did."""
    hourly: Decimal | None = None
    """US dollars per hour; None where it is not known. Serverless: None, because it is paid by use."""
    idle_since: datetime | None = None
    """Since when no request has come, if for a week at least."""
    seen_at: datetime | None = None
    """When SageMaker told this."""
    looked_at: datetime | None = None
    """When its config, its models and its autoscaling were looked at, which a listing tells nothing of."""
    registry_at: datetime | None = None
    """When the registry told what may follow."""


def deleted_words(kind: str, names: Sequence[str]) -> str:
    """Why an endpoint is UNPATCHABLE, and what to do."""
    what = f"the {kind} {names[0]} was" if len(names) == 1 else f"the {kind}s {', '.join(names)} were"
    by_hand = "create a config by hand and update the endpoint to it, once"
    advice = (
        f"Nothing can be cloned from it any more: {by_hand}."
        if kind == "endpoint config"
        else f"Name an earlier config whose models exist (rollback --to CONFIG), or {by_hand}."
    )
    return f"It serves on, but {what} deleted, so AWS cannot patch its instances and no rollback can lead back to it. {advice}"


def in_turn(active: Iterable[Rollout]) -> tuple[Rollout, ...]:
    """Rollouts that are not over, in the order of their turns: who has the endpoint, then who waits.

    A rollback is left out while the rollout that it undoes is among them: that one has the thread that people know.
    """
    rollouts = list(active)
    undone = {r.id for r in rollouts if r.phase is Phase.ROLLING_BACK}
    shown = [r for r in rollouts if r.parent_id not in undone]
    return tuple(sorted(shown, key=lambda r: (r.is_waiting, r.created_at, r.id)))
