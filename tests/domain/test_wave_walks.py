"""Waves walked at random: whatever becomes of their rollouts, whoever halts them and resumes them, these things hold."""

from datetime import datetime, timedelta

from fakes.clock import NOW
from fakes.records import BEN, a_verdict, at
from fakes.waves import a_member, a_wave
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.approval import Person
from bot.domain.errors import UserError
from bot.domain.fleet import Approval
from bot.domain.phases import Phase, Reason
from bot.domain.rollout import Rollout
from bot.domain.verdict import VerdictKind
from bot.domain.wave import (
    HALTED,
    MemberState,
    Say,
    Seen,
    Wave,
    WaveState,
    abort_wave,
    decide_wave,
    pause_wave,
    resume_wave,
)

SOAK = timedelta(minutes=30)
STEP = timedelta(minutes=10)
QUOTA = 8
POOL = "own:own ml.m5.xlarge"
NEXT = {
    Phase.PLANNING: [Phase.SCHEDULED, Phase.PREPARING, Phase.BLOCKED],
    Phase.SCHEDULED: [Phase.PREPARING, Phase.CANCELLED],
    Phase.PREPARING: [Phase.UPDATING],
    Phase.UPDATING: [Phase.WATCHING, Phase.ROLLED_BACK_BY_AWS],
    Phase.WATCHING: [Phase.SUCCEEDED, Phase.SUCCEEDED, Phase.ROLLING_BACK],
    Phase.ROLLING_BACK: [Phase.ROLLED_BACK],
    Phase.SUCCEEDED: [Phase.SUCCEEDED, Phase.SUCCEEDED, Phase.ROLLED_BACK],
}
"""What a rollout may come to next, the good ends more often than the bad ones."""


@st.composite
def waves(draw: st.DrawFn) -> Wave:
    stages = draw(st.lists(st.integers(1, 3), min_size=1, max_size=3))
    sizes = st.integers(1, 4)
    members = [
        a_member(f"e{stage}{i}", stage, pools={POOL: draw(sizes)}) for stage, n in enumerate(stages) for i in range(n)
    ]
    return a_wave(*members, needs_approval=False, soak=SOAK, at_once=draw(st.integers(1, 3)))


class World:
    """The store and AWS, as far as a wave is concerned."""

    def __init__(self, wave: Wave) -> None:
        self.wave = wave
        self.now: datetime = NOW
        self.rollouts: dict[str, Rollout] = {}
        self.stops = 0

    def round(self, *, crash: bool) -> None:
        """One look; a crash comes between the save and what follows from it."""
        configs = {m.endpoint: m.config for m in self.wave.members}
        decision = decide_wave(self.wave, Seen(self.rollouts, {POOL: QUOTA}, {}, configs), self.now)
        assert decide_wave(decision.wave, Seen(self.rollouts, {POOL: QUOTA}, {}, configs), self.now) == decision
        self.check(decision.wave)
        self.wave = decision.wave
        if crash:
            return
        for rollout_id in decision.recall:
            taken = self.rollouts[rollout_id]
            self.rollouts[rollout_id] = taken.to(Phase.CANCELLED, Reason.WAVE_HALTED, self.now, "bot")
        if self.wave.state is WaveState.RUNNING:
            for member in self.wave.of(MemberState.UNDER_WAY):
                self.rollouts.setdefault(
                    member.rollout_id(self.wave.id), self._rollout(member.rollout_id(self.wave.id), Phase.PLANNING)
                )

    def check(self, after: Wave) -> None:
        before = {m.endpoint: m for m in self.wave.members}
        begun = [m for m in after.of(MemberState.UNDER_WAY) if before[m.endpoint].state is MemberState.WAITING]
        if not begun:
            return
        assert after.state is WaveState.RUNNING
        assert len(after.of(MemberState.UNDER_WAY)) <= after.at_once
        assert not after.of(MemberState.BAD)
        at_work = [m for m in after.members if m.is_at_work]
        assert len(at_work) == 1 or sum(m.pools[POOL] for m in at_work) <= QUOTA
        for member in begun:
            for earlier in (m for m in after.members if m.stage < member.stage):
                assert earlier.state not in (MemberState.WAITING, MemberState.UNDER_WAY)
                if earlier.state is MemberState.DONE:
                    assert earlier.ended_at is not None
                    assert self.now >= earlier.ended_at + SOAK

    def play(self, draw: st.DataObject) -> None:
        """One rollout comes a step further."""
        moving = [r for r in self.rollouts.values() if r.phase in NEXT and not self._was_taken_back(r)]
        if moving:
            rollout = draw.draw(st.sampled_from(moving))
            self.rollouts[rollout.id] = self._rollout(rollout.id, draw.draw(st.sampled_from(NEXT[rollout.phase])))

    def steer(self, draw: st.DataObject) -> None:
        deed = draw.draw(st.sampled_from([pause_wave, resume_wave, resume_wave, abort_wave]))
        policies = {m.endpoint: Approval(users=(BEN,)) for m in self.wave.members}
        say = Say(actor=BEN, policies=policies, people=dict.fromkeys(policies, Person(BEN)))
        try:
            self.wave = deed(self.wave, say, self.now, f"e{self.now.timestamp()}")
        except UserError:
            return

    def _was_taken_back(self, rollout: Rollout) -> bool:
        return rollout.phase is Phase.CANCELLED

    def _rollout(self, rollout_id: str, phase: Phase) -> Rollout:
        verdict = a_verdict(VerdictKind.PASS) if phase is Phase.SUCCEEDED else None
        return at(phase, now=self.now, verdict=verdict).with_(id=rollout_id)


@settings(deadline=None, max_examples=150)  # a busy machine is no defect
@given(waves(), st.data())
def test_a_wave_keeps_its_order_its_places_and_its_stops(wave: Wave, data: st.DataObject) -> None:
    world = World(wave)
    for _ in range(data.draw(st.integers(5, 40))):
        world.now += data.draw(st.sampled_from([timedelta(seconds=1), STEP, SOAK]))
        deed = data.draw(st.sampled_from(["round", "round", "play", "play", "play", "crash", "steer"]))
        if deed == "play":
            world.play(data)
        elif deed == "steer":
            world.steer(data)
        else:
            world.round(crash=deed == "crash")
    ids = [m.rollout_id(wave.id) for m in world.wave.members]
    assert len(set(ids)) == len(ids)


@settings(deadline=None, max_examples=100)
@given(waves(), st.data())
def test_left_alone_with_good_versions_every_wave_finishes(wave: Wave, data: st.DataObject) -> None:
    world = World(wave)
    good = {Phase.PLANNING: Phase.UPDATING, Phase.UPDATING: Phase.WATCHING, Phase.WATCHING: Phase.SUCCEEDED}
    for _ in range(400):
        world.round(crash=data.draw(st.booleans()) if _ < 20 else False)
        for rollout in list(world.rollouts.values()):
            if rollout.phase in good:
                world.rollouts[rollout.id] = world._rollout(rollout.id, good[rollout.phase])
        world.now += STEP
        if world.wave.state is WaveState.FINISHED:
            break
    assert world.wave.state is WaveState.FINISHED
    assert {m.state for m in world.wave.members} == {MemberState.DONE}
    assert {m.attempt for m in world.wave.members} == {1}


@settings(deadline=None, max_examples=100)
@given(waves(), st.data())
def test_once_halted_nothing_begins_until_somebody_resumes(wave: Wave, data: st.DataObject) -> None:
    world = World(wave)
    world.round(crash=data.draw(st.booleans()))
    for _ in range(data.draw(st.integers(0, 10))):
        world.play(data)
        world.round(crash=False)
    policies = {m.endpoint: Approval(users=(BEN,)) for m in wave.members}
    say = Say(actor=BEN, policies=policies, people=dict.fromkeys(policies, Person(BEN)))
    if world.wave.state is WaveState.RUNNING:
        world.wave = pause_wave(world.wave, say, world.now, "e1")
    if world.wave.state not in HALTED:
        return
    known = set(world.rollouts)
    for _ in range(20):
        world.now += STEP
        world.round(crash=False)
    assert set(world.rollouts) == known
    untouched = (Phase.PLANNING, Phase.SCHEDULED, Phase.PREPARING)
    assert not [r for r in world.rollouts.values() if r.phase in untouched]
