"""A trial as it goes: how B does beside A, in words and numbers, and the buttons that move or end it."""

from bot.domain import commands
from bot.domain.phases import BOT_ACTOR, Phase
from bot.domain.reconcile import lateness
from bot.domain.rollout import Rollout
from bot.domain.signals import Signal
from bot.domain.trial import TrialPlan, TrialRelapse, TrialWatch, is_faster, requests_needed, why_left_to_people
from bot.domain.verdict import Comparison, Effect, Measurement, Standing, Verdict, VerdictKind
from bot.messages.blocks import (
    Block,
    CommandButton,
    Confirm,
    Message,
    command_buttons,
    context,
    escape,
    fields,
    section,
)
from bot.messages.effects import effect_words, out_of
from bot.messages.trial_words import kept_words
from bot.messages.words import amount, before_after_ms, moment, people, signed, span

_SHARES = (0, 10, 25, 50, 90)

_BEYOND_USE = 5.0
"""An interval that reaches to six times as slow says only that there are hardly any numbers yet."""


def render_trial(rollout: Rollout) -> Message:
    """The comparison, edited in place for as long as the trial runs."""
    plan, watch = rollout.plan, rollout.trial_watch
    assert plan is not None
    assert plan.trial is not None
    assert watch is not None
    kind = "Shadow" if plan.trial.shadow else "A/B test"
    head = f"*{kind}*: A is {escape(plan.current_label)}, B is {escape(plan.target_label)}"
    verdict = _in_words(watch, is_over=not rollout.has_running_trial)
    lines = [head, _state(rollout, plan.trial, watch), *verdict]
    blocks: list[Block] = [section("\n".join(lines))]
    if watch.comparison is not None and watch.verdict is not None:
        blocks.append(fields(*_numbers(watch.comparison, watch.verdict)))
    blocks.append(context(_basis(rollout, watch)))
    if rollout.has_running_trial:
        blocks += _buttons(rollout, plan.trial, watch)
    return Message(f"{rollout.endpoint}: {verdict[0].replace('*', '')}", tuple(blocks))


def render_trial_alert(rollout: Rollout) -> Message:
    """B is worse for sure: a reply of its own that names whoever answers for the test, because nobody is told of an edit."""
    watch, plan = rollout.trial_watch, rollout.plan
    assert watch is not None
    assert watch.worse_since is not None
    assert plan is not None
    assert plan.trial is not None
    whom, b = _whom(rollout), escape(plan.trial.b)
    live = watch.verdict.evidence if watch.verdict is not None else ""
    evidence = escape(watch.worse_why or (watch.stop.why if watch.stop is not None else live))
    head = f"*{VerdictKind.REGRESSED}* since {moment(watch.worse_since)}: B does worse than A. {evidence}".strip()
    return Message(
        f"{rollout.endpoint}: B does worse than A. {evidence}".strip(),
        (section(head), section(f"{whom}{_what_was_done(rollout, watch, b, shadow=plan.trial.shadow)}")),
    )


def render_trial_relapse(rollout: Rollout, relapse: TrialRelapse) -> Message:
    """People gave B traffic again, and it does worse still: said once for each time, because their decision stands."""
    watch, plan = rollout.trial_watch, rollout.plan
    assert watch is not None
    assert plan is not None
    assert plan.trial is not None
    b, evidence = escape(plan.trial.b), escape(relapse.why)
    head = f"*{VerdictKind.REGRESSED}* again {moment(relapse.at)}: B does worse than A still. {evidence}".strip()
    left = (
        f"{b} serves {relapse.share:.0f} % of the traffic, and the bot leaves that so, because people gave it traffic again after it "
        "had been found worse."
    )
    return Message(
        f"{rollout.endpoint}: B does worse than A still. {evidence}".strip(),
        (section(head), section(f"{_whom(rollout)}{left} To take it away, press B 0 % above; Keep A ends the test.")),
    )


def _whom(rollout: Rollout) -> str:
    """Whoever answers for the test."""
    told = tuple(dict.fromkeys(p for p in (rollout.requester, *rollout.approvers()) if p != BOT_ACTOR))
    return f"{people(told)}: " if told else ""


def _what_was_done(rollout: Rollout, watch: TrialWatch, b: str, *, shadow: bool) -> str:
    if watch.stop is not None and watch.stop.done_at is not None:
        return (
            f"the bot took the traffic of {b} away by itself, {moment(watch.stop.done_at)}. It still runs, with a weight of 0, until "
            "somebody finishes the test."
        )
    if watch.stop is not None:
        return f"the bot takes the traffic of {b} away now."
    why = why_left_to_people(watch, rollout.watch, shadow=shadow) if watch.verdict is not None else None
    because = f", because {why}" if why is not None else ""
    deed = "Finish the test" if shadow else "Move the weight or finish the test"
    return f"nothing was done by itself{because}. {deed}, above."


def _state(rollout: Rollout, trial: TrialPlan, watch: TrialWatch) -> str:
    if watch.end is not None:
        return f"Over after {span(watch.end.at - watch.since)}: {kept_words(watch.end.kept)}."
    if not rollout.has_running_trial:
        return "It is being rolled back." if rollout.phase is Phase.ROLLING_BACK else "It was rolled back."
    a, b = escape(trial.a), escape(trial.b)
    if trial.shadow:
        return f"{a} serves. {b} gets copies of {watch.share:.0f} % of the requests, and nobody sees its answers."
    stopped = ": the bot took its traffic away" if watch.stop is not None and watch.share == 0 else ""
    return f"{a} serves {100 - watch.share:.0f} %, {b} {watch.share:.0f} %{stopped}."


def _in_words(watch: TrialWatch, *, is_over: bool) -> list[str]:
    """The verdict in a few words, then its evidence."""
    verdict = watch.verdict
    if verdict is None:
        return ["*No numbers were seen.*" if is_over else "*There are no numbers yet.*"]
    evidence = [escape(verdict.evidence)]
    match verdict.kind:
        case VerdictKind.PASS:
            return [f"*{VerdictKind.PASS}*: {_good(verdict)}.", *evidence]
        case VerdictKind.REGRESSED:
            return [f"*{VerdictKind.REGRESSED}*: {_bad(verdict)}.", *evidence]
        case VerdictKind.INCONCLUSIVE:
            needed = requests_needed(watch)
            more = f": it takes about {amount(_rounded(needed))} more requests of B" if needed and not is_over else ""
            return [f"*{VerdictKind.INCONCLUSIVE}* {'in the end' if is_over else 'so far'}{more}.", *evidence]


def _rounded(number: float) -> float:
    """Two digits are all that it is good for."""
    magnitude = 10.0 ** max(0, len(str(int(number))) - 2)
    return max(1.0, round(number / magnitude) * magnitude)


def _good(verdict: Verdict) -> str:
    faster = next((e for e in verdict.effects if e.signal is Signal.P50 and is_faster(e)), None)
    if faster is None or faster.change is None:
        return "B is as good as A"
    return f"B is faster than A, by {signed(faster.change).lstrip('−')} at the median"


def _bad(verdict: Verdict) -> str:
    worse = [e for e in verdict.effects if e.standing is Standing.WORSE]
    leading = worse[0] if worse else None
    if leading is None:
        return "B is worse than A"
    if leading.signal.is_count:
        return "B fails more often than A"
    if leading.signal is Signal.SPREAD or leading.change is None:
        return "B is less steady than A"
    return f"B is slower than A, by {signed(leading.change).lstrip('+')} at the {_PLACES.get(leading.signal, 'median')}"


_PLACES = {Signal.P50: "median", Signal.P90: "90th percentile", Signal.P99: "99th percentile"}


def _numbers(comparison: Comparison, verdict: Verdict) -> list[str]:
    """A → B, row by row."""
    a, b = comparison.before, comparison.after
    rows = [
        f"*p50* {_latency(verdict, Signal.P50, a.p50_us, b.p50_us)}",
        f"*p90* {_latency(verdict, Signal.P90, a.p90_us, b.p90_us)}",
        f"*p99* {_latency(verdict, Signal.P99, a.p99_us, b.p99_us)}",
        f"*Requests* A {amount(a.requests)}, B {amount(b.requests)}",
        f"*5xx* A {_share(a.errors_5xx, a)}, B {_share(b.errors_5xx, b)}",
    ]
    if a.mid_stream_errors is not None or b.mid_stream_errors is not None:
        rows.append(f"*Broken streams* A {_share(a.mid_stream_errors, a)}, B {_share(b.mid_stream_errors, b)}")
    return rows


def _latency(verdict: Verdict, signal: Signal, a: float | None, b: float | None) -> str:
    effect: Effect | None = next((e for e in verdict.effects if e.signal is signal), None)
    is_telling = effect is not None and effect.before is not None and effect.after is not None
    if effect is not None and is_telling and (effect.high is None or effect.high < _BEYOND_USE):
        return effect_words(effect)
    return before_after_ms(a, b)


def _share(errors: float | None, measured: Measurement) -> str:
    return "no data" if errors is None or measured.requests is None else out_of(errors, measured.requests)


def _basis(rollout: Rollout, watch: TrialWatch) -> str:
    if watch.comparison is None or watch.looked_at is None:
        late, plan = lateness(rollout.watch), rollout.watch
        first = watch.since + plan.warm_up + 2 * plan.metric_period + late
        return f"CloudWatch shows numbers {span(late)} late; the first ones are expected {moment(first)}."
    window = watch.comparison.after.window
    return (
        f"A → B over {span(window.end - window.start)}, both at the same time; {watch.comparison.latency_metric} from CloudWatch. "
        f"Looked at {moment(watch.looked_at)}. It goes on until somebody ends it."
        if rollout.has_running_trial
        else f"A → B over {span(window.end - window.start)}, both at the same time; {watch.comparison.latency_metric} from CloudWatch."
    )


def _buttons(rollout: Rollout, trial: TrialPlan, watch: TrialWatch) -> list[Block]:
    endpoint = rollout.endpoint
    weights = [
        CommandButton(f"B {share} %", commands.AbWeight(endpoint=endpoint, weight=share))
        for share in _SHARES
        if share != round(watch.share)
    ]
    finish = (
        CommandButton(
            "Keep A",
            commands.AbFinish(endpoint=endpoint, keep="A"),
            confirm=Confirm(
                "Keep A and end the test?",
                f"{endpoint} goes back to A alone, as it was before the test.",
                "Keep A",
                "Go on",
            ),
        ),
        CommandButton(
            "Keep B",
            commands.AbFinish(endpoint=endpoint, keep="B"),
            style="primary",
            confirm=Confirm(
                "Keep B and end the test?",
                f"A plan is made for {endpoint} to serve with B alone, and asks for approval.",
                "Keep B",
                "Go on",
            ),
        ),
    )
    rows = [] if trial.shadow else [command_buttons(*weights)]
    return [*rows, command_buttons(*finish, block_id=None)]
