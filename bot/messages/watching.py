"""The watch as it goes: how each signal stands, until when, who had it go on, and the word to whoever is on call."""

from collections.abc import Mapping

from bot.domain.names import mention
from bot.domain.phases import BOT_ACTOR, Phase
from bot.domain.reconcile import lateness, watch_ends_at
from bot.domain.rollout import Rollout
from bot.domain.signals import Role
from bot.domain.verdict import Effect, Standing, Verdict, VerdictKind
from bot.domain.watchplan import Extension, Restraint
from bot.messages.blocks import Block, Message, actions, context, escape, quote, section
from bot.messages.checking import check_lines
from bot.messages.effects import effect_line, glance
from bot.messages.ids import BlockId
from bot.messages.steering import accept_button, add_reason_button, extend_button, roll_back_button
from bot.messages.words import moment, people, span

_MOST_EXTENSIONS = 5


def render_watch(rollout: Rollout) -> Message:
    """The window after the cutover, refreshed period by period."""
    if rollout.phase is not Phase.WATCHING:
        told = [_how_it_ended(rollout), *_extensions(rollout)]
        return Message("The watch is over.", (section("\n".join(told)),))
    head = f"*Watch* until {moment(watch_ends_at(rollout))}: is the new fleet as good as the old one?"
    lines = [head, *_standings(rollout), *check_lines(rollout)]
    blocks: list[Block] = [section("\n".join(lines))]
    blocks += [context(line) for line in _extensions(rollout)]
    if rollout.acceptance is not None:
        blocks.append(context(f"{_accepted(rollout)}. The bot does not roll back by itself any more."))
    blocks.append(actions(BlockId.STEERING, roll_back_button(rollout), extend_button(rollout)))
    return Message(f"{rollout.endpoint}: {watch_glance(rollout)}", tuple(blocks))


def _how_it_ended(rollout: Rollout) -> str:
    if rollout.verdict is None or rollout.cutover_at is None:
        return "*Watch* ended early."
    over = next((t for t in reversed(rollout.transitions) if t.phase is Phase.SUCCEEDED), None)
    if over is None:
        return "*Watch* ended early: what it found is below."
    return f"*Watch* is over after {span(watch_ends_at(rollout) - rollout.cutover_at)}."


def _standings(rollout: Rollout) -> list[str]:
    """One line for each signal that decides, and for others that got worse."""
    look = rollout.last_look
    if look is None:
        return [_before_the_first_look(rollout)]
    if nobody_called(rollout, look):
        return ["Nobody has called the new fleet since the warm-up, so there is nothing to judge yet."]
    told = [e for e in look.effects if e.role is Role.CRITICAL or _got_worse(e)]
    lines = [effect_line(e, streaming=rollout.watch.streaming) for e in told]
    return [_so_far(rollout, look), *([] if _explains_itself(look) else [escape(look.evidence)]), *lines]


def nobody_called(rollout: Rollout, look: Verdict) -> bool:
    """Whether CloudWatch answered, and shows no request to the new fleet. A verdict without effects had no answer to judge."""
    is_open = look.kind is VerdictKind.INCONCLUSIVE and bool(look.effects)
    return is_open and rollout.comparison is not None and not rollout.comparison.after.requests


def _explains_itself(look: Verdict) -> bool:
    """Whether the lines of the signals say why it is so; otherwise an alarm, a check command or the traffic does."""
    standings = {e.standing for e in look.effects if e.role is not Role.MUTED}
    match look.kind:
        case VerdictKind.PASS:
            return bool(standings)
        case VerdictKind.REGRESSED:
            return Standing.WORSE in standings
        case VerdictKind.INCONCLUSIVE:
            return look.cap is None and bool(standings & {Standing.UNCLEAR, Standing.MISSING})


def _got_worse(effect: Effect) -> bool:
    return effect.role is Role.NORMAL and effect.standing is Standing.WORSE


def _before_the_first_look(rollout: Rollout) -> str:
    """CloudWatch is late by nature; that must not look like trouble."""
    assert rollout.cutover_at is not None
    watch, late = rollout.watch, lateness(rollout.watch)
    first = rollout.cutover_at + watch.warm_up + watch.metric_period + late
    warm_up = f"The first {span(watch.warm_up)} are warm-up and not judged; " if watch.warm_up else ""
    return f"{warm_up}CloudWatch shows numbers {span(late)} late. The first ones are expected {moment(first)}."


def _so_far(rollout: Rollout, look: Verdict) -> str:
    if look.kind is VerdictKind.PASS:
        return "So far the new fleet is as good as the old one:"
    if look.kind is VerdictKind.INCONCLUSIVE:
        return "It cannot be said yet:"
    if rollout.worse_since is not None:
        return f"*Worse* since {moment(rollout.worse_since)}:"
    return "It looks worse; the next look has to confirm it:"


def _extensions(rollout: Rollout) -> list[str]:
    """Who had it go on, the latest last."""
    told = [f"Extended by {span(e.by)} {_extended_by(e)}" for e in rollout.extensions]
    left_out = len(told) - _MOST_EXTENSIONS
    return [f"Extended {left_out} times before that", *told[left_out:]] if left_out > 0 else told


def _extended_by(extension: Extension) -> str:
    """The bot itself extends no watch: such an extension was found again without who it was."""
    is_known = extension.actor != BOT_ACTOR
    return f"by {mention(extension.actor)}, {moment(extension.at)}" if is_known else "before the store was emptied"


def _accepted(rollout: Rollout) -> str:
    acceptance = rollout.acceptance
    assert acceptance is not None
    return f"The regression is accepted by {mention(acceptance.actor)}, {moment(acceptance.at)}"


def acceptance_blocks(rollout: Rollout) -> list[Block]:
    """Who took a regression upon themselves, and why; the way to add a reason where there is none."""
    if rollout.acceptance is None:
        return []
    reason = rollout.acceptance.reason
    text = f"{_accepted(rollout)}:\n{quote(reason)}" if reason else f"{_accepted(rollout)}."
    return [section(text)]


def watch_glance(rollout: Rollout) -> str:
    """How the watch stands, in a line without a word from outside: for the card."""
    look, there = rollout.last_look, "All traffic is on the new fleet."
    if look is None:
        return f"{there} CloudWatch numbers come in; the thread has them."
    told = glance(look, streaming=rollout.watch.streaming)
    if look.kind is not VerdictKind.REGRESSED:
        if nobody_called(rollout, look):
            return f"{there} Nobody has called it so far."
        return f"{there} Watching: {told} so far." if told is not None else f"{there} The thread has the numbers."
    what = told or "the thread says why"
    if rollout.acceptance is not None:
        return f"Worse: {what}. Accepted by {mention(rollout.acceptance.actor)}."
    if rollout.worse_since is None:
        return f"It looks worse: {what}. The next look has to confirm it."
    return f"*{look.kind}*: {what}. The thread has the buttons."


def render_alert(rollout: Rollout) -> Message:
    """REGRESSED, confirmed, and nothing happens by itself: a reply of its own, because nobody is told of an edit at night.

    It names whoever asked for the change and whoever approved it, so that their phones ring.
    """
    assert rollout.worse_since is not None
    told = tuple(dict.fromkeys(p for p in (rollout.requester, *rollout.approvers()) if p != BOT_ACTOR))
    verdict = rollout.verdict or rollout.last_look
    still = verdict is None or verdict.kind is VerdictKind.REGRESSED
    since = f"since {moment(rollout.worse_since)}" if still else f"at {moment(rollout.worse_since)}, but no longer"
    evidence = escape(verdict.evidence) if verdict is not None else ""
    blocks: list[Block] = [section(f"*{VerdictKind.REGRESSED}* {since}. {evidence}".strip())]
    blocks += _what_now(rollout, people(told) if told else "")
    return Message(f"{rollout.endpoint}: {VerdictKind.REGRESSED} {since}. {evidence}".strip(), tuple(blocks))


def _what_now(rollout: Rollout, whom: str) -> list[Block]:
    if rollout.phase is not Phase.WATCHING:
        return [*acceptance_blocks(rollout), context(_what_became_of_it(rollout))]
    if rollout.acceptance is not None:
        more = [] if rollout.acceptance.reason else [add_reason_button(rollout)]
        buttons = (roll_back_button(rollout), *more)
        return [*acceptance_blocks(rollout), actions(BlockId.STEERING, *buttons)]
    call = f"{whom}: nothing" if whom else "Nothing"
    until = f"The watch goes on until {moment(watch_ends_at(rollout))}."
    ask = f"{call} is rolled back by itself{why_not_by_itself(rollout)}. {until}"
    buttons = (roll_back_button(rollout), accept_button(rollout), extend_button(rollout))
    return [section(ask), actions(BlockId.STEERING, *buttons)]


_RESTRAINTS: Mapping[Restraint, str] = {
    Restraint.SWITCHED_OFF: "the fleet file says `auto_rollback: off`",
    Restraint.NO_LIMIT_CROSSED: "the fleet file says `auto_rollback: hard`, and no limit was crossed",
    Restraint.NOT_GRAVE: "no critical signal got worse than the old fleet shows as well",
    Restraint.TWICE_IN_A_ROW: "the bot did so the last time, and never does it twice in a row without a person",
    Restraint.NO_WAY_BACK: "no rollback can undo this change",
    Restraint.ACCEPTED: "it is accepted",
}


def why_not_by_itself(rollout: Rollout) -> str:
    """Why a confirmed regression is left to people: the rest of a sentence, or nothing where the record does not tell."""
    return f", because {_RESTRAINTS[rollout.restraint]}" if rollout.restraint is not None else ""


def _what_became_of_it(rollout: Rollout) -> str:
    match rollout.phase:
        case Phase.SUCCEEDED:
            return "The watch is over; the summary below has the buttons."
        case Phase.ROLLING_BACK | Phase.ROLLED_BACK:
            asked = next((t for t in reversed(rollout.transitions) if t.phase is Phase.ROLLING_BACK), rollout.last)
            verb = "Rolled back" if rollout.phase is Phase.ROLLED_BACK else "Being rolled back"
            return (
                f"{verb}, asked for by {mention(asked.actor)}." if asked.actor != BOT_ACTOR else f"{verb} by the bot."
            )
        case _:
            return "Look at the end of this thread."
