"""The watch and its summary: before and after, the verdict, and the way back."""

from bot.domain.errand import ButtonValue
from bot.domain.names import mention
from bot.domain.phases import Phase
from bot.domain.reconcile import watch_ends_at
from bot.domain.rollout import Rollout
from bot.domain.verdict import Comparison, Measurement
from bot.messages.blocks import Block, Confirm, Message, actions, button, code, context, escape, fields, section
from bot.messages.ids import ActionId, BlockId
from bot.messages.words import amount, before_after_ms, count, moment, percent, span


def render_watch(rollout: Rollout) -> Message:
    """The window after the cutover, refreshed period by period."""
    if rollout.phase is not Phase.WATCHING:
        full = span(rollout.watch.warm_up + rollout.watch.duration)
        text = f"*Watch* is over after {full}." if rollout.verdict is not None else "*Watch* ended early."
        return Message("The watch is over.", (section(text),))
    until = moment(watch_ends_at(rollout))
    head = f"*Watch* until {until}: is the new fleet as good as the old one?\n{_latest(rollout)}"
    return Message(
        f"Watching {rollout.endpoint}.", (section(head), actions(BlockId.STEERING, roll_back_button(rollout)))
    )


def _latest(rollout: Rollout) -> str:
    comparison = rollout.comparison
    if comparison is None or not comparison.after.requests:
        return "No numbers from the new fleet yet."
    p50 = before_after_ms(comparison.before.p50_us, comparison.after.p50_us)
    errors = f"{percent(comparison.before.error_rate)} → {percent(comparison.after.error_rate)}"
    return (
        f"So far: {comparison.latency_metric} p50 {p50}, errors {errors}, {amount(comparison.after.requests)} requests."
    )


def headline(rollout: Rollout) -> str:
    """The verdict in one line, for the card."""
    if rollout.count_change is not None:
        return f"{escape(rollout.count_change.variant)} runs {count(rollout.count_change.count, 'instance')}."
    if rollout.verdict is None or rollout.comparison is None:
        return "InService on the new config."
    p50 = before_after_ms(rollout.comparison.before.p50_us, rollout.comparison.after.p50_us)
    return f"{rollout.verdict.kind}: p50 {p50}."


def render_summary(rollout: Rollout) -> Message:
    """Before against after, with the verdict and one button that works."""
    assert rollout.verdict is not None
    assert rollout.comparison is not None
    comparison = rollout.comparison
    head = f"*Summary*: *{rollout.verdict.kind}*\n{escape(rollout.verdict.evidence)}"
    blocks: list[Block] = [
        section(head),
        fields(*_latency_fields(comparison), *_traffic_fields(comparison)),
        context(_windows(comparison)),
        _way_back(rollout),
    ]
    text = f"{rollout.endpoint}: {headline(rollout)} {escape(rollout.verdict.evidence)}"
    return Message(text, tuple(blocks))


def _latency_fields(comparison: Comparison) -> list[str]:
    before, after = comparison.before, comparison.after
    return [
        f"*p50* {before_after_ms(before.p50_us, after.p50_us)}",
        f"*p90* {before_after_ms(before.p90_us, after.p90_us)}",
        f"*p99* {before_after_ms(before.p99_us, after.p99_us)}",
    ]


def _traffic_fields(comparison: Comparison) -> list[str]:
    before, after = comparison.before, comparison.after
    rows = [
        f"*Requests* {_a_minute(before)} → {_a_minute(after)} a minute",
        f"*Errors* {percent(before.error_rate)} → {percent(after.error_rate)}",
        f"*5XX* {_share(before.errors_5xx, before)} → {_share(after.errors_5xx, after)}",
        f"*4XX* {_share(before.errors_4xx, before)} → {_share(after.errors_4xx, after)}",
    ]
    if before.mid_stream_errors is not None or after.mid_stream_errors is not None:
        broken = f"{_share(before.mid_stream_errors, before)} → {_share(after.mid_stream_errors, after)}"
        rows.append(f"*MidStreamErrors* {broken}")
    return rows


def _share(errors: float | None, measured: Measurement) -> str:
    """`7 of 1,790`: a count alone would mislead, because the two windows differ in length."""
    return amount(errors) if errors is None else f"{amount(errors)} of {amount(measured.requests)}"


def _a_minute(measured: Measurement) -> str:
    """Requests a minute: the two windows differ in length."""
    minutes = (measured.window.end - measured.window.start).total_seconds() / 60
    return "no data" if measured.requests is None else f"{measured.requests / minutes:,.0f}"


def _windows(comparison: Comparison) -> str:
    before, after = comparison.before.window, comparison.after.window
    return (
        f"{comparison.latency_metric} from CloudWatch: {span(before.end - before.start)} before the update against "
        f"{span(after.end - after.start)} after the cutover ({moment(after.start)})."
    )


def roll_back_button(rollout: Rollout) -> Block:
    """The way back, with its target named in the question."""
    assert rollout.plan is not None
    confirm = Confirm(
        f"Roll {rollout.endpoint} back?",
        f"SageMaker replaces the fleet again, all at once, and {rollout.endpoint} goes back to "
        f"{rollout.plan.current_label} ({rollout.plan.current_config}).",
        "Roll back",
    )
    value = ButtonValue(rollout_id=rollout.id, endpoint=rollout.endpoint, fingerprint=rollout.plan.fingerprint)
    return button("Roll back", ActionId.ROLL_BACK, value, style="danger", confirm=confirm)


def _way_back(rollout: Rollout) -> Block:
    if rollout.phase is Phase.SUCCEEDED:
        return actions(BlockId.STEERING, roll_back_button(rollout))
    asked = next((t for t in reversed(rollout.transitions) if t.phase is Phase.ROLLING_BACK), rollout.last)
    state = {Phase.ROLLED_BACK: "Rolled back", Phase.ROLLING_BACK: "Being rolled back"}.get(
        rollout.phase, "Rollback tried"
    )
    target = code(rollout.plan.current_config) if rollout.plan else "the config of before"
    return context(f"{state} to {target} by {mention(asked.actor)}, {moment(asked.at)}")
