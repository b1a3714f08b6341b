"""Days of a fleet in minutes: versions arrive, some of them bad; people approve, refuse, freeze, hold and meddle, or are away.

The engine is the real one over fakes, but for Slack: nothing is told, because nobody reads it. What must never happen is written down
as it happens, in `wrongs`.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Any

from bot.domain.endpoint import ConfigRecord, ModelPackage
from bot.domain.errand import ButtonValue, Click, ReplyTo
from bot.domain.hold import HoldKind
from bot.domain.phases import BOT_ACTOR, Kind, Phase
from bot.domain.rollout import Rollout
from bot.domain.version import Version
from bot.store import keys
from bot.store.keys import Due
from fakes.account import ARN, UPDATING, FakeEndpoints, rolled_back
from fakes.estate import Estate, EstateEngine, package_of, standing_on
from fakes.numbers import FakeMetrics
from fakes.records import BEN
from workers.ports import Series, Subject, Want
from workers.rounds import RoundName

GOOD_US, BAD_US = 400_000, 900_000
ROUND = timedelta(hours=1)
"""How often the manager looks in these days: a real one does so every minute."""


class DaysEndpoints(FakeEndpoints):
    """An endpoint that refuses what AWS would refuse, and reports every update."""

    days: "Days"

    def update(self, name: str, config_name: str, **more: Any) -> None:
        package = self.days.package_on(config_name)
        self.days.note_update(self, config_name, package)
        if package in self.days.refused:
            self.scripts.insert(0, (UPDATING, rolled_back("The container failed its health check.")))
        super().update(name, config_name, **more)


class DaysMetrics(FakeMetrics):
    """Slow wherever a bad version serves."""

    def __init__(self, days: "Days") -> None:
        super().__init__(next(iter(days.estate.by_name.values())))
        self.days = days
        self.each: dict[str, FakeMetrics] = {}

    def _of(self, endpoint: str) -> FakeMetrics:
        there = self.days.estate[endpoint]
        own = self.each.setdefault(endpoint, FakeMetrics(there, before_us=GOOD_US))
        own.after_us = BAD_US if self.days.package_on(there.config) in self.days.bad else GOOD_US
        return own

    def read(self, wants: Sequence[Want]) -> tuple[Series, ...]:
        return tuple(self._of(want.subject.endpoint).read([want])[0] for want in wants)

    def measure(self, subject: Subject, window: Any) -> Any:
        return self._of(subject.endpoint).measure(subject, window)

    def series(self, subject: Subject, window: Any, period: timedelta) -> Any:
        return self._of(subject.endpoint).series(subject, window, period)


class Days(EstateEngine):
    """A fleet over days."""

    def __init__(self, policies: Mapping[str, tuple[str, str]], fleet: str, seed: int) -> None:
        """Make it.

        Args:
            policies: Policy and group by endpoint.
            fleet: The fleet file.
            seed: Of everything that happens by chance.
        """
        self.random, self.policies = Random(seed), policies
        self.groups = sorted({group for _, group in policies.values()})
        first = {group: package_of(group, 1) for group in self.groups}
        super().__init__(fleet, {name: first[group] for name, (_, group) in policies.items()}, first.values())
        self.bad: set[str] = set()
        """Versions that are slow."""
        self.refused: set[str] = set()
        """Versions that AWS cannot bring up."""
        self.noes: set[tuple[str, str | None]] = set()
        """Endpoint and version of what people said no to."""
        self.wrongs: list[str] = []
        self.bad_since: dict[str, datetime] = {}
        self.meddled: Counter[str] = Counter()
        """How often each endpoint was changed by hand."""
        self.estate = Estate()
        for name, (_, group) in policies.items():
            self.estate.add(self._endpoint(name, first[group]))
        self.metrics = DaysMetrics(self)
        self.lives_in(endpoints=self.estate, metrics=self.metrics)

    def _endpoint(self, name: str, package: ModelPackage) -> DaysEndpoints:
        made = standing_on(self.clock, name, package)
        made.__class__ = DaysEndpoints
        assert isinstance(made, DaysEndpoints)
        made.days = self
        return made

    # What is looked at

    def package_on(self, config: str) -> str | None:
        """The version that a config runs."""
        variant = self.estate.configs[config].variants()[0]
        containers = list(self.estate.models[variant["ModelName"]].containers())
        return containers[0].get("ModelPackageName")

    def running(self, endpoint: str) -> str | None:
        return self.package_on(self.estate[endpoint].config)

    def newest(self, endpoint: str) -> ModelPackage:
        of_group = [p for p in self.registry.packages if p.group == self.policies[endpoint][1]]
        return max(of_group, key=lambda p: p.version or 0)

    def is_held(self, endpoint: str, package: str) -> bool:
        return any(hold.is_about(Version(package_arn=package)) for hold in self.store.holds.on(endpoint))

    def note_update(self, endpoint: FakeEndpoints, config: str, package: str | None) -> None:
        """Right before an update takes effect."""
        name = endpoint.endpoint
        at_work = [r for r in self._active(name) if r.is_at_work and r.target_config == config]
        if endpoint.pending is not None:
            self.wrongs.append(f"{name}: an update to {config} beside the one to {endpoint.pending}")
        if not at_work:
            self.wrongs.append(f"{name}: an update to {config} by no rollout")
        by_bot = any(r.requester == BOT_ACTOR and r.kind is Kind.UPDATE for r in at_work)
        if by_bot and package is not None and self.is_held(name, package):
            self.wrongs.append(f"{name}: {package} was brought although it is held")

    def _active(self, endpoint: str | None = None) -> list[Rollout]:
        return [stored.rollout for stored in self.store.rollouts.active(endpoint)]

    # What time does

    def run_due(self) -> None:
        """Everything that is due now, at once and without queues; news are nobody's here."""
        for _ in range(100):
            now = self.clock().timestamp()
            self.redis.delete(keys.due(Due.TELLS))
            errands, ticks = (
                self.redis.zrangebyscore(keys.due(kind), "-inf", now) for kind in (Due.ERRANDS, Due.TICKS)
            )
            for errand in errands:
                self.redis.zrem(keys.due(Due.ERRANDS), errand)
                self.parts.desk.run(errand.decode())
            for tick in ticks:
                stored = self.store.rollouts.load(tick.decode())
                if stored is None:
                    self.redis.zrem(keys.due(Due.TICKS), tick)
                else:
                    self.parts.reconciler.tick(stored.rollout.id, stored.revision)
            if not errands and not ticks:
                return
        raise AssertionError("the engine does not come to rest")

    def settle(self) -> None:
        """The fast way, in place of queues."""
        self.run_due()

    def pass_round(self) -> None:
        """The time until the manager's next round, and that round."""
        end = self.clock() + ROUND
        while (due := self._next_tick()) is not None and due <= end:
            self.clock.now = max(due, self.clock.now + timedelta(milliseconds=1))
            self.run_due()
            self._look_for_bad_versions()
        self.clock.now = end
        for name in (RoundName.CENSUS, RoundName.TAGS, RoundName.MANAGE):
            self.parts.rounds.rounds[name].run()
        self.run_due()

    def _next_tick(self) -> datetime | None:
        first = self.redis.zrange(keys.due(Due.TICKS), 0, 0, withscores=True)
        return datetime.fromtimestamp(first[0][1], tz=self.clock().tzinfo) if first else None

    def _look_for_bad_versions(self) -> None:
        """A bad version may stay for its warm-up, its watch, and what CloudWatch is late; then it must be gone."""
        for name in self.policies:
            if self.running(name) not in self.bad:
                self.bad_since.pop(name, None)
            elif self.clock() - self.bad_since.setdefault(name, self.clock()) > timedelta(minutes=20):
                self.wrongs.append(f"{name}: {self.running(name)} is bad and stays")
                self.bad_since[name] = self.clock() + timedelta(days=365)

    # What happens

    def something_happens(self) -> None:
        """One of the things that happen on a day."""
        deeds = [self.version_arrives] * 4 + [self.somebody_meddles, self.somebody_holds, self.somebody_freezes]
        self.random.choice(deeds)()

    def version_arrives(self) -> None:
        group = self.random.choice(self.groups)
        number = max(p.version or 0 for p in self.registry.packages if p.group == group) + 1
        package = package_of(group, number).model_copy(update={"created_at": self.clock()})
        kind = self.random.random()
        if kind < 0.25:
            self.bad.add(package.arn)
        elif kind < 0.35:
            self.refused.add(package.arn)
        self.registry.packages.append(package)

    def somebody_meddles(self) -> None:
        """Another instance type, set in the console."""
        name = self.random.choice(sorted(self.policies))
        endpoint = self.estate[name]
        if any(not rollout.is_waiting for rollout in self._active(name)) or endpoint.pending is not None:
            return
        self.meddled[name] += 1
        before = self.estate.configs[endpoint.config]
        config = f"{name}-by-hand-{self.meddled[name]}"
        variant = {**before.variants()[0], "InstanceType": "ml.m5.4xlarge"}
        document = {"ProductionVariants": [variant]}
        self.estate.configs[config] = ConfigRecord(
            name=config, arn=f"{ARN}:endpoint-config/{config}", document=document
        )
        endpoint.config, endpoint.moved_at = config, self.clock()

    def somebody_holds(self) -> None:
        name = self.random.choice(sorted(self.policies))
        if not self._lift(name):
            self.type(f"hold {name} --reason 'load test'", by=BEN)

    def somebody_freezes(self) -> None:
        is_frozen = bool(self.store.locks.standing(self.clock()))
        self.type("thaw" if is_frozen else "freeze --reason audit", by=BEN)

    def people_decide(self, willingness: float, refusal: float = 0.02) -> None:
        """Each plan that waits is approved, refused or left by chance."""
        for rollout in self._active():
            chance = self.random.random()
            if rollout.phase is not Phase.AWAITING_APPROVAL or rollout.plan is None or chance >= willingness + refusal:
                continue
            click = Click.APPROVE if chance < willingness else Click.REJECT
            if click is Click.REJECT:
                self.noes.add((rollout.endpoint, rollout.plan.package_arn))
            value = ButtonValue(rollout_id=rollout.id, endpoint=rollout.endpoint, fingerprint=rollout.plan.fingerprint)
            self._deliveries += 1
            self.intake.take_click(
                click,
                value,
                actor=BEN,
                message_ts="1.1",
                reply=ReplyTo(user_id=BEN, channel_id="C0WORK", thread_ts="1.0"),
                delivery_id=f"click {self._deliveries}",
            )
            self.run_due()

    def calm_down(self) -> None:
        """Freezes and people's holds end."""
        if self.store.locks.standing(self.clock()):
            self.type("thaw", by=BEN)
        for name in self.policies:
            self._lift(name)

    def _lift(self, name: str) -> bool:
        """What people put on, not what follows from rollouts: `unhold` would lift both, and let a bad version come again."""
        self._deliveries += 1
        lifted = self.store.holds.lift(
            name,
            f"lift {self._deliveries}",
            BEN,
            self.clock(),
            lambda standing: [hold for hold in standing if hold.kind is HoldKind.BY_PERSON],
        )
        return bool(lifted)
