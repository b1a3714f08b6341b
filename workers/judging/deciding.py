"""The verdict: from how each signal stands to PASS, REGRESSED or INCONCLUSIVE."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from bot.domain.signals import Role, Signal
from bot.domain.verdict import Cap, Effect, Standing, Verdict, VerdictKind
from bot.domain.watchplan import WatchPlan
from bot.domain.yardstick import Yardsticks
from workers.judging import evidence
from workers.judging.counts import Burst
from workers.judging.dispersion import judge_dispersion
from workers.judging.evidence import Wording
from workers.judging.failures import judge_count
from workers.judging.levels import judge_level
from workers.judging.limits import Crossing, crossing
from workers.judging.load import SHIFTED, cap_of_load
from workers.judging.looking import FEWEST_REQUESTS, Look
from workers.judging.mix import has_changed
from workers.judging.tails import FEWEST_PERIODS
from workers.ports import Series

ALWAYS_TOLD = (Signal.P50, Signal.ERRORS)
"""What everybody wants to know, whatever it was that got worse."""


def judge(
    yardsticks: Yardsticks, after: Series, plan: WatchPlan, *, fresh: Series | None = None, is_over: bool = False
) -> Verdict:
    """The verdict at this look, valid however often one looks.

    Args:
        yardsticks: What `make_yardsticks` made when the watch began.
        after: The periods that are complete, from the start of the judged window.
        plan: How the watch is held.
        fresh: Newer periods, to which numbers may still be added: only crossed error limits are seen in them.
        is_over: Whether this is the last look.
    """
    look = Look(yardsticks, after, plan, is_over)
    findings = findings_of(look)
    wording = Wording(plan.streaming, is_over, after.period)
    return with_limits(decide(look, findings, wording), crossing(yardsticks, after, fresh, plan))


def with_limits(verdict: Verdict, crossed: Crossing | None) -> Verdict:
    """The verdict, unless a limit was crossed.

    A limit that the old fleet had crossed as well does not hide what speaks against the new one alone.
    """
    if crossed is None or (crossed.was_above_before and verdict.kind is VerdictKind.REGRESSED):
        return verdict
    return Verdict(
        kind=VerdictKind.REGRESSED,
        evidence=evidence.of_crossing(crossed),
        is_hard=True,
        may_act=not crossed.was_above_before,
        effects=verdict.effects,
    )


@dataclass(frozen=True)
class Findings:
    """How each signal stands, and what is known of the traffic."""

    effects: tuple[Effect, ...]
    bursts: Mapping[Signal, Burst]
    cap: Cap | None
    load: float | None
    streams: float | None = None

    def worse(self) -> list[Effect]:
        """What got worse, most important first."""
        return self._judged((Role.CRITICAL, Role.NORMAL), (Standing.WORSE,))

    def unclear(self) -> list[Effect]:
        """What keeps PASS from being said."""
        return self._judged((Role.CRITICAL,), (Standing.MISSING, Standing.UNCLEAR))

    def _judged(self, roles: Sequence[Role], standings: Sequence[Standing]) -> list[Effect]:
        return [e for role in roles for e in self.effects if e.role is role and e.standing in standings]


def findings_of(look: Look) -> Findings:
    """Judges each signal by itself."""
    effects: list[Effect] = []
    bursts: dict[Signal, Burst] = {}
    for signal, role in look.plan.judged.items():
        if signal.is_count:
            effect, burst = judge_count(look, signal, role)
            if burst is not None:
                bursts[signal] = burst
        elif signal is Signal.SPREAD:
            effect = judge_dispersion(look, role)
        else:
            effect = judge_level(look, signal, role)
        effects.append(effect)
    cap = cap_of_load(look.load, look.traffic)
    if cap is None and look.streams is not None and look.streams > SHIFTED:
        cap = Cap.STREAMS_ROSE
    if cap is None and has_changed(look):
        cap = Cap.MIX_CHANGED
    return Findings(tuple(effects), bursts, cap, look.load, look.streams)


def decide(look: Look, findings: Findings, wording: Wording) -> Verdict:
    """The verdict on what was found, limits aside."""
    if silence := _nothing_to_judge(look, wording):
        return _inconclusive(findings, silence, None)
    worse, unclear = findings.worse(), findings.unclear()
    if not look.is_enough:
        fewest = (FEWEST_PERIODS, FEWEST_REQUESTS)
        told = evidence.too_little(look.periods, look.requests, fewest, look.enough_after, wording)
        return _inconclusive(findings, told, look.enough_after)
    clauses = _clauses(findings, worse or unclear[:1], wording)
    failing = [e for e in worse if e.signal.is_count]
    # More traffic, or other traffic, may explain slowness; it does not explain that requests fail.
    if findings.cap is not None and not failing and (worse or not unclear):
        told = evidence.sentence((evidence.of_cap(findings.cap, findings.load, findings.streams), *clauses[:-1]))
        return _inconclusive(findings, _capital(told), None)
    if worse:
        may_act = any(e.role is Role.CRITICAL for e in worse)
        return Verdict(
            kind=VerdictKind.REGRESSED, evidence=evidence.sentence(clauses), may_act=may_act, effects=findings.effects
        )
    if unclear:
        more = [e.more_needed for e in unclear]
        needed = None if None in more else max((m for m in more if m is not None), default=None)
        first = evidence.unclear(unclear[0], look.plan.tolerance, wording)
        return _inconclusive(findings, evidence.sentence((first, *clauses[1:])), needed)
    return Verdict(kind=VerdictKind.PASS, evidence=evidence.sentence(clauses), effects=findings.effects)


def _nothing_to_judge(look: Look, wording: Wording) -> str | None:
    if look.requests <= 0 and look.periods == 0:
        return f"CloudWatch shows no request to {wording.new}, so no traffic has tried it."
    if not look.yardsticks.metrics and not look.yardsticks.counts:
        return f"CloudWatch shows no request {wording.old}, so there is nothing to compare with."
    return None


def _clauses(findings: Findings, first: Sequence[Effect], wording: Wording) -> list[str | None]:
    """What matters for the verdict, then what everybody wants to know, then the traffic.

    Percentiles rise together: the first of them is told with all its numbers, the others in brief.
    """
    told: list[str | None] = []
    for effect in first:
        is_told = any(e.signal.is_latency for e in first[: len(told)])
        in_brief = effect.signal.is_latency and effect.change is not None and is_told
        burst = findings.bursts.get(effect.signal)
        told.append(evidence.briefly(effect, wording) if in_brief else evidence.clause(effect, wording, burst))
    for effect in findings.effects:
        if effect.signal in ALWAYS_TOLD and effect not in first and effect.standing is not Standing.MISSING:
            told.append(evidence.clause(effect, wording, findings.bursts.get(effect.signal)))
    return [*told, evidence.load_clause(findings.load)]


def _inconclusive(findings: Findings, told: str, more: timedelta | None) -> Verdict:
    return Verdict(
        kind=VerdictKind.INCONCLUSIVE, evidence=told, effects=findings.effects, cap=findings.cap, more_needed=more
    )


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
