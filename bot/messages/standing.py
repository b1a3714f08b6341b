"""One endpoint in full: what runs, what scales it, what is on its way, what stands over it, and what was before."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.domain.board import BoardState, OutsideChange, Standing
from bot.domain.commands import Status
from bot.domain.endpoint import ModelPackage
from bot.domain.fleet import EndpointSpec
from bot.domain.kept_alarms import is_about_alarms
from bot.domain.names import mention
from bot.domain.phases import Phase
from bot.domain.rollout import Rollout
from bot.domain.rollout_parts import Chore
from bot.domain.saga import ScalingMode, ScalingSaga
from bot.domain.scaling import ScalableTarget
from bot.domain.scaling_drift import is_about_autoscaling
from bot.messages.answers import past_line
from bot.messages.blocks import (
    Block,
    Message,
    code,
    command_buttons,
    context,
    escape,
    escape_except_mentions,
    listed,
    said,
    section,
)
from bot.messages.changes import change_blocks
from bot.messages.holding import hold_line, how_to_lift
from bot.messages.kept_alarms import alarm_lines
from bot.messages.row_buttons import button_of
from bot.messages.rows import Row, dollars, serves_nothing, versions_line
from bot.messages.versions import how_it_stands
from bot.messages.words import count, moment, span

_HAS_NEWER = frozenset(
    {BoardState.OUT_OF_DATE, BoardState.QUARANTINED, BoardState.HELD, BoardState.DRIFTED, BoardState.REVOKED}
)
_MOST_HOLDS = 8
_CHORES = {
    Chore.RESTORE_SCALING: "autoscaling is still being put back",
    Chore.DELETE_ALARMS: "its alarms are still being deleted",
    Chore.SET_ALARMS: "the endpoint's alarms are still being set",
}


@dataclass(frozen=True)
class InFull:
    """What there is to tell of one endpoint."""

    standing: Standing
    recent: Sequence[Rollout] = ()
    """Its last rollouts, newest first."""
    active: Sequence[Rollout] = ()
    """Its rollouts that are not over, first the one whose turn it is."""
    locks: Sequence[str] = ()
    """The lock and the freeze that stand over it, in words."""
    windows: Sequence[str] = ()
    """When changes may start, as the fleet file says it; empty: at any time."""
    declared: EndpointSpec | None = None
    """What the fleet file says of it; None for an endpoint that it does not name."""
    is_led_by_stages: bool = False
    """The endpoint that it follows is in an earlier stage of its own wave, whose order and soak decide instead."""
    restorable_until: datetime | None = None
    """Of an endpoint that people deleted, how long it can be had back as it was."""
    revoked: ModelPackage | None = None
    """What it runs, as the registry has it, where that is not approved."""


def render_standing(told: InFull) -> Message:
    """One endpoint in full."""
    standing = told.standing
    blocks = [section("\n".join(_head(standing, told.revoked))), *_what_runs(told), *_what_stands_over_it(told)]
    if told.declared is not None:
        declared = _declared(told.declared, is_led_by_stages=told.is_led_by_stages)
        blocks.append(section(f"*Fleet file*\n{declared}"))
    if told.recent:
        blocks.append(section(f"*Last rollouts*\n{listed([past_line(r) for r in told.recent])}"))
    if (ages := _ages(standing)) != "":
        blocks.append(context(ages))
    button = button_of(Row(standing, told.active, next(iter(told.locks), None)))
    if button is not None and not isinstance(button.command, Status):
        blocks.append(command_buttons(button))
    return Message(f"{standing.endpoint}: {standing.state}", tuple(blocks))


def _what_runs(told: InFull) -> list[Block]:
    standing, blocks = told.standing, list[Block]()
    if standing.drift:
        blocks += change_blocks("*Differs from the fleet file*", standing.drift)
        blocks.append(context(_what_sync_brings(standing)))
    if standing.config_lines:
        blocks.append(section(f"*Variants*\n{listed([escape(line) for line in standing.config_lines])}"))
    if standing.snapshot is not None:
        blocks.append(section(f"*Autoscaling*\n{_scaling(standing, [*told.active, *told.recent])}"))
    if standing.alarms:
        blocks.append(section(f"*Alarms*\n{alarm_lines(standing.alarms)}"))
    return blocks


def _what_stands_over_it(told: InFull) -> list[Block]:
    standing, blocks = told.standing, list[Block]()
    if standing.holds:
        blocks += [section(f"*Holds*\n{_holds(standing)}"), context(how_to_lift(standing.endpoint))]
    if told.restorable_until is not None:
        again = code(f"deploy {standing.endpoint}")
        blocks.append(section(f"Until {moment(told.restorable_until)} it can be restored as it was: {again}"))
    return [*blocks, section("\n".join(["*Changes*", *_changes(told.active, told.locks, told.windows)]))]


def _head(standing: Standing, revoked: ModelPackage | None) -> list[str]:
    lines = [f"*{escape(standing.endpoint)}*: {standing.state}"]
    if standing.running:
        lines.append(f"{'Was to run' if serves_nothing(standing) else 'Runs'} {escape(standing.running)}.")
    if standing.state in _HAS_NEWER and standing.newest not in ("", standing.running):
        are = "is" if len(standing.passed_over) == 1 else "are"
        held = f", because {versions_line(standing.passed_over)} {are} held there" if standing.passed_over else ""
        lines.append(f"The newest version that may follow is {escape(standing.newest)}{held}.")
    if standing.state is BoardState.REVOKED:
        lines.append(_not_approved(standing, revoked))
    if standing.pending:
        lines.append(f"Waiting for approval: {versions_line(standing.pending)}.")
    if standing.problem:
        lines.append(escape(standing.problem))
    if standing.outside is not None:
        lines.append(_outside(standing.outside))
    if standing.autoscaling_doubt:
        lines.append(f"{escape(standing.autoscaling_doubt[:1].upper() + standing.autoscaling_doubt[1:])}.")
    snapshot = standing.snapshot
    if snapshot is not None:
        lines.append(
            f"SageMaker says {snapshot.status}, on config {code(snapshot.config_name)} since {moment(snapshot.last_modified)}."
        )
        if snapshot.failure_reason:
            lines.append(f"Its last FailureReason: {said(snapshot.failure_reason)}")
    if standing.hourly is not None:
        lines.append(f"It costs {dollars(standing.hourly)} an hour.")
    if standing.idle_since is not None:
        lines.append(f"No request has come since {moment(standing.idle_since)}.")
    return lines


def _not_approved(standing: Standing, revoked: ModelPackage | None) -> str:
    """Who said so and why, and what to type."""
    runs, name = escape(standing.running or "What runs"), standing.endpoint
    said = f" {how_it_stands(revoked)}" if revoked is not None else ""
    if said and not said.endswith("."):
        said += "."
    ways = [code(f"rollback {name}")]
    if standing.newest_package is not None and standing.newest != standing.running:
        tail = standing.newest_package.rpartition("/")[2]
        which = f"--version {tail}" if tail.isdecimal() else f"--package {standing.newest_package}"
        ways.insert(0, code(f"promote {name} {which}"))
    return f"{runs} is not approved.{said} SageMaker does not stop it. To leave it: {' or '.join(ways)}."


def _what_sync_brings(standing: Standing) -> str:
    sync = code(f"sync {standing.endpoint}")
    by_hand = ", ".join(code(path) for path in standing.by_hand)
    alarms = [d for d in standing.drift if is_about_alarms(d)]
    brought = [d for d in standing.drift if d not in alarms and d.path not in standing.by_hand]
    if not brought and alarms:
        rest = " No rollout brings back the rest; sync says what to do by hand." if by_hand else ""
        return f"{sync} sets its alarms as the fleet file says; that takes no approval.{rest}"
    if not brought:
        return f"No rollout brings that back; {sync} says what to do by hand."
    but = f", but for {by_hand}: of that it says what to do by hand" if by_hand else ""
    # What replaces the fleet sets the alarms, too; what only sets autoscaling does not.
    is_scaling = all(is_about_autoscaling(d) or d.path == "instance_count" for d in brought)
    later = (
        " Its alarms come after that: type it once more then; that takes no approval." if alarms and is_scaling else ""
    )
    return f"{sync} brings it back to the fleet file, after approval{but}.{later}"


def _outside(change: OutsideChange) -> str:
    who = f" by {escape(change.actor)}" if change.actor else ", nobody knows by whom"
    what = "Its counts or weights were" if change.of_counts else "It was"
    since = "" if change.of_counts else f"; it is on {code(change.config)} since"
    return f"{what} changed outside the bot {moment(change.at)}{who}{since}."


def _declared(spec: EndpointSpec, *, is_led_by_stages: bool) -> str:
    """What the fleet file says about how it changes."""
    where = f", in {spec.region}" if spec.region is not None else ""
    parts = [f"Policy {spec.policy}, tier {spec.tier}{where}."]
    if spec.owner is not None:
        parts.append(f"{mention(spec.owner)} answers for it.")
    if spec.follows is not None and not is_led_by_stages:
        parts.append(
            f"It follows {code(spec.follows.endpoint)}: a version runs there for {span(spec.follows.soak)} first."
        )
    return " ".join(parts)


def _ages(standing: Standing) -> str:
    """When what is shown was asked for."""
    parts = [("SageMaker", standing.seen_at), ("the registry", standing.registry_at)]
    told = [f"{who} {moment(at)}" for who, at in parts if at is not None]
    return f"Asked {' and '.join(told)}." if told else ""


def _holds(standing: Standing) -> str:
    return listed([hold_line(hold) for hold in standing.holds], most=_MOST_HOLDS)


def _scaling(standing: Standing, rollouts: Sequence[Rollout]) -> str:
    """What scales it. What a rollout has taken away is shown as it will be put back; what it could not, as what is missing."""
    scaling = standing.scaling
    if scaling is None and standing.state is BoardState.UNPATCHABLE:
        return "Not known: the endpoint config that named its variants was deleted."
    if scaling is None:
        return "Unknown: AWS did not tell. Ask again in a minute; if it stays, see the workers' log."
    taker = next((r for r in rollouts if r.scaling is not None and r.scaling.is_away and r.scaling.attempts), None)
    if taker is not None and taker.scaling is not None:
        how = _taken(taker.scaling)
        back = f"{how} for rollout {code(taker.id)}, and put back when SageMaker is done."
        return "\n".join([listed([_target(t) for t in taker.scaling.targets]), back])
    lost = next((r for r in rollouts if r.scaling is not None and r.scaling.gave_up), None)
    left = f"Rollout {code(lost.id)} could not put all of it back; its thread says what to do by hand." if lost else ""
    if not scaling.targets:
        return left or "Nothing scales it."
    lines = [f"{_target(t)}{', suspended, but not by the bot' if t.is_suspended else ''}" for t in scaling.targets]
    return "\n".join(part for part in (listed(lines), left) if part)


def _taken(saga: ScalingSaga) -> str:
    return "Suspended" if saga.mode is ScalingMode.SUSPEND else "Taken off"


def _target(target: ScalableTarget) -> str:
    parts = [f"{escape(target.variant)}: {target.minimum} to {count(target.maximum, 'instance')}"]
    parts += [f"{escape(metric)} held at {value:g}" for metric, value in target.tracked]
    others = len(target.policies) - len(target.tracked)
    parts += [count(others, "other policy", "other policies")] if others else []
    parts += [count(len(target.scheduled), "scheduled action")] if target.scheduled else []
    return ", ".join(parts)


def _changes(active: Sequence[Rollout], locks: Sequence[str], windows: Sequence[str]) -> list[str]:
    lines = [_doing(r) for r in active] or ["No change of it is under way."]
    lines += [f"{line[:1].upper()}{line[1:]}" for line in locks]
    if windows:
        lines.append(f"Approved changes start only in its windows: {escape('; '.join(windows))}.")
    return lines


def _doing(rollout: Rollout) -> str:
    """What a rollout that is not over is at, or waits for."""
    who = f"Rollout {code(rollout.id)} of {mention(rollout.requester)}"
    if not rollout.is_under_way:
        return f"{who} is {rollout.phase.words}; {_CHORES[rollout.chore or Chore.DELETE_ALARMS]}."
    if rollout.stopped_by is not None:
        return (
            f"{who} is {rollout.phase.words}; it waits for {escape_except_mentions(rollout.stopped_by)} to be lifted."
        )
    if rollout.queued_behind is not None and rollout.phase is Phase.PLANNING:
        return f"{who} waits behind rollout {code(rollout.queued_behind)}."
    if rollout.phase is Phase.AWAITING_APPROVAL:
        return f"{who} is {rollout.phase.words}, until {moment(rollout.expires_at)}."
    if rollout.phase is Phase.SCHEDULED and rollout.scheduled_for is not None:
        return f"{who} is {rollout.phase.words} and runs {moment(rollout.scheduled_for)}."
    if rollout.retry is not None and rollout.phase is Phase.UPDATING and rollout.called_at is None:
        return (
            f"{who} is {rollout.phase.words}; AWS had no capacity, and the next try begins {moment(rollout.retry.due)}."
        )
    return f"{who} is {rollout.phase.words}."
