"""One signal of a watch in words: its name, its numbers before and after, and how it stands."""

from collections.abc import Mapping, Sequence

from bot.domain.durations import about
from bot.domain.signals import Role, Signal
from bot.domain.verdict import Basis, Cap, Effect, Standing, Verdict, VerdictKind
from bot.messages.words import amount, aside, from_to_ms, interval, milliseconds, percent, signed, span

EXPECTED_TO_MOVE = 0.02
"""An expectation within two percent of what was before is not worth a word."""

_CAPS: Mapping[Cap, str] = {
    Cap.LOAD_ROSE: "the load rose",
    Cap.LOAD_FELL: "the load fell",
    Cap.STREAMS_ROSE: "more streams are open",
    Cap.MIX_CHANGED: "4xx errors jumped",
}

_MARKS: Mapping[Standing, str] = {
    Standing.WORSE: "✖",
    Standing.AS_GOOD: "✓",
    Standing.UNCLEAR: "·",
    Standing.MISSING: "·",
}

_CORRECTIONS: Mapping[Basis, str] = {
    Basis.YESTERDAY: ", corrected by what the same hour did yesterday",
    Basis.LAST_WEEK: ", corrected by what the same hour did a week ago",
    Basis.BOTH_DAYS: ", corrected by what the same hour did yesterday and a week ago",
}


def signal_name(signal: Signal, *, streaming: bool = False) -> str:
    """What a signal is called inside a sentence. Of a stream, the latency is the time to its first chunk."""
    kind = "first-chunk" if streaming else "latency"
    names = {
        Signal.P50: f"p50 {kind}",
        Signal.P90: f"p90 {kind}",
        Signal.P99: f"p99 {kind}",
        Signal.SPREAD: "p50 swings",
        Signal.ERRORS: "5xx",
        Signal.MID_STREAM_ERRORS: "broken streams",
        Signal.SETUP_TIME: "cold start",
        Signal.CLIENT_ERRORS: "4xx",
    }
    return names[signal]


def effect_words(effect: Effect) -> str:
    """The numbers: `412 → 530 ms (+29 %, 95 % interval +21…+36 %)`, `7 of 1,790 (0.39 %) against 0 of 1,840 before`."""
    if effect.signal.is_count:
        return _count_words(effect)
    if effect.signal is Signal.SPREAD:
        return f"{_swing(effect.expected)} → {_swing(effect.after)}{aside(*_bounds(effect))}"
    return f"{from_to_ms(effect.before, effect.after)}{aside(*_bounds(effect))}"


def _swing(share: float | None) -> str:
    """How far minutes lie apart, relatively: `±5 %`."""
    return "no data" if share is None else f"±{100 * share:.0f} %"


def effect_line(effect: Effect, *, streaming: bool = False) -> str:
    """One signal during the watch, in a line that says in words how it stands."""
    name = signal_name(effect.signal, streaming=streaming)
    if effect.standing is Standing.MISSING:
        return f"{_MARKS[effect.standing]} {name}: too few numbers so far{_more(effect)}"
    return f"{_MARKS[effect.standing]} {name} {effect_words(effect)}: {_STANDINGS[effect.standing]}{_more(effect)}"


_STANDINGS: Mapping[Standing, str] = {
    Standing.WORSE: "worse",
    Standing.AS_GOOD: "as good",
    Standing.UNCLEAR: "not clear yet",
}


def glance(verdict: Verdict, *, streaming: bool = False, numbers: bool = True) -> str | None:
    """The signal that matters most, in a few words: what got worse, or else the median; with or without its `numbers`.

    None where there are no numbers, and where something else than numbers says REGRESSED: an alarm, or a check command.
    """
    if verdict.kind is VerdictKind.INCONCLUSIVE and verdict.cap is not None:
        return _CAPS[verdict.cap]
    judged = [e for e in verdict.effects if e.role is not Role.MUTED and e.standing is not Standing.MISSING]
    if verdict.kind is VerdictKind.REGRESSED:
        judged = [e for e in judged if e.standing is Standing.WORSE]
    told = next(iter(judged), None)
    if told is None:
        return None
    name = signal_name(told.signal, streaming=streaming)
    if told.signal.is_count:
        return f"{name} {_count_words(told)}"
    if told.change is None:
        return None
    if not numbers or not told.signal.is_latency:
        return f"{name} {signed(told.change)}"
    against = f" against {milliseconds(told.expected)} expected" if is_expected_to_move(told) else ""
    return f"{name} {from_to_ms(told.before, told.after)} ({signed(told.change)}{against})"


def basis_words(effects: Sequence[Effect]) -> str:
    """What the median was compared with, as far as that is more than the time before: for the end of a sentence."""
    leading = next((e for e in effects if e.signal is Signal.P50), None)
    return _CORRECTIONS.get(leading.basis, "") if leading is not None else ""


def is_expected_to_move(effect: Effect) -> bool:
    """Whether the time of day alone lets one expect something else than what was measured before."""
    before, expected = effect.before, effect.expected
    return before is not None and expected is not None and abs(expected - before) > EXPECTED_TO_MOVE * abs(before)


def _bounds(effect: Effect) -> list[str]:
    found = []
    if effect.change is not None:
        against = ""
        if effect.signal.is_latency and is_expected_to_move(effect):
            against = f" against the {milliseconds(effect.expected)} to be expected at this hour"
        found.append(f"{signed(effect.change)}{against}")
    if effect.low is not None and effect.high is not None:
        found.append(interval(effect.low, effect.high))
    return found


def _count_words(effect: Effect) -> str:
    if effect.events is None or effect.requests is None:
        return "no data"
    (before, after), (of_before, of_after) = effect.events, effect.requests
    return f"{out_of(after, of_after)} against {out_of(before, of_before)} before"


def out_of(events: float, requests: float) -> str:
    """`7 of 1,790 (0.39 %)`: a count alone would mislead, because the two windows differ in length."""
    share = percent(events / requests) if events and requests else ""
    return f"{amount(events)} of {amount(requests)}{aside(share)}"


def _more(effect: Effect) -> str:
    if effect.more_needed is None:
        return ""
    # A demo's watch lasts seconds; "about 1 minute" would be longer than all of it.
    short = effect.more_needed.total_seconds() < 60
    return f"; {span(effect.more_needed) if short else about(effect.more_needed)} more would tell"
