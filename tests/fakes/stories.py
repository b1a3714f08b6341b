"""Every kind of record that a thread can have to tell, by a name that says what is special about it."""

from collections.abc import Mapping
from datetime import timedelta

from bot.domain.endpoint import EndpointStatus, PendingDeployment, VariantState
from bot.domain.phases import Kind, Phase, Reason
from bot.domain.plan import Difference
from bot.domain.rollout import ApprovalChoice, ApprovalDecision, Redraw, Rollout, Trouble
from bot.domain.verdict import VerdictKind
from fakes.bridges import BRIDGE, NEW, baking, crossing, landing, leaving, shifting
from fakes.clock import NOW
from fakes.plans import NO_RETURN, a_full_plan
from fakes.records import (
    BEN,
    CARL,
    CURRENT,
    TARGET,
    a_call,
    a_comparison,
    a_plan,
    a_snapshot,
    a_verdict,
    approved_by,
    at,
    opened,
    rollback_at,
)

REASON = "Insufficient capacity for ml.m5.xlarge."


def _ended(before: Phase, phase: Phase, reason: Reason, note: str, **fields: object) -> Rollout:
    return at(before).to(phase, reason, NOW, "bot", note, **fields)


STORIES: Mapping[str, Rollout] = {
    **{str(phase): at(phase, note=REASON) for phase in Phase},
    **{
        f"rollback {phase}": rollback_at(phase, note=REASON)
        for phase in (
            Phase.PLANNING,
            Phase.AWAITING_APPROVAL,
            Phase.ROLLING_BACK,
            Phase.ROLLED_BACK,
            Phase.FAILED,
            Phase.NEEDS_HUMAN,
        )
    },
    "rollback in its parent's thread": rollback_at(
        Phase.ROLLING_BACK,
        in_parent_thread=True,
        update=a_call(config=CURRENT, accepted_at=NOW),
        snapshot=a_snapshot(EndpointStatus.UPDATING, TARGET, pending=CURRENT),
    ),
    "rollback blocked in its parent's thread": opened(Kind.ROLLBACK, id="rchild22", in_parent_thread=True).to(
        Phase.BLOCKED, Reason.PREFLIGHT_BLOCKED, NOW, "bot", "The config sentiment-v3 was deleted."
    ),
    "one of two approvals": at(Phase.AWAITING_APPROVAL, quorum=2, approvals=approved_by(BEN)),
    "two approvals": at(Phase.PREPARING, approvals=approved_by(BEN, CARL)),
    "rejected with words": at(
        Phase.REJECTED,
        approvals=(
            ApprovalDecision(
                actor=BEN,
                choice=ApprovalChoice.REJECT,
                at=NOW,
                reason="Too risky today.\nIt succeeded in staging only.",
            ),
        ),
    ),
    "superseded": at(Phase.AWAITING_APPROVAL).to(
        Phase.CANCELLED, Reason.SUPERSEDED, NOW, CARL, superseded_by="rnewer22"
    ),
    "nowhere to tell": opened().to(Phase.CANCELLED, Reason.CHANNEL_UNREACHABLE, NOW, "bot"),
    "blocked without a plan": opened().to(
        Phase.BLOCKED, Reason.PREFLIGHT_BLOCKED, NOW, "bot", "There is no version of sentiment “9”."
    ),
    "crashed before a decision": _ended(
        Phase.AWAITING_APPROVAL, Phase.FAILED, Reason.INTERNAL_ERROR, "The bot failed 5 times in a row at this."
    ),
    "drifted": _ended(
        Phase.PREPARING, Phase.FAILED, Reason.ENDPOINT_DRIFTED, "It is on made-by-hand now.", update=None
    ),
    "gone before": _ended(Phase.PREPARING, Phase.FAILED, Reason.ENDPOINT_GONE, "The endpoint does not exist any more."),
    "gone during": _ended(Phase.UPDATING, Phase.NEEDS_HUMAN, Reason.ENDPOINT_GONE, "Somebody is deleting it."),
    "answer lost": _ended(
        Phase.UPDATING, Phase.FAILED, Reason.AWS_UNREACHABLE, "SageMaker's answer was lost.", update=a_call()
    ),
    "refused by AWS": _ended(Phase.UPDATING, Phase.FAILED, Reason.AWS_REFUSED, "AWS refused UpdateEndpoint."),
    "before the call": at(Phase.UPDATING, update=None, snapshot=a_snapshot()),
    "call not answered": at(Phase.UPDATING, update=a_call(), snapshot=None),
    "just asked": at(Phase.UPDATING, snapshot=a_snapshot()),
    "nothing pending shown": at(Phase.UPDATING, snapshot=a_snapshot(EndpointStatus.UPDATING)),
    "in SageMaker's words": at(
        Phase.UPDATING,
        snapshot=a_snapshot(EndpointStatus.UPDATING, pending=TARGET, message="Launching 1 instance(s)."),
        plan=a_plan(expected_duration=timedelta(minutes=12)),
    ),
    "cancel queued": at(Phase.UPDATING, rollback_queued_by=BEN),
    "in trouble": at(Phase.UPDATING, trouble=Trouble(count=3, since=NOW, last="throttled")),
    "watched a while": at(Phase.WATCHING, comparison=a_comparison()),
    "no data": at(Phase.SUCCEEDED, comparison=a_comparison(before_us=None, after_us=None)),
    "regressed": at(
        Phase.SUCCEEDED, comparison=a_comparison(after_us=530_000.0), verdict=a_verdict(VerdictKind.REGRESSED)
    ),
    "rolled back from the watch": at(Phase.WATCHING).to(
        Phase.ROLLING_BACK, Reason.ROLLBACK_REQUESTED, NOW, BEN, child_id="rchild22"
    ),
    "rollback failed": at(Phase.ROLLING_BACK).to(
        Phase.NEEDS_HUMAN, Reason.ROLLBACK_FAILED, NOW, "bot", "SageMaker ended the update on sentiment-v4."
    ),
    "settings only": at(Phase.AWAITING_APPROVAL, plan=a_plan(target_label="sentiment version 3", new_models={})),
    "asked for by a terminal": at(Phase.AWAITING_APPROVAL, requester="terminal:anna"),
    "serverless": at(
        Phase.UPDATING,
        plan=a_plan(kept=()),
        snapshot=a_snapshot(EndpointStatus.UPDATING).model_copy(
            update={"pending": PendingDeployment(config_name=TARGET, variants=(VariantState(name="AllTraffic"),))}
        ),
    ),
    "rolled back without a plan": at(Phase.ROLLED_BACK, plan=None, comparison=None),
    "full plan": at(Phase.AWAITING_APPROVAL, plan=a_full_plan()),
    "no way back": at(
        Phase.AWAITING_APPROVAL,
        plan=a_full_plan(readiness=NO_RETURN, irreversible=NO_RETURN.reasons),
        quorum=2,
    ),
    "drawn up again": at(
        Phase.AWAITING_APPROVAL,
        plan=a_full_plan(),
        redraws=(
            Redraw(
                at=NOW,
                differences=(Difference(path="Instances of AllTraffic", before="2", after="6"),),
                approvals_lost=(BEN,),
            ),
        ),
    ),
    "being drawn up again": at(Phase.AWAITING_APPROVAL).to(Phase.PLANNING, Reason.PLAN_DRIFTED, NOW, "bot"),
    "with words": at(Phase.AWAITING_APPROVAL, reason="Fixes the emoji bug"),
    "before the second variant": crossing(),
    "second variant starting": crossing(call=a_call(config=BRIDGE, accepted_at=NOW)).with_(
        snapshot=a_snapshot(EndpointStatus.UPDATING).model_copy(
            update={
                "pending": PendingDeployment(config_name=BRIDGE, variants=(VariantState(name=NEW, desired_count=2),))
            }
        )
    ),
    "variants not measured yet": baking(),
    "variants compared": baking(comparison=a_comparison(), verdict=a_verdict()),
    "weights moving": shifting(accepted_at=NOW),
    "last update over a bridge": landing(update=a_call(accepted_at=NOW), snapshot=a_snapshot(EndpointStatus.UPDATING)),
    "turned back by itself": baking(verdict=a_verdict(VerdictKind.REGRESSED)).to(
        Phase.ROLLING_BACK, Reason.BAKE_REGRESSED, NOW, "bot", "ModelLatency p50 400 → 900 ms (+125 %)."
    ),
    "back by itself": baking(verdict=a_verdict(VerdictKind.REGRESSED))
    .to(Phase.ROLLING_BACK, Reason.BAKE_REGRESSED, NOW, "bot", "ModelLatency p50 400 → 900 ms (+125 %).")
    .to(Phase.ROLLED_BACK, Reason.ROLLBACK_LANDED, NOW, "bot"),
    "rollback leaving a bridge": leaving().with_(in_parent_thread=True, requester="bot"),
    "rollback whose weights did not move": leaving(shift_refused="SageMaker refused it."),
    "restored": at(Phase.SUCCEEDED, restored=True, verdict=None, comparison=None),
}
