"""The sentence that a verdict is told with: what was measured, by how much it differs, and how sure that is."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from bot.domain.durations import about, span
from bot.domain.signals import Signal
from bot.domain.verdict import Basis, Cap, Effect, Standing
from bot.messages.words import amount, aside, count, from_to_ms, interval, milliseconds, signed
from workers.judging.counts import Burst
from workers.judging.limits import Crossing
from workers.judging.load import EQUAL

EXPECTED_TO_MOVE = 0.02
"""An expectation within two percent of what was before is not worth a word."""


@dataclass(frozen=True)
class Wording:
    """What depends on the endpoint and on what is compared with what."""

    is_streaming: bool
    is_over: bool
    period: timedelta
    side_by_side: bool = False

    @property
    def new(self) -> str:
        """Whose numbers are judged."""
        return "the new variant" if self.side_by_side else "the new fleet"

    @property
    def old(self) -> str:
        """Whose numbers they are compared with."""
        return "to the old variant" if self.side_by_side else "before the update"


def name_of(signal: Signal, wording: Wording) -> str:
    """What a signal is called. Of a stream, the latency is the time to its first chunk."""
    latency = "first-chunk" if wording.is_streaming else "latency"
    names = {
        Signal.P50: f"p50 {latency}",
        Signal.P90: f"p90 {latency}",
        Signal.P99: f"p99 {latency}",
        Signal.SPREAD: f"p50 {latency} swings",
        Signal.ERRORS: "5xx",
        Signal.MID_STREAM_ERRORS: "broken streams",
        Signal.SETUP_TIME: "cold start",
        Signal.CLIENT_ERRORS: "4xx",
    }
    return names[signal]


def clause(effect: Effect, wording: Wording, burst: Burst | None = None) -> str:
    """One signal in numbers: `p50 first-chunk 412 → 530 ms (+29 %, 95 % interval +21…+36 %)`."""
    name = name_of(effect.signal, wording)
    if effect.signal.is_count:
        return _count_clause(effect, name, burst, wording)
    if effect.change is None or effect.low is None or effect.high is None or effect.after is None:
        return f"{name}: no data"
    bounds = aside(signed(effect.change), interval(effect.low, effect.high))
    if effect.signal is Signal.SPREAD:
        assert effect.expected is not None
        times = f"{1 + effect.change:.1f} times as far, 95 % interval {1 + effect.low:.1f}…{1 + effect.high:.1f}"
        return f"{name} by ±{share(effect.expected)} → ±{share(effect.after)}{aside(times)}"
    moved = ""
    if effect.before and effect.expected and abs(effect.expected / effect.before - 1) > EXPECTED_TO_MOVE:
        moved = f" where {milliseconds(effect.expected)} {_was_to_be_expected(effect.basis)}"
    return f"{name} {from_to_ms(effect.before, effect.after)}{moved}{bounds}"


def briefly(effect: Effect, wording: Wording) -> str:
    """One signal in a few words: `p90 latency +31 %`."""
    assert effect.change is not None
    return f"{name_of(effect.signal, wording)} {signed(effect.change)}"


def _was_to_be_expected(basis: Basis) -> str:
    return "were to be expected" if basis is Basis.HOUR_BEFORE else "were to be expected at this hour"


def _count_clause(effect: Effect, name: str, burst: Burst | None, wording: Wording) -> str:
    if effect.events is None or effect.requests is None:
        return f"{name}: no data"
    (before, after), (of_before, of_after) = effect.events, effect.requests
    within = ""
    if burst is not None and burst.is_worse and burst.requests < of_after:
        several = span(wording.period * burst.periods)
        within = f" ({amount(burst.events)} of {amount(burst.requests)} within {several})"
    return f"{name} {amount(after)} of {amount(of_after)}{within} against {amount(before)} of {amount(of_before)}"


def load_clause(ratio: float | None) -> str | None:
    """The traffic in words: `load equal`, `load +35 %`."""
    if ratio is None:
        return None
    if 1 / EQUAL <= ratio <= EQUAL:
        return "load equal"
    return f"load {ratio:.1f} times as high as expected" if ratio >= 2 else f"load {signed(ratio - 1)}"


def sentence(clauses: Sequence[str | None]) -> str:
    """Clauses as one sentence."""
    return f"{'; '.join(c for c in clauses if c)}."


def of_crossing(crossing: Crossing) -> str:
    """A limit that was crossed."""
    if crossing.is_latency:
        found = (
            f"{crossing.name} is {milliseconds(crossing.after)}; the fleet file allows {milliseconds(crossing.ceiling)}"
        )
        was = milliseconds(crossing.before)
    else:
        numbers = f"{amount(crossing.events)} of {amount(crossing.requests)}"
        found = f"{share(crossing.after)} of the {crossing.name} ({numbers}); {share(crossing.ceiling)} is the limit"
        was = share(crossing.before or 0.0)
    if crossing.was_above_before:
        return f"{found}, but it was {was} before the update as well."
    return f"{found}."


def share(ratio: float) -> str:
    """A share with as many digits as matter: `8.1 %`, `5 %`, `0.25 %`."""
    return f"{ratio * 100:.2g} %" if ratio < 0.995 else f"{ratio * 100:.0f} %"


def of_cap(cap: Cap, ratio: float | None, streams: float | None = None) -> str:
    """What happened to the traffic, so that the numbers prove nothing about the fleet."""
    if cap is Cap.MIX_CHANGED:
        # Which of the two it is, no number of CloudWatch's tells.
        return (
            "errors that are put down to the callers (4xx) jumped: they send other requests than before, or the new fleet "
            "refuses what the old one took, so the fleets cannot be compared"
        )
    if cap is Cap.STREAMS_ROSE:
        assert streams is not None
        return f"{streams:.1f} times as many streams are open at once as was to be expected, so the fleets cannot be compared"
    assert ratio is not None
    times = f"{ratio:.1f} times" if ratio >= 1 else f"{share(ratio)} of"
    return f"load is {times} what was to be expected, so the fleets cannot be compared"


def too_little(periods: int, requests: float, fewest: tuple[int, int], more: timedelta | None, wording: Wording) -> str:
    """That there was not traffic enough, and how long it would take."""
    least_periods, least_requests = fewest
    if requests < least_requests:
        found = f"Only {count(round(requests), 'request')} reached {wording.new}; {least_requests} are needed"
    else:
        found = f"Only {span(wording.period * periods)} with traffic so far; {span(wording.period * least_periods)} are needed"
    return f"{found}{more_time(more)}."


def unclear(effect: Effect, tolerance: float, wording: Wording) -> str:
    """Why one signal does not allow a verdict."""
    told = clause(effect, wording)
    if effect.standing is Standing.MISSING:
        return f"CloudWatch has no {name_of(effect.signal, wording)} for both sides"
    if effect.signal.is_count:
        return f"{told}, which proves nothing yet{more_time(effect.more_needed)}"
    reason = f"too unsure to exclude a rise of {share(2 * tolerance)}"
    longer = more_time(effect.more_needed) or (
        "; a longer watch would not help, because it varies as much by itself" if wording.is_over else ""
    )
    return f"{told} is {reason}{longer}"


def more_time(more: timedelta | None) -> str:
    """How much longer it would take: `, about 9 minutes more at this traffic`."""
    if more is None or more <= timedelta(0):
        return ""
    return f"; {span(more) if more < timedelta(minutes=1) else about(more)} more at this traffic would tell"
