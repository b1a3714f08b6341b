"""The summary of a watch: the verdict with its evidence, before against after, and the buttons that are left."""

from bot.domain.checks import CheckTime
from bot.domain.hold import hold_left_by
from bot.domain.names import mention
from bot.domain.phases import Kind, Phase, Reason
from bot.domain.rollout import Rollout
from bot.domain.signals import Signal
from bot.domain.verdict import Basis, Comparison, Effect, Measurement, Standing, Verdict, VerdictKind
from bot.messages.autoscaling import scaling_headline
from bot.messages.blocks import Block, Message, actions, code, context, escape, fields, section
from bot.messages.checking import check_blocks
from bot.messages.effects import basis_words, effect_words, glance, out_of
from bot.messages.holding import left_behind
from bot.messages.ids import BlockId
from bot.messages.lifecycle import BEGIN_OR_END, done_words
from bot.messages.steering import accept_button, add_reason_button, roll_back_button, watch_longer_button
from bot.messages.trial_words import trial_headline
from bot.messages.watching import acceptance_blocks, nobody_called, why_not_by_itself
from bot.messages.words import amount, before_after_ms, count, moment, signed, span


def headline(rollout: Rollout) -> str:
    """The verdict in one line, for the card."""
    if rollout.count_change is not None:
        return f"{escape(rollout.count_change.variant)} runs {count(rollout.count_change.count, 'instance')}."
    if rollout.kind is Kind.AUTOSCALE:
        return scaling_headline(rollout)
    if rollout.kind in BEGIN_OR_END:
        return done_words(rollout)
    if told := trial_headline(rollout):
        return told
    if rollout.verdict is None or rollout.comparison is None:
        return "InService on the new config."
    return f"{rollout.verdict.kind}: {_in_short(rollout, rollout.verdict, rollout.comparison)}."


def _in_short(rollout: Rollout, verdict: Verdict, comparison: Comparison) -> str:
    if nobody_called(rollout, verdict):
        return "nobody called the new fleet"
    if doubt := _doubt_of_the_check(rollout, verdict):
        return doubt
    if told := glance(verdict, streaming=rollout.watch.streaming):
        return told
    if verdict.kind is VerdictKind.REGRESSED and verdict.effects:
        run = rollout.check_of(CheckTime.AFTER)
        return "the check command did not pass" if run is not None and run.passed is False else "the thread says why"
    return f"p50 {before_after_ms(comparison.before.p50_us, comparison.after.p50_us)}"


def _doubt_of_the_check(rollout: Rollout, verdict: Verdict) -> str:
    """That the check command is why nothing can be said, however well the numbers look; empty where it is not."""
    run = rollout.check_of(CheckTime.AFTER)
    if verdict.kind is not VerdictKind.INCONCLUSIVE or run is None or not run.is_over or run.passed:
        return ""
    return "the check command gave no answer" if run.passed is None else "the check command fails on both fleets"


def render_summary(rollout: Rollout) -> Message:
    """Before against after, with the verdict and what can be done about it."""
    if rollout.verdict is None:
        return _reopened(rollout)
    assert rollout.comparison is not None
    verdict, comparison = rollout.verdict, rollout.comparison
    head = f"*Summary*: *{verdict.kind}*\n{escape(verdict.evidence)}"
    blocks: list[Block] = [
        section(head),
        *_if_nobody_called(rollout, verdict),
        fields(*_latency_fields(verdict, comparison), *_traffic_fields(verdict, comparison)),
        *check_blocks(rollout),
        context(_windows(rollout, verdict, comparison)),
        *_what_now(rollout, verdict),
    ]
    return Message(f"{rollout.endpoint}: {verdict.kind}. {escape(verdict.evidence)}", tuple(blocks))


def _reopened(rollout: Rollout) -> Message:
    """What stands in its place while the endpoint is watched once more."""
    who = f" by {mention(rollout.extensions[-1].actor)}" if rollout.extensions else ""
    text = f"*Summary*: the watch was taken up again{who}, so the verdict is open. It will stand here when the watch is over."
    return Message(f"{rollout.endpoint}: the watch goes on.", (section(text),))


def _if_nobody_called(rollout: Rollout, verdict: Verdict) -> list[Block]:
    """That there is nothing to judge, without blaming anybody. What else is missing, the evidence says."""
    if not nobody_called(rollout, verdict):
        return []
    told = (
        f"Nobody called {escape(rollout.endpoint)} while it was watched. That says nothing against the new version: it is "
        "InService and waits for its first callers. Watch it for longer when they are about to come, or if you know of "
        "callers: then CloudWatch's numbers are late."
    )
    return [section(told)]


def _effect(verdict: Verdict, signal: Signal) -> Effect | None:
    """What the judge measured of a signal, if it has both sides of it."""
    found = next((e for e in verdict.effects if e.signal is signal), None)
    if found is None:
        return None
    if signal.is_count:
        return found if found.events is not None and found.requests is not None else None
    return found if found.before is not None and found.after is not None else None


def _latency_fields(verdict: Verdict, comparison: Comparison) -> list[str]:
    before, after = comparison.before, comparison.after
    return [
        _latency("p50", _effect(verdict, Signal.P50), before.p50_us, after.p50_us),
        _latency("p90", _effect(verdict, Signal.P90), before.p90_us, after.p90_us),
        _latency("p99", _effect(verdict, Signal.P99), before.p99_us, after.p99_us),
        *(f"*Cold start* {effect_words(e)}" for e in [_effect(verdict, Signal.SETUP_TIME)] if e is not None),
        *(f"*p50 swings* {effect_words(e)}" for e in verdict.effects if _is_less_steady(e)),
    ]


def _is_less_steady(effect: Effect) -> bool:
    return effect.signal is Signal.SPREAD and effect.standing is Standing.WORSE


def _latency(name: str, effect: Effect | None, before_us: float | None, after_us: float | None) -> str:
    """The judge's own numbers where it has some: two that differ by a hair would only raise questions."""
    return f"*{name}* {effect_words(effect) if effect is not None else before_after_ms(before_us, after_us)}"


def _traffic_fields(verdict: Verdict, comparison: Comparison) -> list[str]:
    before, after = comparison.before, comparison.after
    rows = [
        f"*Requests* {_load(before, after)}",
        f"*5xx* {_counts(_effect(verdict, Signal.ERRORS), before.errors_5xx, after.errors_5xx, comparison)}",
        f"*4xx* {_counts(_effect(verdict, Signal.CLIENT_ERRORS), before.errors_4xx, after.errors_4xx, comparison)}",
    ]
    broken = _effect(verdict, Signal.MID_STREAM_ERRORS)
    if broken is not None or before.mid_stream_errors is not None or after.mid_stream_errors is not None:
        rows.append(
            f"*Broken streams* {_counts(broken, before.mid_stream_errors, after.mid_stream_errors, comparison)}"
        )
    return rows


def _counts(effect: Effect | None, before: float | None, after: float | None, comparison: Comparison) -> str:
    if effect is not None:
        return effect_words(effect)
    sides = (_share(after, comparison.after), _share(before, comparison.before))
    return f"{sides[0]} against {sides[1]} before"


def _share(errors: float | None, measured: Measurement) -> str:
    return "no data" if errors is None or measured.requests is None else out_of(errors, measured.requests)


def _load(before: Measurement, after: Measurement) -> str:
    """Requests a minute: the two windows differ in length."""
    old, new = _a_minute(before), _a_minute(after)
    change = f" ({signed((new - old) / old)})" if old and new is not None else ""
    return f"{_rate(old)} → {_rate(new)} a minute{change}"


def _a_minute(measured: Measurement) -> float | None:
    minutes = (measured.window.end - measured.window.start).total_seconds() / 60
    return None if measured.requests is None else measured.requests / minutes


def _rate(a_minute: float | None) -> str:
    return f"{a_minute:.1f}" if a_minute is not None and 0 < a_minute < 10 else amount(a_minute)


def _windows(rollout: Rollout, verdict: Verdict, comparison: Comparison) -> str:
    """What was compared with what, and how the two fleets were told apart."""
    before, after = comparison.before.window, comparison.after.window
    if any(e.basis is Basis.SIDE_BY_SIDE for e in verdict.effects):
        return f"{comparison.latency_metric} from CloudWatch: both variants over {span(after.end - after.start)}."
    compared = (
        f"{comparison.latency_metric} from CloudWatch: {span(after.end - after.start)} of the new fleet, from "
        f"{moment(after.start)}, against {span(before.end - before.start)} before the update"
        f"{basis_words(verdict.effects)}."
    )
    if comparison.by_config:
        return f"{compared} CloudWatch tells the two fleets apart by their endpoint configs."
    lag = " Streams that were open at the cutover may count for the new fleet." if rollout.watch.streaming else ""
    return f"{compared} The two fleets are told apart by time.{lag}"


def _what_now(rollout: Rollout, verdict: Verdict) -> list[Block]:
    match rollout.phase:
        case Phase.SUCCEEDED if verdict.kind is VerdictKind.INCONCLUSIVE:
            return [actions(BlockId.STEERING, watch_longer_button(rollout), roll_back_button(rollout))]
        case Phase.SUCCEEDED if verdict.kind is VerdictKind.REGRESSED:
            return _left_to_people(rollout)
        case Phase.SUCCEEDED:
            return [actions(BlockId.STEERING, roll_back_button(rollout))]
        case _:
            return [*acceptance_blocks(rollout), context(_way_back(rollout)), *_what_is_held(rollout)]


def _left_to_people(rollout: Rollout) -> list[Block]:
    """A regression that nobody rolled back: somebody goes back, or takes it upon themselves."""
    if rollout.acceptance is None:
        ask = f"Nothing was rolled back by itself{why_not_by_itself(rollout)}. Roll back, or accept it."
        return [section(ask), actions(BlockId.STEERING, roll_back_button(rollout), accept_button(rollout))]
    more = [] if rollout.acceptance.reason else [add_reason_button(rollout)]
    return [*acceptance_blocks(rollout), actions(BlockId.STEERING, roll_back_button(rollout), *more)]


def _way_back(rollout: Rollout) -> str:
    asked = next((t for t in reversed(rollout.transitions) if t.phase is Phase.ROLLING_BACK), rollout.last)
    state = {Phase.ROLLED_BACK: "Rolled back", Phase.ROLLING_BACK: "Being rolled back"}.get(
        rollout.phase, "Rollback tried"
    )
    target = code(rollout.plan.way_back) if rollout.plan else "the config of before"
    told = f"{state} to {target} by {mention(asked.actor)}, {moment(asked.at)}"
    if asked.reason is not Reason.WATCH_REGRESSED or rollout.verdict is None:
        return told
    if rollout.verdict.is_hard:
        return f"{told}, by itself: this needed no second look"
    looks = "two looks in a row" if rollout.worse_looks > 1 else "the last look"
    return f"{told}, by itself: {looks} found it worse"


def _what_is_held(rollout: Rollout) -> list[Block]:
    hold = hold_left_by(rollout)
    return [context(left_behind(rollout.endpoint, hold))] if hold is not None else []
