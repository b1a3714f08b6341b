"""Whatever SageMaker, the network and crashes do to a change over a bridge: each update once at most, and never left standing on it."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum, auto

from fakes.bridges import BACK, BEFORE, BRIDGE, OVER, SHARED, a_bridge_plan, leaving, shown
from fakes.clock import NOW
from fakes.fate import Fate
from fakes.records import BEN, CURRENT, LONG_AGO, PACE, TARGET, a_comparison, a_verdict, at
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.endpoint import BUSY_STATUSES, EndpointStatus, Snapshot
from bot.domain.errors import GatewayError, ResourceBusy, RolloutBotError, TransientError
from bot.domain.phases import TRANSITIONS, Kind, Phase
from bot.domain.reconcile import Action, Observation, after_error, after_success, call_of, decide, wanted_weights
from bot.domain.rollout import Rollout
from bot.domain.verdict import VerdictKind

IN_SERVICE, UPDATING = EndpointStatus.IN_SERVICE, EndpointStatus.UPDATING
CALLS = (Action.CALL_BRIDGE, Action.CALL_UPDATE)


class Event(Enum):
    """What happens between two ticks."""

    NOTHING = auto()
    SETTLES = auto()
    """What SageMaker is at ends as it should."""
    GOES_WRONG = auto()
    """What SageMaker is at is undone."""
    MAINTENANCE = auto()
    CANCEL = auto()
    WORSE = auto()
    """The new variant is measured to be worse from now on."""
    CANNOT_BE_SEEN = auto()


@dataclass
class Account:
    """One endpoint as SageMaker keeps it, and what was begun on it."""

    now: datetime = NOW
    status: EndpointStatus = IN_SERVICE
    config: str = CURRENT
    weights: dict[str, float] = field(default_factory=lambda: dict(BEFORE))
    pending: str | None = None
    moving: dict[str, float] | None = None
    moved_at: datetime = LONG_AGO
    is_worse: bool = False
    began: list[str] = field(default_factory=list)
    moves: list[dict[str, float]] = field(default_factory=list)

    def change(self, rollout: Rollout, action: Action) -> None:
        if self.status is not IN_SERVICE:
            raise ResourceBusy("sentiment-prod", operation=action, code="ValidationException")
        if action is Action.SHIFT_WEIGHTS:
            assert self.config == BRIDGE, "there is a second variant on the bridge only"
            self.moving = dict(wanted_weights(rollout))
            self.moves.append(self.moving)
        else:
            call = call_of(rollout)
            assert call is not None
            self.began.append(call.config)
            self.pending = call.config
        self.status, self.moved_at = UPDATING, self.now

    def let(self, event: Event) -> None:
        if event is Event.WORSE:
            self.is_worse = True
        if event is Event.MAINTENANCE and self.status is IN_SERVICE:
            self.status, self.moved_at = UPDATING, self.now
        elif event in (Event.SETTLES, Event.GOES_WRONG) and self.status in BUSY_STATUSES:
            if event is Event.SETTLES:
                self._arrive()
            self.status, self.pending, self.moving, self.moved_at = IN_SERVICE, None, None, self.now

    def _arrive(self) -> None:
        self.weights = self.moving or self.weights
        if self.pending is not None:
            self.config, self.weights = self.pending, dict(SHARED if self.pending == BRIDGE else BEFORE)

    def seen(self) -> Snapshot:
        return shown(self.status, self.config, self.weights, moved_at=self.moved_at, pending=self.pending)


def carry_out(account: Account, rollout: Rollout, action: Action, fate: Fate) -> RolloutBotError | None:
    """The side effect with its fate; returns the error that the worker gets to see."""
    if fate in (Fate.DONE, Fate.LOST_AFTERWARDS, Fate.DIED_AFTERWARDS) and action in (*CALLS, Action.SHIFT_WEIGHTS):
        try:
            account.change(rollout, action)
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


def tick(account: Account, rollout: Rollout, fate: Fate, event: Event) -> tuple[Rollout, timedelta]:
    """One tick as the reconciler does it; returns the record as it was saved last, and when to look again."""
    if event is Event.CANCEL and rollout.phase is Phase.UPDATING:
        rollout = rollout.with_(rollback_queued_by=BEN)
    if event is Event.CANNOT_BE_SEEN:
        decision = after_error(rollout, None, TransientError("DescribeEndpoint", "throttled"), account.now)
    else:
        verdict = a_verdict(VerdictKind.REGRESSED if account.is_worse else VerdictKind.PASS)
        looked = Observation(snapshot=account.seen(), comparison=a_comparison(), verdict=verdict)
        decision = decide(rollout, looked, account.now)
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


def play(account: Account, script: list[tuple[Fate, Event]]) -> tuple[Rollout, Rollout | None]:
    """A change over a bridge, and the rollback that it wants, if it does."""
    rollout = at(Phase.PREPARING, plan=a_bridge_plan())
    back: Rollout | None = None
    for fate, event in script:
        acting = rollout if back is None else back
        if not acting.is_active:
            break
        acting, wait = tick(account, acting, fate, event)
        if back is not None:
            back = acting
        else:
            rollout = acting
            if rollout.phase is Phase.ROLLING_BACK:
                back = leaving() if account.config == BRIDGE else _from_target()
        account.now += wait
        account.let(event)
    return rollout, back


def _from_target() -> Rollout:
    back = leaving()
    assert back.plan is not None
    return back.with_(plan=back.plan.model_copy(update={"current_config": TARGET, "bridge": None}))


scripts = st.lists(st.tuples(st.sampled_from(Fate), st.sampled_from(Event)), max_size=60)
CALM = [(Fate.DONE, Event.NOTHING), (Fate.DONE, Event.SETTLES)] * 150


@settings(max_examples=200, deadline=None)
@given(scripts)
def test_each_update_is_begun_once_at_most(script: list[tuple[Fate, Event]]) -> None:
    account = Account()
    play(account, script + CALM)
    assert account.began.count(BRIDGE) <= 1
    assert account.began.count(TARGET) <= 1
    assert account.began.count(CURRENT) <= 1
    assert account.began in ([], [BRIDGE], [BRIDGE, TARGET], [BRIDGE, CURRENT], [BRIDGE, TARGET, CURRENT])


@settings(max_examples=200, deadline=None)
@given(scripts)
def test_everything_ends_and_is_where_its_record_says(script: list[tuple[Fate, Event]]) -> None:
    account = Account()
    rollout, back = play(account, script + CALM)
    last = back or rollout
    assert not last.is_active
    for before, after in zip(rollout.transitions, rollout.transitions[1:], strict=False):
        assert after.phase in TRANSITIONS[before.phase]
    if last.phase is Phase.SUCCEEDED:
        assert (account.config, account.weights) == (TARGET, BEFORE)
    if last.phase is Phase.ROLLED_BACK:
        assert (account.config, account.weights) == (CURRENT, BEFORE)
    if last.kind is Kind.UPDATE and last.phase in (Phase.FAILED, Phase.ROLLED_BACK_BY_AWS, Phase.CANCELLED):
        assert (account.config, account.weights) == (CURRENT, BEFORE)


@settings(max_examples=200, deadline=None)
@given(scripts)
def test_the_new_variant_never_takes_all_traffic_after_it_was_given_up(script: list[tuple[Fate, Event]]) -> None:
    account = Account()
    _, back = play(account, script + CALM)
    if back is not None and BACK in account.moves:
        assert OVER not in account.moves[account.moves.index(BACK) :]


def test_a_calm_world_goes_over_the_bridge() -> None:
    account = Account()
    rollout, back = play(account, CALM)
    assert (rollout.phase, back) == (Phase.SUCCEEDED, None)
    assert account.began == [BRIDGE, TARGET]
    assert account.moves == [OVER]


def test_a_worse_variant_comes_back_from_it() -> None:
    account = Account(is_worse=True)
    rollout, back = play(account, CALM)
    assert rollout.phase is Phase.ROLLING_BACK
    assert back is not None
    assert back.phase is Phase.ROLLED_BACK
    assert (account.began, account.moves) == ([BRIDGE, CURRENT], [BACK])
