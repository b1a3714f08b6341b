"""Builders of domain values: a rollout in any phase, as the engine would have left it there."""

from datetime import datetime, timedelta
from typing import Any

from bot.domain.calls import UpdateCall
from bot.domain.commands import Change
from bot.domain.endpoint import EndpointStatus, PendingDeployment, Snapshot, VariantState
from bot.domain.phases import Kind, Phase, Reason
from bot.domain.plan import Difference, Finding, Level, Plan
from bot.domain.rollout import Rollout, open_rollout
from bot.domain.rollout_parts import ApprovalChoice, ApprovalDecision, Pace, Terms, Thread
from bot.domain.signals import Role, Signal
from bot.domain.strategy import Strategy
from bot.domain.verdict import Comparison, Effect, Measurement, Standing, Verdict, VerdictKind, Window
from bot.domain.watchplan import WatchPlan
from fakes.clock import NOW

ENDPOINT = "sentiment-prod"
CURRENT, TARGET = "sentiment-v3", "sentiment-v4"
ANNA, BEN, CARL = "U0ANNA", "U0BEN", "U0CARL"
LONG_AGO = NOW - timedelta(days=3)
PACE = Pace(poll=timedelta(seconds=15), settle=timedelta(seconds=10))
WATCH = WatchPlan(
    duration=timedelta(minutes=30),
    warm_up=timedelta(minutes=3),
    metric_period=timedelta(minutes=1),
    baseline=timedelta(hours=1),
)
TERMS = Terms(endpoint=ENDPOINT, region="us-east-1", pace=PACE, watch=WATCH, expires_after=timedelta(hours=4))


def a_snapshot(
    status: EndpointStatus = EndpointStatus.IN_SERVICE,
    config: str = CURRENT,
    *,
    moved_at: datetime = LONG_AGO,
    pending: str | None = None,
    reason: str | None = None,
    have: int = 1,
    message: str | None = None,
) -> Snapshot:
    green = VariantState(name="AllTraffic", current_count=have, desired_count=2, stage="Creating", message=message)
    return Snapshot(
        name=ENDPOINT,
        arn=f"arn:aws:sagemaker:us-east-1:123456789012:endpoint/{ENDPOINT}",
        status=status,
        config_name=config,
        last_modified=moved_at,
        observed_at=NOW,
        failure_reason=reason,
        variants=(VariantState(name="AllTraffic", current_count=2, desired_count=2, weight=1.0),),
        pending=PendingDeployment(config_name=pending, variants=(green,)) if pending else None,
    )


def a_plan(**fields: Any) -> Plan:
    return Plan(
        **{
            "fingerprint": "0123456789abcdef",
            "made_at": NOW,
            "current_config": CURRENT,
            "target_config": TARGET,
            "current_label": "sentiment version 3",
            "target_label": "sentiment version 4",
            "new_models": {"model-v3": "model-v4"},
            "differences": (
                Difference(path="AllTraffic.model.PrimaryContainer.ModelPackageName", before="3", after="4"),
            ),
            "kept": ("AllTraffic keeps its instance count, 2.",),
            "findings": (Finding(check="in_service", level=Level.OK, text="The endpoint is InService."),),
            "strategy": Strategy(reason="The whole new fleet stands before any traffic moves."),
            **fields,
        }
    )


def a_blocked_plan() -> Plan:
    blocker = Finding(
        check="version_status",
        level=Level.BLOCKER,
        text="sentiment version 4 is Rejected.",
        next_step="Approve it first.",
    )
    return a_plan(findings=(blocker,))


def a_call(**fields: Any) -> UpdateCall:
    """An UpdateEndpoint that was written down and whose answer nobody saw."""
    return UpdateCall(**{"config": TARGET, "intended_at": NOW, "last_modified_before": LONG_AGO, **fields})


def a_comparison(*, before_us: float | None = 400_000.0, after_us: float | None = 410_000.0) -> Comparison:
    def measured(start: datetime, minutes: int, us: float | None) -> Measurement:
        return Measurement(
            window=Window(start=start, end=start + timedelta(minutes=minutes)),
            p50_us=us,
            p90_us=us and us * 2,
            p99_us=us and us * 3,
            requests=1000.0,
            errors_4xx=2.0,
            errors_5xx=1.0,
        )

    return Comparison(
        latency_metric="ModelLatency",
        before=measured(NOW - timedelta(hours=1), 60, before_us),
        after=measured(NOW + timedelta(minutes=20), 30, after_us),
    )


def a_verdict(kind: VerdictKind = VerdictKind.PASS) -> Verdict:
    return Verdict(
        kind=kind, evidence="ModelLatency p50 400 → 410 ms (+2 %); errors 1 of 1,000 (0.10 %) before and after."
    )


def an_effect(
    signal: Signal = Signal.P50, standing: Standing = Standing.AS_GOOD, *, change: float = 0.01, **fields: Any
) -> Effect:
    """A latency of 400 ms before, and after by so much more; bounded by five points on either side."""
    before = fields.get("before", 400_000.0)
    return Effect(
        **{
            "signal": signal,
            "role": Role.NORMAL if signal is Signal.P99 else Role.CRITICAL,
            "standing": standing,
            "before": before,
            "expected": before,
            "after": before * (1 + change),
            "change": change,
            "low": change - 0.05,
            "high": change + 0.05,
            **fields,
        }
    )


def a_count(
    after: float = 0.0, standing: Standing = Standing.AS_GOOD, signal: Signal = Signal.ERRORS, **fields: Any
) -> Effect:
    """So many of 1,790 requests failed; none of 1,840 before."""
    return Effect(
        **{
            "signal": signal,
            "role": Role.CRITICAL,
            "standing": standing,
            "events": (0.0, after),
            "requests": (1840.0, 1790.0),
            **fields,
        }
    )


def judged(kind: VerdictKind, *effects: Effect, evidence: str = "", **fields: Any) -> Verdict:
    """A verdict of the judge, with its effects."""
    return Verdict(kind=kind, evidence=evidence or a_verdict().evidence, effects=effects, **fields)


def regressed(**fields: Any) -> Verdict:
    """The median is 29 % up, without a doubt."""
    return judged(
        VerdictKind.REGRESSED,
        an_effect(standing=Standing.WORSE, change=0.29, before=412_000.0),
        a_count(7, Standing.WORSE),
        evidence=(
            "p50 latency 412 → 530 ms (+29 %, 95 % interval +24…+34 %); 5xx 7 of 1,790 against 0 of 1,840; load equal."
        ),
        **fields,
    )


def approved_by(*people: str, at: datetime = NOW) -> tuple[ApprovalDecision, ...]:
    return tuple(ApprovalDecision(actor=p, choice=ApprovalChoice.APPROVE, at=at) for p in people)


def opened(kind: Kind = Kind.UPDATE, **fields: Any) -> Rollout:
    """A rollout in planning; `fields` may also be those of its terms."""
    own_terms = {name: fields.pop(name) for name in Terms.model_fields.keys() & fields.keys()}
    return open_rollout(
        **{
            "id": "rabc2345",
            "kind": kind,
            "terms": TERMS.model_copy(update=own_terms),
            "requester": ANNA,
            "thread": Thread(channel_id="C0MLDEPLOYS", thread_ts="1.000100"),
            "now": NOW - timedelta(minutes=10),
            "change": Change(version=4) if kind is Kind.UPDATE else None,
            "approvers_text": f"<@{BEN}> or <@{CARL}>",
            **fields,
        }
    )


UPDATE_PATHS: dict[Phase, tuple[Phase, ...]] = {
    Phase.PLANNING: (),
    Phase.AWAITING_APPROVAL: (Phase.AWAITING_APPROVAL,),
    Phase.SCHEDULED: (Phase.AWAITING_APPROVAL, Phase.SCHEDULED),
    Phase.PREPARING: (Phase.AWAITING_APPROVAL, Phase.PREPARING),
    Phase.UPDATING: (Phase.AWAITING_APPROVAL, Phase.PREPARING, Phase.UPDATING),
    Phase.WATCHING: (Phase.AWAITING_APPROVAL, Phase.PREPARING, Phase.UPDATING, Phase.WATCHING),
    Phase.REJECTED: (Phase.AWAITING_APPROVAL, Phase.REJECTED),
    Phase.EXPIRED: (Phase.AWAITING_APPROVAL, Phase.EXPIRED),
    Phase.CANCELLED: (Phase.AWAITING_APPROVAL, Phase.CANCELLED),
    Phase.BLOCKED: (Phase.BLOCKED,),
    Phase.FAILED: (Phase.AWAITING_APPROVAL, Phase.PREPARING, Phase.FAILED),
    Phase.ROLLED_BACK_BY_AWS: (Phase.AWAITING_APPROVAL, Phase.PREPARING, Phase.UPDATING, Phase.ROLLED_BACK_BY_AWS),
    Phase.NEEDS_HUMAN: (Phase.AWAITING_APPROVAL, Phase.PREPARING, Phase.UPDATING, Phase.NEEDS_HUMAN),
}
UPDATE_PATHS[Phase.SUCCEEDED] = (*UPDATE_PATHS[Phase.WATCHING], Phase.SUCCEEDED)
UPDATE_PATHS[Phase.ROLLING_BACK] = (*UPDATE_PATHS[Phase.SUCCEEDED], Phase.ROLLING_BACK)
UPDATE_PATHS[Phase.ROLLED_BACK] = (*UPDATE_PATHS[Phase.ROLLING_BACK], Phase.ROLLED_BACK)

_REASONS: dict[Phase, tuple[Reason, str]] = {
    Phase.AWAITING_APPROVAL: (Reason.PLAN_READY, "bot"),
    Phase.SCHEDULED: (Reason.APPROVED, BEN),
    Phase.PREPARING: (Reason.APPROVED, BEN),
    Phase.UPDATING: (Reason.UPDATE_REQUESTED, "bot"),
    Phase.WATCHING: (Reason.LANDED, "bot"),
    Phase.SUCCEEDED: (Reason.WATCH_OVER, "bot"),
    Phase.REJECTED: (Reason.REJECTED_BY_APPROVER, BEN),
    Phase.EXPIRED: (Reason.APPROVAL_EXPIRED, "bot"),
    Phase.CANCELLED: (Reason.CANCELLED_BY_PERSON, ANNA),
    Phase.BLOCKED: (Reason.PREFLIGHT_BLOCKED, "bot"),
    Phase.FAILED: (Reason.AWS_REFUSED, "bot"),
    Phase.ROLLED_BACK_BY_AWS: (Reason.AWS_ROLLED_BACK, "aws"),
    Phase.ROLLING_BACK: (Reason.ROLLBACK_REQUESTED, BEN),
    Phase.ROLLED_BACK: (Reason.ROLLBACK_LANDED, BEN),
    Phase.NEEDS_HUMAN: (Reason.UPDATE_ROLLBACK_FAILED, "bot"),
}


def _known_in(phase: Phase) -> dict[str, Any]:
    """What the engine has learned by the time it enters the phase."""
    match phase:
        case Phase.AWAITING_APPROVAL:
            return {"plan": a_plan()}
        case Phase.BLOCKED:
            return {"plan": a_blocked_plan()}
        case Phase.SCHEDULED:
            return {**_known_in(Phase.PREPARING), "scheduled_for": NOW + timedelta(hours=3)}
        case Phase.PREPARING:
            return {"approvals": approved_by(BEN)}
        case Phase.REJECTED:
            return {"approvals": (ApprovalDecision(actor=BEN, choice=ApprovalChoice.REJECT, at=NOW),)}
        case Phase.UPDATING:
            seen = a_snapshot(EndpointStatus.UPDATING, pending=TARGET)
            called = a_call(accepted_at=NOW)
            return {"models_created": True, "config_created": True, "update": called, "snapshot": seen}
        case Phase.WATCHING:
            return {"cutover_at": NOW, "snapshot": a_snapshot(config=TARGET)}
        case Phase.SUCCEEDED:
            return {"comparison": a_comparison(), "verdict": a_verdict()}
        case Phase.ROLLING_BACK:
            return {"child_id": "rchild22"}
        case _:
            return {}


def at(phase: Phase, *, note: str = "", now: datetime = NOW, **fields: Any) -> Rollout:
    """An update rollout in that phase, brought there by legal steps; `fields` are laid over the end."""
    rollout = opened()
    for step in UPDATE_PATHS[phase]:
        reason, actor = _REASONS[step]
        last = note if step is phase else ""
        rollout = rollout.to(step, reason, now, actor, last, **_known_in(step))
    return rollout.with_(**fields)


def rollback_at(phase: Phase, *, note: str = "", now: datetime = NOW, **fields: Any) -> Rollout:
    """A rollback in that phase: planning, awaiting_approval, rolling_back or one of its ends."""
    rollout = opened(Kind.ROLLBACK, id="rchild22", parent_id="rabc2345", rollback_to=CURRENT, requester=BEN)
    plan = a_plan(
        current_config=TARGET, target_config=CURRENT, current_label=TARGET, target_label=CURRENT, new_models={}
    )
    if phase is not Phase.PLANNING:
        following = Phase.AWAITING_APPROVAL if phase is Phase.AWAITING_APPROVAL else Phase.ROLLING_BACK
        rollout = rollout.to(following, Reason.NO_APPROVAL_NEEDED, now, BEN, plan=plan)
    if phase not in (Phase.PLANNING, Phase.AWAITING_APPROVAL, Phase.ROLLING_BACK):
        reason = Reason.ROLLBACK_LANDED if phase is Phase.ROLLED_BACK else Reason.ROLLBACK_FAILED
        rollout = rollout.to(phase, reason, now, "bot", note)
    return rollout.with_(**fields)
