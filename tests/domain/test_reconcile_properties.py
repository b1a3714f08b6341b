"""Whatever SageMaker, the network and crashes do: UpdateEndpoint takes effect once at most, and every rollout ends."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum, auto

from fakes.clock import NOW
from fakes.fate import Fate
from fakes.records import CURRENT, LONG_AGO, PACE, TARGET, a_comparison, a_snapshot, a_verdict, at
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.endpoint import BUSY_STATUSES, EndpointStatus, Snapshot
from bot.domain.errors import GatewayError, ResourceBusy, RolloutBotError, TransientError
from bot.domain.phases import TRANSITIONS, Phase
from bot.domain.reconcile import Action, Observation, after_error, after_success, decide, verdict_due_at
from bot.domain.rollout import Rollout

IN_SERVICE, UPDATING = EndpointStatus.IN_SERVICE, EndpointStatus.UPDATING


class Event(Enum):
    """What happens in the account between two ticks."""

    NOTHING = auto()
    UPDATE_LANDS = auto()
    UPDATE_ROLLS_BACK = auto()
    AUTOSCALING_BEGINS = auto()
    AUTOSCALING_ENDS = auto()
    CANNOT_BE_SEEN = auto()


@dataclass
class Account:
    """One endpoint as SageMaker keeps it, and how often an update of it was begun."""

    now: datetime = NOW
    status: EndpointStatus = IN_SERVICE
    config: str = CURRENT
    pending: str | None = None
    moved_at: datetime = LONG_AGO
    began: list[str] = field(default_factory=list)

    def update(self, config: str) -> None:
        if self.status is not IN_SERVICE:
            raise ResourceBusy("sentiment-prod", operation="UpdateEndpoint", code="ValidationException")
        self.began.append(config)
        self.status, self.pending, self.moved_at = UPDATING, config, self.now

    def let(self, event: Event) -> None:
        if event is Event.UPDATE_LANDS and self.pending:
            self.status, self.config, self.pending, self.moved_at = IN_SERVICE, self.pending, None, self.now
        elif event is Event.UPDATE_ROLLS_BACK and self.pending:
            self.status, self.pending, self.moved_at = IN_SERVICE, None, self.now
        elif event is Event.AUTOSCALING_BEGINS and self.status is IN_SERVICE:
            self.status, self.moved_at = UPDATING, self.now
        elif event is Event.AUTOSCALING_ENDS and self.status in BUSY_STATUSES and not self.pending:
            self.status, self.moved_at = IN_SERVICE, self.now

    def seen(self) -> Snapshot:
        return a_snapshot(self.status, self.config, moved_at=self.moved_at, pending=self.pending)


def carry_out(account: Account, rollout: Rollout, action: Action, fate: Fate) -> RolloutBotError | None:
    """The side effect with its fate; returns the error that the worker gets to see."""
    reaches_aws = fate in (Fate.DONE, Fate.LOST_AFTERWARDS, Fate.DIED_AFTERWARDS)
    if action is Action.CALL_UPDATE and reaches_aws:
        try:
            account.update(rollout.target_config)
        except ResourceBusy as busy:
            return busy
    match fate:
        case Fate.THROTTLED:
            return TransientError(action, "throttled")
        case Fate.LOST_AFTERWARDS | Fate.LOST_BEFORE:
            return TransientError(action, "no answer", outcome_unknown=True)
        case Fate.REFUSED:
            return GatewayError(action, "ValidationException")
        case _:
            return None


def tick(account: Account, rollout: Rollout, fate: Fate, *, blind: bool) -> tuple[Rollout, timedelta]:
    """One tick as the reconciler does it; returns the record as it was saved last, and when to look again."""
    if blind:
        error = TransientError("DescribeEndpoint", "throttled")
        decision = after_error(rollout, None, error, account.now)
    else:
        is_over = rollout.phase is Phase.WATCHING and account.now >= verdict_due_at(rollout)
        judged = {"comparison": a_comparison(), "verdict": a_verdict()} if is_over else {}
        decision = decide(rollout, Observation(snapshot=account.seen(), **judged), account.now)
    saved, action = decision.rollout, decision.action
    if action is not None:
        error_seen = carry_out(account, saved, action, fate)
        if fate in (Fate.DIED_BEFORE, Fate.DIED_AFTERWARDS):
            return saved, PACE.settle  # the lease of the dead worker
        decision = (
            after_error(saved, action, error_seen, account.now)
            if error_seen is not None
            else after_success(saved, action, account.now)
        )
    assert decision.look_again_in is not None or not decision.rollout.is_active, "nobody would ever look again"
    return decision.rollout, decision.look_again_in or timedelta(0)


def play(account: Account, rollout: Rollout, script: list[tuple[Fate, Event]]) -> Rollout:
    for fate, event in script:
        if not rollout.is_active:
            return rollout
        rollout, wait = tick(account, rollout, fate, blind=event is Event.CANNOT_BE_SEEN)
        account.now += wait
        account.let(event)
    return rollout


scripts = st.lists(st.tuples(st.sampled_from(Fate), st.sampled_from(Event)), max_size=40)
CALM = [(Fate.DONE, Event.NOTHING), (Fate.DONE, Event.AUTOSCALING_ENDS), (Fate.DONE, Event.UPDATE_LANDS)] * 60


@settings(max_examples=150, deadline=None)
@given(scripts)
def test_an_approval_is_one_update_at_most(script: list[tuple[Fate, Event]]) -> None:
    account = Account()
    play(account, at(Phase.PREPARING), script + CALM)
    assert len(account.began) <= 1


@settings(max_examples=150, deadline=None)
@given(scripts)
def test_every_rollout_ends_once_the_world_is_calm(script: list[tuple[Fate, Event]]) -> None:
    account = Account()
    ended = play(account, at(Phase.PREPARING), script + CALM)
    assert not ended.is_active
    for before, after in zip(ended.transitions, ended.transitions[1:], strict=False):
        assert after.phase in TRANSITIONS[before.phase]


@settings(max_examples=150, deadline=None)
@given(scripts)
def test_success_is_said_only_of_an_endpoint_that_is_on_the_target(script: list[tuple[Fate, Event]]) -> None:
    account = Account()
    ended = play(account, at(Phase.PREPARING), script + CALM)
    if ended.phase is Phase.SUCCEEDED:
        assert account.config == TARGET
    if ended.phase in (Phase.FAILED, Phase.ROLLED_BACK_BY_AWS):
        assert account.config == CURRENT
