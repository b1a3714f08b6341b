"""Every kind of record that a thread can have to tell, by a name that says what is special about it."""

from collections.abc import Mapping
from datetime import timedelta

from bot.domain.checks import CheckPlan, CheckRun, CheckTime, Score
from bot.domain.endpoint import EndpointStatus, PendingDeployment, VariantState
from bot.domain.phases import Kind, Phase, Reason
from bot.domain.plan import Difference
from bot.domain.rollout import Rollout
from bot.domain.rollout_parts import ApprovalChoice, ApprovalDecision, Redraw, Trouble
from bot.domain.signals import Role, Signal
from bot.domain.verdict import Basis, Standing, VerdictKind
from bot.domain.watchplan import Acceptance, Extension, Restraint
from fakes.autoscales import AUTOSCALES
from fakes.beginnings import LIFE_STORIES
from fakes.bridges import BRIDGE, NEW, baking, crossing, landing, leaving, shifting
from fakes.clock import NOW
from fakes.plans import NO_RETURN, a_full_plan
from fakes.records import (
    BEN,
    CARL,
    CURRENT,
    TARGET,
    WATCH,
    a_call,
    a_comparison,
    a_count,
    a_plan,
    a_snapshot,
    a_verdict,
    an_effect,
    approved_by,
    at,
    judged,
    opened,
    regressed,
    rollback_at,
)
from fakes.trials import TRIALS

REASON = "Insufficient capacity for ml.m5.xlarge."


def _ended(before: Phase, phase: Phase, reason: Reason, note: str, **fields: object) -> Rollout:
    return at(before).to(phase, reason, NOW, "bot", note, **fields)


HALF_AN_HOUR = timedelta(minutes=30)
EXTENDED = Extension(actor=CARL, at=NOW + timedelta(minutes=20), by=HALF_AN_HOUR)
ACCEPTED = Acceptance(actor=BEN, at=NOW + timedelta(minutes=25), reason="Slower, but far more accurate.")
SERVED = ("p50_us", "p90_us", "p99_us", "requests", "errors_4xx", "errors_5xx")
SLOWER = a_comparison(before_us=412_000.0, after_us=530_000.0)
SILENT = a_comparison(after_us=None).model_copy(
    update={"after": a_comparison().after.model_copy(update=dict.fromkeys(SERVED))}
)
NOBODY_CALLED = judged(
    VerdictKind.INCONCLUSIVE,
    an_effect(standing=Standing.MISSING).model_copy(update=dict.fromkeys(("after", "change", "low", "high"))),
    evidence="CloudWatch shows no request to the new fleet, so no traffic has tried it.",
)
AS_GOOD = judged(
    VerdictKind.PASS,
    an_effect(),
    an_effect(Signal.P90, before=800_000.0, change=-0.02),
    an_effect(Signal.P99, Standing.UNCLEAR, before=1_200_000.0, change=0.08),
    a_count(0),
)
UNCLEAR = judged(
    VerdictKind.INCONCLUSIVE,
    an_effect(standing=Standing.UNCLEAR, change=0.08, low=-0.06, high=0.24, more_needed=timedelta(minutes=24)),
    a_count(0),
    evidence=(
        "p50 latency 400 → 432 ms (+8 %, 95 % interval −6…+24 %) is too unsure to exclude a rise of 20 %; about 24 minutes more at "
        "this traffic would tell; 5xx 0 of 1,790 against 0 of 1,840; load equal."
    ),
    more_needed=timedelta(minutes=23, seconds=20),
)


def _told(**fields: object) -> Rollout:
    """REGRESSED is confirmed during the watch, and left to people."""
    return at(
        Phase.WATCHING,
        **{
            "comparison": SLOWER,
            "last_look": regressed(),
            "worse_looks": 2,
            "worse_since": NOW + timedelta(minutes=9),
            "restraint": Restraint.NO_LIMIT_CROSSED,
            **fields,
        },
    )


CHECKED = WATCH.model_copy(update={"check": CheckPlan(command=("wer",), timeout=timedelta(minutes=5))})


def _checked(after: CheckRun, before: CheckRun | None = None, **fields: object) -> Rollout:
    return at(Phase.SUCCEEDED, checks=(before, after) if before is not None else (after,), **fields)


def _a_run(time: CheckTime = CheckTime.AFTER, exit_status: int | None = 0, **fields: object) -> CheckRun:
    return CheckRun(**{"time": time, "intended_at": NOW, "finished_at": NOW, "exit_status": exit_status, **fields})


_WATCHES: Mapping[str, Rollout] = {
    "watch as good so far": at(Phase.WATCHING, comparison=a_comparison(), last_look=AS_GOOD),
    "watch unclear so far": at(Phase.WATCHING, comparison=a_comparison(), last_look=UNCLEAR),
    "watch without callers": at(Phase.WATCHING, comparison=SILENT, last_look=NOBODY_CALLED),
    "nobody called": at(Phase.SUCCEEDED, comparison=SILENT, verdict=NOBODY_CALLED),
    "watch looks worse": at(Phase.WATCHING, comparison=SLOWER, last_look=regressed(), worse_looks=1),
    "watch extended": at(Phase.WATCHING, comparison=a_comparison(), last_look=AS_GOOD, extensions=(EXTENDED,)),
    "watch beside a check": at(
        Phase.WATCHING,
        comparison=a_comparison(),
        last_look=AS_GOOD,
        checks=(_a_run(started_at=NOW, finished_at=None, exit_status=None),),
    ),
    "regression told": _told(approvals=approved_by(BEN)),
    "regression told of a bot's own change": _told(requester="bot", approvals=(), restraint=Restraint.TWICE_IN_A_ROW),
    "regression accepted": _told(acceptance=ACCEPTED),
    "regression accepted without a word": _told(acceptance=ACCEPTED.model_copy(update={"reason": ""})),
    "regression told, then over": _told().to(Phase.SUCCEEDED, Reason.WATCH_OVER, NOW, "bot", verdict=regressed()),
    "regression told, then rolled back": _told().to(
        Phase.ROLLING_BACK, Reason.ROLLBACK_REQUESTED, NOW, BEN, child_id="rchild22"
    ),
    "regressed by the judge": at(
        Phase.SUCCEEDED, comparison=SLOWER, verdict=regressed(), restraint=Restraint.SWITCHED_OFF
    ),
    "regressed and accepted": at(Phase.SUCCEEDED, comparison=SLOWER, verdict=regressed(), acceptance=ACCEPTED),
    "regressed at another hour": at(
        Phase.SUCCEEDED,
        comparison=SLOWER.model_copy(update={"by_config": True}),
        verdict=judged(
            VerdictKind.REGRESSED,
            an_effect(
                standing=Standing.WORSE,
                before=412_000.0,
                expected=430_000.0,
                after=530_000.0,
                change=0.23,
                basis=Basis.BOTH_DAYS,
            ),
            an_effect(Signal.SPREAD, Standing.WORSE, role=Role.NORMAL, before=0.05, change=0.9, low=0.3, high=2.1),
            a_count(2, signal=Signal.CLIENT_ERRORS, role=Role.MUTED),
            a_count(0),
        ),
    ),
    "inconclusive": at(Phase.SUCCEEDED, comparison=a_comparison(after_us=432_000.0), verdict=UNCLEAR),
    "watched again": at(Phase.SUCCEEDED).to(
        Phase.WATCHING, Reason.WATCH_RESUMED, NOW, CARL, verdict=None, extensions=(EXTENDED,), last_look=UNCLEAR
    ),
    "bot rolls back": at(Phase.WATCHING, comparison=SLOWER, last_look=regressed(), verdict=regressed()).to(
        Phase.ROLLING_BACK, Reason.WATCH_REGRESSED, NOW, "bot", regressed().evidence, child_id="rchild22"
    ),
    "bot rolled back": at(
        Phase.WATCHING,
        plan=a_plan(content_hash="abc"),
        comparison=SLOWER,
        last_look=regressed(),
        verdict=regressed(is_hard=True),
    )
    .to(Phase.ROLLING_BACK, Reason.WATCH_REGRESSED, NOW, "bot", regressed().evidence, child_id="rchild22")
    .to(Phase.ROLLED_BACK, Reason.ROLLBACK_LANDED, NOW, "bot"),
    "bot's rollback is done": rollback_at(
        Phase.ROLLED_BACK, in_parent_thread=True, requester="bot", reason=regressed().evidence
    ),
    "the old fleet is checked": at(
        Phase.PREPARING,
        models_created=True,
        config_created=True,
        watch=CHECKED,
        checks=(_a_run(CheckTime.BEFORE, None, started_at=NOW, finished_at=None),),
    ),
    "the old fleet failed its check": at(
        Phase.PREPARING, models_created=True, config_created=True, watch=CHECKED, checks=(_a_run(CheckTime.BEFORE, 1),)
    ),
    "check passed": _checked(
        _a_run(summary="12 recordings", scores={"wer": Score(value=0.081, better="lower"), "lines": Score(value=12)}),
        _a_run(CheckTime.BEFORE, scores={"wer": Score(value=0.08, better="lower")}),
    ),
    "check failed": _checked(
        _a_run(exit_status=2, output="loading\n```wer 0.31 is above 0.2\n", problem="Its JSON file is none."),
        _a_run(CheckTime.BEFORE),
        verdict=judged(
            VerdictKind.REGRESSED, an_effect(), evidence="The check command failed on the new fleet.", is_hard=True
        ),
    ),
    "check failed on both fleets": _checked(
        _a_run(exit_status=1),
        _a_run(CheckTime.BEFORE, exit_status=1),
        verdict=judged(VerdictKind.INCONCLUSIVE, an_effect(), evidence="The check command fails on both fleets."),
    ),
    "check without an answer": _checked(
        _a_run(exit_status=None, problem="It was stopped after 5 minutes."),
        verdict=judged(VerdictKind.INCONCLUSIVE, an_effect(), evidence="The check command gave no answer."),
    ),
}

STORIES: Mapping[str, Rollout] = {
    **_WATCHES,
    **TRIALS,
    **AUTOSCALES,
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
    "refused by AWS": _ended(
        Phase.UPDATING,
        Phase.FAILED,
        Reason.AWS_REFUSED,
        "AWS refused UpdateEndpoint.",
        plan=a_plan(content_hash="abc"),
        refused="call_update",
    ),
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
    "revived in its update": at(Phase.UPDATING, restored=True, revived_at=NOW, update=a_call()),
    "revived in its watch": _ended(
        Phase.UPDATING, Phase.WATCHING, Reason.RESTORED_FROM_TAGS, "", restored=True, revived_at=NOW, cutover_at=NOW
    ),
    "revived on its way back": at(Phase.ROLLING_BACK, restored=True, revived_at=NOW),
    "revived too late": _ended(
        Phase.PREPARING,
        Phase.CANCELLED,
        Reason.RESTORED_FROM_TAGS,
        "The store was emptied.",
        restored=True,
        revived_at=NOW,
    ),
    **LIFE_STORIES,
}
