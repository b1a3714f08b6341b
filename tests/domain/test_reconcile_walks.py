"""From planning to the end, whatever AWS, people, the network and crashes do: one update an approval, and everything put back."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum, auto
from itertools import pairwise

from fakes.clock import NOW
from fakes.facts import SCALED
from fakes.records import (
    BEN,
    CURRENT,
    ENDPOINT,
    LONG_AGO,
    PACE,
    TARGET,
    WATCH,
    a_comparison,
    a_plan,
    a_snapshot,
    a_verdict,
    approved_by,
    opened,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.acceptance import accept
from bot.domain.alarms import Alarm
from bot.domain.endpoint import EndpointStatus
from bot.domain.errors import GatewayError, PlanDrifted, ResourceBusy, RolloutBotError, TransientError, UserError
from bot.domain.extending import extend
from bot.domain.phases import TRANSITIONS, Kind, Phase, Reason
from bot.domain.plan import Difference
from bot.domain.reconcile import Action, Decision, Observation, after_error, after_success, decide
from bot.domain.rollout import Rollout
from bot.domain.rollout_parts import Abort, RetryPolicy
from bot.domain.saga import ScalingMode
from bot.domain.verdict import Comparison, VerdictKind
from workers.rollbacks import inherited_scaling

ALARM = Alarm(name="bot-errors")
NO_CAPACITY = "Unable to provision requested ML compute capacity due to InsufficientInstanceCapacity error."
RETRIES = 2
MOST_EXTENSIONS = 3
"""Presses of a story, so that it ends."""


class Fate(Enum):
    """What becomes of one side effect."""

    DONE = auto()
    THROTTLED = auto()
    LOST_AFTERWARDS = auto()
    LOST_BEFORE = auto()
    REFUSED = auto()
    DRIFTED = auto()
    """The last look before it finds that the plan does not hold."""
    DIED_BEFORE = auto()
    DIED_AFTERWARDS = auto()


class Event(Enum):
    """What happens between two ticks."""

    NOTHING = auto()
    LANDS = auto()
    ROLLS_BACK = auto()
    LACKS_CAPACITY = auto()
    AUTOSCALING_BEGINS = auto()
    AUTOSCALING_ENDS = auto()
    CANNOT_BE_SEEN = auto()
    SOMEBODY_CANCELS = auto()
    SOMEBODY_ABORTS = auto()
    SOMEBODY_ACCEPTS = auto()
    SOMEBODY_WATCHES_LONGER = auto()
    NUMBERS_GET_WORSE = auto()
    NUMBERS_GET_BETTER = auto()


@dataclass
class Account:
    """One endpoint with its autoscaling and our alarm."""

    now: datetime = NOW
    status: EndpointStatus = EndpointStatus.IN_SERVICE
    config: str = CURRENT
    pending: str | None = None
    reason: str | None = None
    moved_at: datetime = LONG_AGO
    began: list[str] = field(default_factory=list)
    is_scaled: bool = True
    has_alarm: bool = False
    is_worse: bool = False
    """What CloudWatch's numbers say of the new fleet."""

    def update(self, config: str) -> None:
        """UpdateEndpoint."""
        assert not self.is_scaled, "autoscaling is taken away before the call"
        if self.status is not EndpointStatus.IN_SERVICE:
            raise ResourceBusy(ENDPOINT, operation="UpdateEndpoint", code="ValidationException")
        self.began.append(config)
        self.status, self.pending, self.reason, self.moved_at = EndpointStatus.UPDATING, config, None, self.now

    def settle(self, config: str, reason: str | None = None) -> None:
        """InService again."""
        self.status, self.config, self.pending = EndpointStatus.IN_SERVICE, config, None
        self.reason, self.moved_at = reason, self.now

    def let(self, event: Event) -> None:
        """Something happens by itself."""
        if event is Event.LANDS and self.pending:
            self.settle(self.pending)
        elif event is Event.ROLLS_BACK and self.pending:
            self.settle(self.config)
        elif event is Event.LACKS_CAPACITY and self.pending:
            self.settle(self.config, NO_CAPACITY)
        elif event is Event.AUTOSCALING_BEGINS and self.status is EndpointStatus.IN_SERVICE:
            self.status, self.moved_at = EndpointStatus.UPDATING, self.now
        elif event is Event.AUTOSCALING_ENDS and self.status is EndpointStatus.UPDATING and not self.pending:
            self.settle(self.config)
        elif event in (Event.NUMBERS_GET_WORSE, Event.NUMBERS_GET_BETTER):
            self.is_worse = event is Event.NUMBERS_GET_WORSE


def carried_out(account: Account, rollout: Rollout, action: Action) -> Rollout:
    """The side effect itself. Raises ResourceBusy as SageMaker would."""
    match action:
        case Action.MAKE_PLAN:
            return planned(rollout, account)
        case Action.CREATE_ALARMS:
            assert rollout.alarms_intended
            account.has_alarm = True
        case Action.TAKE_SCALING:
            assert rollout.scaling is not None
            assert rollout.scaling.targets == SCALED.targets
            account.is_scaled = False
        case Action.CALL_UPDATE:
            account.update(rollout.target_config)
        case Action.RESTORE_SCALING:
            account.is_scaled = True
        case Action.DELETE_ALARMS:
            account.has_alarm = False
        case _:
            pass
    return rollout


def planned(rollout: Rollout, account: Account) -> Rollout:
    """As the planner does it: nothing of an older plan's work counts."""
    is_tidy = account.is_scaled and not account.has_alarm
    assert rollout.kind is Kind.ROLLBACK or is_tidy or rollout.chore_failures, "put right, or told, before planning"
    is_back = rollout.kind is Kind.ROLLBACK
    alarms = () if is_back else (ALARM,)
    plan = a_plan(scaling=SCALED, scaling_mode=ScalingMode.DEREGISTER, alarms=alarms)
    if is_back:
        plan = plan.model_copy(update={"current_config": TARGET, "target_config": CURRENT, "new_models": {}})
    kept = rollout.scaling if rollout.scaling is not None and rollout.scaling.is_away else None
    fresh = rollout.with_(
        plan=plan,
        models_created=False,
        config_created=False,
        alarms_intended=False,
        alarms_verified=False,
        alarms_deleted=False,
        scaling=kept,
        update=None,
        retry_policy=RetryPolicy(capacity_attempts=RETRIES),
    )
    if is_back:
        return fresh.to(Phase.ROLLING_BACK, Reason.NO_APPROVAL_NEEDED, account.now, BEN)
    return fresh.to(Phase.AWAITING_APPROVAL, Reason.PLAN_READY, account.now, "bot")


_ERRORS: dict[Fate, RolloutBotError] = {
    Fate.THROTTLED: TransientError("X", "throttled"),
    Fate.LOST_AFTERWARDS: TransientError("X", "no answer", outcome_unknown=True),
    Fate.LOST_BEFORE: TransientError("X", "no answer", outcome_unknown=True),
    Fate.REFUSED: GatewayError("X", "ValidationException"),
    Fate.DRIFTED: PlanDrifted([Difference(path="x", before="1", after="2")]),
}
_REACHES_AWS = (Fate.DONE, Fate.LOST_AFTERWARDS, Fate.DIED_AFTERWARDS)
_CHECKED = (Action.CREATE_MODELS, Action.TAKE_SCALING, Action.CALL_UPDATE)


def side_effect(account: Account, saved: Rollout, action: Action, fate: Fate) -> Decision | None:
    """What the worker saves after it, or None when it died."""
    if fate is Fate.DRIFTED and (action not in _CHECKED or saved.kind is Kind.ROLLBACK):
        fate = Fate.DONE
    if fate is Fate.DRIFTED and action is Action.CALL_UPDATE and saved.update is not None and saved.update.attempts > 1:
        fate = Fate.DONE
    acted = saved
    if fate in _REACHES_AWS:
        try:
            acted = carried_out(account, saved, action)
        except ResourceBusy as busy:
            return after_error(saved, action, busy, account.now)
    if fate in (Fate.DIED_BEFORE, Fate.DIED_AFTERWARDS):
        return None
    if fate in _ERRORS:
        return after_error(saved, action, _ERRORS[fate], account.now)
    return after_success(acted, action, account.now)


@dataclass
class Story:
    """A rollout, and the rollback that it may come to."""

    account: Account = field(default_factory=Account)
    rollout: Rollout = field(default_factory=opened)
    child: Rollout | None = None
    approvals: int = 0
    extensions: int = 0

    def tick(self, rollout: Rollout, fate: Fate, *, blind: bool) -> Rollout:
        """One tick as the reconciler does it; returns the record as it was saved last."""
        now = self.account.now
        at_work = rollout.chore is None and (rollout.is_at_work or rollout.phase is Phase.WATCHING)
        if blind and at_work:
            return self.saved(after_error(rollout, None, _ERRORS[Fate.THROTTLED], now))
        decision = decide(rollout, self.seen(rollout, now), now)
        saved = self.saved(decision)
        if decision.action is None:
            return saved
        outcome = side_effect(self.account, saved, decision.action, fate)
        return self.saved(outcome) if outcome is not None else saved

    def seen(self, rollout: Rollout, now: datetime) -> Observation:
        account = self.account
        snapshot = a_snapshot(
            account.status, account.config, moved_at=account.moved_at, pending=account.pending, reason=account.reason
        ).model_copy(update={"observed_at": now})
        if rollout.phase is not Phase.WATCHING:
            return Observation(snapshot=snapshot, child=self.child)
        verdict = a_verdict(VerdictKind.REGRESSED if account.is_worse else VerdictKind.PASS)
        return Observation(snapshot=snapshot, child=self.child, comparison=looked_at(now), verdict=verdict)

    def saved(self, decision: Decision) -> Rollout:
        """As the reconciler saves it; somebody must look again as long as there is something to do."""
        rollout = decision.rollout
        if decision.action is None:
            assert (decision.look_again_in is not None) is rollout.is_active, "nobody would ever look again"
        if decision.wants_rollback:
            fields = {"parent_id": rollout.id, "requester": rollout.last.actor, "approval_needed": False}
            self.child = opened(Kind.ROLLBACK, id="rchild22", scaling=inherited_scaling(rollout), **fields)
            rollout = rollout.with_(child_id="rchild22", scaling=None)
        if rollout.phase is Phase.AWAITING_APPROVAL:
            self.approvals += 1
            approved = rollout.with_(approvals=approved_by(BEN))
            rollout = approved.to(Phase.PREPARING, Reason.APPROVED, self.account.now, BEN)
        return rollout

    def let(self, event: Event) -> None:
        """What people press, as `Clicks` writes it down; anything else happens to the account."""
        rollout, now = self.rollout, self.account.now
        if event is Event.SOMEBODY_CANCELS and (rollout.is_waiting or rollout.phase is Phase.PREPARING):
            self.rollout = rollout.to(Phase.CANCELLED, Reason.CANCELLED_BY_PERSON, now, BEN)
        elif event is Event.SOMEBODY_CANCELS and rollout.phase is Phase.UPDATING:
            self.rollout = rollout.with_(rollback_queued_by=BEN)
        elif event is Event.SOMEBODY_ABORTS and rollout.phase is Phase.UPDATING and rollout.abort is None:
            self.rollout = rollout.with_(abort=Abort(actor=BEN, at=now))
        elif event is Event.SOMEBODY_ACCEPTS:
            self.rollout = pressed(lambda: accept(rollout, BEN, now), rollout)
        elif event is Event.SOMEBODY_WATCHES_LONGER and self.extensions < MOST_EXTENSIONS:
            still_there = self.account.config == TARGET and self.account.status is EndpointStatus.IN_SERVICE
            if rollout.phase is Phase.WATCHING or still_there:
                self.rollout = pressed(lambda: extend(rollout, BEN, now), rollout)
                self.extensions += self.rollout is not rollout
        else:
            self.account.let(event)

    def play(self, script: list[tuple[Fate, Event]]) -> None:
        """Step by step, the rollback beside the rollout that it undoes."""
        for fate, event in script:
            if self.child is not None and self.child.is_active:
                self.child = self.tick(self.child, fate, blind=event is Event.CANNOT_BE_SEEN)
            if self.rollout.is_active:
                self.rollout = self.tick(self.rollout, fate, blind=event is Event.CANNOT_BE_SEEN)
            self.account.now += max(PACE.poll, timedelta(seconds=20))
            self.let(event)


def looked_at(now: datetime) -> Comparison:
    """A comparison whose numbers reach to the present."""
    shown = a_comparison()
    window = shown.after.window.model_copy(update={"end": now})
    return shown.model_copy(update={"after": shown.after.model_copy(update={"window": window})})


def pressed(decide_: Callable[[], Rollout], rollout: Rollout) -> Rollout:
    """What a button does, or that it says why it does nothing."""
    try:
        return decide_()
    except UserError:
        return rollout


FATES = (*Fate, *[Fate.DONE] * 10)
EVENTS = (*Event, *[Event.NOTHING, Event.LANDS] * 3)
"""Mostly all goes well, or else no story would come far."""

scripts = st.lists(st.tuples(st.sampled_from(FATES), st.sampled_from(EVENTS)), max_size=50)
CALM = [(Fate.DONE, Event.NOTHING), (Fate.DONE, Event.AUTOSCALING_ENDS), (Fate.DONE, Event.LANDS)] * 100


def told(script: list[tuple[Fate, Event]], policy: str = "all") -> Story:
    watch = WATCH.model_copy(update={"auto_rollback": policy})
    story = Story(rollout=opened(watch=watch))
    story.play(script + CALM)
    return story


@settings(max_examples=300, deadline=None)
@given(scripts)
def test_every_story_ends_with_everything_put_back_or_told(script: list[tuple[Fate, Event]]) -> None:
    story = told(script)
    assert not story.rollout.is_active
    assert story.child is None or not story.child.is_active
    failures = [*story.rollout.chore_failures, *(story.child.chore_failures if story.child else ())]
    assert story.account.is_scaled or any("Put it back by hand" in f for f in failures)
    assert not story.account.has_alarm or any("could not be deleted" in f for f in failures)


@settings(max_examples=300, deadline=None)
@given(scripts)
def test_an_approval_is_one_update_and_what_the_retry_policy_allows(script: list[tuple[Fate, Event]]) -> None:
    story = told(script)
    there = story.account.began.count(TARGET)
    retries = story.rollout.retry.count if story.rollout.retry else 0
    assert there <= story.approvals * (1 + RETRIES)
    if not any(event is Event.LACKS_CAPACITY for _, event in script):
        assert there <= story.approvals
    assert retries <= RETRIES


@settings(max_examples=300, deadline=None)
@given(scripts)
def test_what_is_said_at_the_end_is_what_runs(script: list[tuple[Fate, Event]]) -> None:
    story = told(script)
    ended = {
        Phase.SUCCEEDED: TARGET,
        Phase.ROLLED_BACK: CURRENT,
        Phase.ROLLED_BACK_BY_AWS: CURRENT,
        Phase.CANCELLED: CURRENT,
        Phase.FAILED: CURRENT,
    }
    if story.rollout.phase in ended:
        assert story.account.config == ended[story.rollout.phase]
    for first, second in pairwise(story.rollout.transitions):
        assert second.phase in TRANSITIONS[first.phase]


@settings(max_examples=200, deadline=None)
@given(scripts, st.sampled_from(["off", "hard", "all"]))
def test_no_watch_goes_back_by_itself_against_the_policy_or_a_persons_word(
    script: list[tuple[Fate, Event]], policy: str
) -> None:
    worse = [(Fate.DONE, Event.LANDS)] * 30 + [(Fate.DONE, Event.NUMBERS_GET_WORSE)]
    story = told([*script, *worse], policy)
    back = next((t for t in story.rollout.transitions if t.reason is Reason.WATCH_REGRESSED), None)
    if back is None:
        return
    assert policy == "all", "without a crossed limit"
    accepted = story.rollout.acceptance
    assert accepted is None or accepted.at >= back.at
    assert story.child is not None


def test_a_story_whose_numbers_get_worse_goes_back_by_itself() -> None:
    story = told([(Fate.DONE, Event.LANDS)] * 30 + [(Fate.DONE, Event.NUMBERS_GET_WORSE)])
    assert story.rollout.phase is Phase.ROLLED_BACK
    assert story.account.began == [TARGET, CURRENT]


def test_a_calm_story_is_a_success_with_one_update() -> None:
    story = told([])
    assert story.rollout.phase is Phase.SUCCEEDED
    assert story.account.began == [TARGET]
    assert story.approvals == 1
