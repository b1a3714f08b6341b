"""What is under way on an endpoint, in a few words that fit into its tags, so that it can be followed after the store was emptied.

The config that an endpoint goes to tells who made it, not who goes there now: a way back leads to a config that an older rollout made.
So whoever works on an endpoint leaves a note on it, and takes it off at the end. What the note does not hold is not guessed.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from pydantic import ValidationError

from bot.domain.model import Value
from bot.domain.phases import Kind, Phase
from bot.domain.reconcile import watch_ends_at
from bot.domain.rollout import Rollout
from bot.domain.saga import ScalingMode
from bot.domain.scaling import SUSPENDED_SWITCHES, ScalableTarget
from bot.domain.strategy import StrategyType
from bot.domain.tags import TAG_VALUE_LIMIT, tag_value
from bot.domain.trial import TrialStep

NOTE_TAGS = ("rollout:under-way", "rollout:under-way-2", "rollout:under-way-3")
"""Always all of them, so that writing is one call and nothing of an older note stays behind."""

_NOTHING = "-"

_NOTED_PHASES = frozenset({Phase.PREPARING, Phase.UPDATING, Phase.WATCHING})
_NOTED_KINDS = frozenset({Kind.UPDATE, Kind.ROLLBACK, Kind.SCALE, Kind.WEIGHTS, Kind.CREATE, Kind.TEARDOWN})


class Note(Value):
    """What a rollout is at, the most important first: what does not fit into the tags is left out from the end."""

    id: str
    kind: Kind
    phase: Phase
    channel: str
    ts: str | None = None
    by: str
    """Who asked for it."""
    current: str = ""
    """The config from which it leads away."""
    target: str = ""
    called: datetime | None = None
    """When SageMaker was first asked; None before that."""
    untouched: datetime | None = None
    """The endpoint's LastModifiedTime when everything was ready and nothing called yet, for a plain update: one that takes nothing but
    its config."""
    ready: datetime | None = None
    """Since when that is so."""
    landed: datetime | None = None
    until: datetime | None = None
    """When its watch ends."""
    parent: str | None = None
    """What a way back undoes."""
    holds: bool = False
    """Whether a way back that undoes no rollout holds the version that it leaves."""
    inside: bool = False
    """Whether it is told in its parent's thread."""
    queued: str | None = None
    """Who asked for a rollback as soon as SageMaker settles."""
    aborted: str | None = None
    accepted: str | None = None
    """Who took a regression upon themselves: the bot does not go back by itself any more."""
    final: bool = False
    """Whether the plan said that no rollback can undo it."""
    returns: str | None = None
    """Where a rollback of it goes, if not to `current`."""
    scaling: ScalingMode | None = None
    """How autoscaling was taken away, while it is."""
    still: str = ""
    """What of it stood still before that: `variant:101`, a figure for each of SUSPENDED_SWITCHES; several with a slash between."""
    alarms: bool = False
    """Whether there are alarms of its own."""
    strategy: StrategyType | None = None
    bake: timedelta | None = None
    via: str | None = None
    """The config in between, of a change over a bridge."""
    crossed: datetime | None = None
    last: datetime | None = None
    """When SageMaker was asked for the way from the bridge to the target."""
    share: float | None = None
    """Percent of the traffic: of B in a trial, of the new variant on a bridge."""
    step: TrialStep | None = None
    shadow: bool = False
    towards: bool = False
    """Whether it takes traffic away from B."""
    variant: str | None = None
    count: int | None = None


def wants_note(rollout: Rollout) -> bool:
    """Whether it is at work on its endpoint. One that waits for its rollback is not: the rollback has a note of its own."""
    goes_back = rollout.kind is Kind.ROLLBACK and rollout.phase is Phase.ROLLING_BACK
    is_at_work = rollout.phase in _NOTED_PHASES or goes_back
    return rollout.plan is not None and rollout.kind in _NOTED_KINDS and is_at_work


def leaves_note(before: Rollout | None, after: Rollout) -> bool:
    """Whether a note may stay behind with this write: it had one, or was made from one, and wants none any more."""
    had_one = wants_note(before) if before is not None else after.revived_at is not None
    return had_one and not wants_note(after)


def waits_for_rollback(rollout: Rollout) -> bool:
    """Whether its note stays until its rollback writes another over it, or comes to nothing."""
    return rollout.phase is Phase.ROLLING_BACK and rollout.kind is not Kind.ROLLBACK


def note_of(rollout: Rollout) -> Note | None:
    """What shall stand on the endpoint about this rollout; None for one that is not at work on it."""
    plan = rollout.plan
    if plan is None or not wants_note(rollout):
        return None
    untouched = _untouched_since(rollout)
    saga, bridge, trial = rollout.scaling, plan.bridge, rollout.trial
    takes_scaling = rollout.phase is not Phase.PREPARING and rollout.kind not in (Kind.CREATE, Kind.TEARDOWN)
    targets = saga.targets if saga is not None else plan.scaling.targets if takes_scaling else ()
    is_away = saga.is_away if saga is not None else bool(targets)
    moves_weights = plan.trial is not None and trial is not None
    return Note(
        id=rollout.id,
        kind=rollout.kind,
        phase=rollout.phase,
        channel=rollout.thread.channel_id,
        ts=rollout.thread.thread_ts,
        by=rollout.requester,
        current=plan.current_config,
        target=plan.target_config,
        called=rollout.called_at,
        untouched=untouched,
        ready=rollout.last.at if untouched is not None else None,
        landed=rollout.cutover_at,
        until=watch_ends_at(rollout) if rollout.phase is Phase.WATCHING and rollout.cutover_at is not None else None,
        parent=rollout.parent_id,
        holds=rollout.leaves is not None,
        inside=rollout.in_parent_thread,
        queued=rollout.rollback_queued_by,
        aborted=rollout.abort.actor if rollout.abort is not None else None,
        accepted=rollout.acceptance.actor if rollout.acceptance is not None else None,
        final=bool(plan.irreversible),
        returns=plan.returns_to,
        scaling=(saga.mode if saga is not None else plan.scaling_mode) if is_away else None,
        still=_stood_still(targets) if is_away else "",
        alarms=bool(plan.alarms),
        strategy=plan.strategy.type if plan.strategy.type is not StrategyType.ALL_AT_ONCE else None,
        bake=plan.strategy.bake or None,
        via=bridge.config if bridge is not None else None,
        crossed=rollout.bridge.crossed_at if rollout.bridge is not None else None,
        last=rollout.update.intended_at if bridge is not None and rollout.update is not None else None,
        share=plan.trial.share if moves_weights and plan.trial is not None else bridge.share if bridge else None,
        step=trial.step if trial is not None else None,
        shadow=trial is not None and trial.shadow,
        towards=trial is not None and trial.towards_a,
        variant=rollout.count_change.variant if rollout.count_change is not None else None,
        count=rollout.count_change.count if rollout.count_change is not None else None,
    )


def _untouched_since(rollout: Rollout) -> datetime | None:
    plan, seen = rollout.plan, rollout.snapshot
    is_ready = rollout.kind is Kind.UPDATE and rollout.phase is Phase.UPDATING and rollout.called_at is None
    if not is_ready or plan is None or seen is None:
        return None
    is_plain = plan.deployment is None and plan.bridge is None
    takes_more = plan.counts_from_config or plan.weights_from_config
    return seen.last_modified if is_plain and not takes_more else None


def _stood_still(targets: Iterable[ScalableTarget]) -> str:
    told = {target.variant: target.document.get("SuspendedState", {}) for target in targets}
    figures = {
        v: "".join(str(int(state.get(switch, False))) for switch in SUSPENDED_SWITCHES) for v, state in told.items()
    }
    return "/".join(f"{variant}:{figure}" for variant, figure in figures.items() if "1" in figure)


def stood_still(note: Note, variant: str) -> Mapping[str, bool]:
    """What of a variant's autoscaling was suspended before the update, as Application Auto Scaling's SuspendedState."""
    figures = dict(word.partition(":")[::2] for word in note.still.split("/"))
    figure = figures.get(variant, "").ljust(len(SUSPENDED_SWITCHES), "0")
    return {switch: is_on == "1" for switch, is_on in zip(SUSPENDED_SWITCHES, figure, strict=False)}


def tags_of_note(note: Note) -> Mapping[str, str]:
    """The note as tags; words are `name=value`, with a space between them."""
    told = note.model_dump(mode="json", exclude_defaults=True)
    words = (f"{name}={tag_value(str(value)).replace(' ', '_')}" for name, value in told.items())
    return dict(zip(NOTE_TAGS, _packed(words), strict=True))


def note_in(tags: Mapping[str, str]) -> Note | None:
    """The note that an endpoint's tags hold; None where there is none, or none that can be read."""
    words = " ".join(tags.get(tag, "") for tag in NOTE_TAGS).split()
    told = dict(word.split("=", 1) for word in words if "=" in word)
    try:
        return Note.model_validate(told) if told else None
    except ValidationError:
        return None


def _packed(words: Iterable[str]) -> list[str]:
    """As many words as fit into each tag; none is cut in two."""
    packed = [""] * len(NOTE_TAGS)
    place = 0
    for word in words:
        while place < len(packed) and len(packed[place]) + 1 + len(word) > TAG_VALUE_LIMIT:
            place += 1
        if place == len(packed):
            break
        packed[place] = f"{packed[place]} {word}".strip()
    return [text or _NOTHING for text in packed]
