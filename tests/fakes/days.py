"""Days of a fleet in seconds: the engine over many endpoints, with a clock that jumps and a book in which every call to AWS is kept.

The engine is the real one over fakes, but for Slack: nothing is told, because nobody reads it. What happens meanwhile is up to
`fakes.happenings`; what must never happen is asked of the book (`fakes.day_book`) when the days are over.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random
from typing import Any

from bot.domain.endpoint import ApprovalStatus, EndpointStatus, ModelPackage
from bot.domain.fleet import parse_fleet
from bot.domain.phases import Phase
from bot.domain.rollout import Rollout
from bot.domain.version import Version
from bot.store import keys
from bot.store.keys import Due
from fakes.account import CREATING, FAILED, UPDATING, FakeEndpoints, Step, rolled_back
from fakes.clock import NOW
from fakes.day_book import Book, Call, Made
from fakes.engine import quiet_parts
from fakes.estate import Estate, EstateEngine, package_of, standing_on
from fakes.numbers import FakeMetrics
from workers.ports import Series, Subject, Want
from workers.rounds import RoundName

GOOD_US, BAD_US = 400_000, 900_000
PAST = timedelta(hours=2)
"""What CloudWatch knows from before an update: the less there is, the sooner the judge has looked through it."""

THURSDAY = NOW + timedelta(days=4)
"""When the days begin, so that a weekend lies before their end."""

ROUNDS = (RoundName.REVIVE, RoundName.CENSUS, RoundName.TAGS, RoundName.WAVES, RoundName.MANAGE)


def package_number(arn: str) -> int:
    """The version's number in its group."""
    return int(arn.rpartition("/")[2])


@dataclass(frozen=True)
class Lives:
    """One endpoint of the fleet."""

    group: str
    policy: str = "auto"
    more: str = ""
    """What else the fleet file says of it."""
    follows: str = ""
    """The endpoint that has to run a version first, for three hours."""
    declared_later: bool = False
    """It neither exists nor stands in the fleet file when the days begin."""


class DaysEndpoints(FakeEndpoints):
    """An endpoint on which AWS cannot bring up every version, and whose changes are written into the book."""

    days: "Days"

    def update(self, name: str, config_name: str, **more: Any) -> None:
        self._plays_out(config_name, UPDATING, rolled_back("The container failed its health check."))
        self._written(Made.UPDATE, config_name, lambda: super(DaysEndpoints, self).update(name, config_name, **more))

    def create(self, name: str, config_name: str, tags: Mapping[str, str]) -> None:
        self._plays_out(config_name, CREATING, FAILED)
        self._written(Made.CREATE, config_name, lambda: super(DaysEndpoints, self).create(name, config_name, tags))

    def delete(self, name: str) -> None:
        self._written(Made.DELETE, self.config, lambda: super(DaysEndpoints, self).delete(name))

    def _plays_out(self, config: str, *ill: Step) -> None:
        if self.days.package_on(config) in self.days.refused:
            self.scripts.insert(0, ill)

    def _written(self, made: Made, config: str, carry_out: Any) -> None:
        call = self.days.call_to(self, made, config)
        carry_out()
        self.days.book.calls.append(call)


class DaysMetrics(FakeMetrics):
    """Slow wherever a bad version serves."""

    def __init__(self, days: "Days") -> None:
        super().__init__(next(iter(days.estate.by_name.values())))
        self.days = days
        self.each: dict[str, FakeMetrics] = {}

    def _of(self, endpoint: str) -> FakeMetrics:
        there = self.days.estate[endpoint]
        own = self.each.setdefault(endpoint, FakeMetrics(there, before_us=GOOD_US))
        own.history = PAST
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

    def __init__(self, lives: Mapping[str, Lives], fleet: str, seed: int) -> None:
        """Make it.

        Args:
            lives: Every endpoint there ever is, by name.
            fleet: The fleet file without its endpoints.
            seed: Of everything that happens by chance.
        """
        self.random, self.lives, self._fleet_head = Random(seed), lives, fleet
        self.groups = sorted({life.group for life in lives.values()})
        first = {group: package_of(group, 1) for group in self.groups}
        at_first = [name for name, life in lives.items() if not life.declared_later]
        super().__init__(self._fleet_of(at_first), {}, first.values())
        self.clock.now = THURSDAY
        self.bad: set[str] = set()
        """Versions that are slow."""
        self.refused: set[str] = set()
        """Versions that AWS cannot bring up."""
        self.stands: set[tuple[str, str]] = set()
        """What people put in the way: `hold` or `lock` and the endpoint, or `freeze` and nothing."""
        self.book = Book()
        self.estate = Estate()
        for name, life in lives.items():
            self.estate.add(self._endpoint(name, first[life.group], exists=not life.declared_later))
        self.metrics = DaysMetrics(self)
        self.lives_in(endpoints=self.estate, metrics=self.metrics)
        self._begin_era(1)
        self.begin_rounds()

    def _endpoint(self, name: str, package: ModelPackage, *, exists: bool) -> DaysEndpoints:
        made = standing_on(self.clock, name, package)
        made.__class__ = DaysEndpoints
        assert isinstance(made, DaysEndpoints)
        made.days, made.exists = self, exists
        return made

    def _fleet_of(self, names: Sequence[str]) -> str:
        return self._fleet_head + "\nendpoints:\n" + "\n".join(f"  {name}: {self._declared(name)}" for name in names)

    def _declared(self, name: str) -> str:
        life = self.lives[name]
        more = f", {life.more}" if life.more else ""
        more += f", follows: {{endpoint: {life.follows}, soak: 3h}}" if life.follows else ""
        return f"{{model_package_group: {life.group}, policy: {life.policy}, instance_type: ml.m5.xlarge{more}}}"

    def declare_all(self) -> None:
        """The fleet file names every endpoint from now on, those that do not exist yet, too."""
        self.world = replace(self.world, fleet=parse_fleet(self._fleet_of(list(self.lives)), "fleet.yaml"))
        self.parts = quiet_parts(self.world, self.programs)

    # What is looked at

    def package_on(self, config: str) -> str:
        """The version that a config runs."""
        variant = self.estate.configs[config].variants()[0]
        containers = list(self.estate.models[variant["ModelName"]].containers())
        return str(containers[0]["ModelPackageName"])

    def running(self, endpoint: str) -> str | None:
        there = self.estate[endpoint]
        return self.package_on(there.config) if there.exists else None

    def versions(self, group: str) -> list[ModelPackage]:
        """Those of a group, oldest first."""
        return sorted((p for p in self.registry.packages if p.group == group), key=lambda p: p.version or 0)

    def is_revoked(self, package: str) -> bool:
        return self.registry.describe_package(package).approval is not ApprovalStatus.APPROVED

    def is_held(self, endpoint: str, package: str) -> bool:
        return any(hold.is_about(Version(package_arn=package)) for hold in self.store.holds.on(endpoint))

    def active(self, endpoint: str | None = None) -> list[Rollout]:
        """Rollouts that are not over, in an order that is the same for the same seed."""
        return sorted((stored.rollout for stored in self.store.rollouts.active(endpoint)), key=lambda r: r.id)

    def call_to(self, endpoint: FakeEndpoints, made: Made, config: str) -> Call:
        """A call right before it takes effect, and everything that may speak against it."""
        name, package = endpoint.endpoint, self.package_on(config)
        at_work = [r for r in self.active(name) if r.is_at_work]
        return Call(
            at=self.clock(),
            made=made,
            endpoint=name,
            config=config,
            package=package,
            before=self.running(name),
            pending=endpoint.pending,
            rollout=next((r for r in at_work if made is Made.DELETE or r.target_config == config), None),
            in_the_way=frozenset(what for what, where in self.stands if where in (name, "")),
            windows=self.world.fleet.endpoints[name].windows,
            is_revoked=self.is_revoked(package),
            is_held=self.is_held(name, package),
            ahead=frozenset(self._ahead_of(name, package)),
        )

    def _ahead_of(self, name: str, package: str) -> Iterator[str]:
        """Who is in an earlier stage, serves, is left to no person, and runs an older version."""
        for wave in self.world.fleet.waves.values():
            earlier = wave.stages[: wave.stage_of(name)] if name in wave.endpoints else ()
            for other in (other for stage in earlier for other in stage):
                serves = self.estate[other].exists and self.estate[other].status is not EndpointStatus.FAILED
                if serves and ("hold", other) not in self.stands and self._number(other) < package_number(package):
                    yield other

    def _number(self, endpoint: str) -> int:
        running = self.running(endpoint)
        return package_number(running) if running is not None else 0

    # What time does

    def run_due(self) -> None:
        """What people asked for, and everything that is due now, at once and without queues; news are nobody's here."""
        for _ in range(100):
            self.redis.delete(keys.due(Due.TELLS))
            errands = self.redis.zrange(keys.due(Due.ERRANDS), 0, -1)
            ticks = self.redis.zrangebyscore(keys.due(Due.TICKS), "-inf", self.clock().timestamp())
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

    def pass_time(self, until_rounds: timedelta, likely: float = 0.0) -> None:
        """The time until the bot goes its rounds unasked, and those; at any look something may happen, with that likelihood.

        Looks are some ten an hour while something is under way, and none while nothing is.
        """
        end = self.clock() + until_rounds
        while (due := self._next_tick()) is not None and due <= end:
            self.clock.now = max(due, self.clock.now + timedelta(milliseconds=1))
            self.run_due()
            self._go_rounds_that_were_wished_for()
            self.look()
            if self.random.random() < likely:
                self.something_happens()
        self.clock.now = end
        self.go_rounds()
        self.look()

    def something_happens(self) -> None:
        """Overridden by whoever knows what."""

    def _next_tick(self) -> datetime | None:
        first = self.redis.zrange(keys.due(Due.TICKS), 0, 0, withscores=True)
        return datetime.fromtimestamp(first[0][1], tz=self.clock().tzinfo) if first else None

    def _go_rounds_that_were_wished_for(self) -> None:
        """What knows that something changed lets a round come at once."""
        due = self.redis.zrangebyscore(keys.due(Due.ROUNDS), "-inf", self.clock().timestamp())
        for name in ROUNDS:
            if name.encode() in due:
                self._go_round(name)

    def go_rounds(self) -> None:
        """All of them, in whichever order."""
        for name in self.random.sample(ROUNDS, k=len(ROUNDS)):
            self._go_round(name)

    def _go_round(self, name: RoundName) -> None:
        self.parts.rounds.rounds[name].run()
        self.store.due.put_off(Due.ROUNDS, name, self.clock() + timedelta(days=1))
        self.run_due()

    def look(self) -> None:
        """Write down what every endpoint runs now, and every rollout that is known."""
        for name in self.lives:
            self.book.serves(name, self.running(name), self.clock())

    def _begin_era(self, number: int) -> None:
        """Ids rest on the era, which is drawn at random; in days that can be lived again they have to be the same."""
        self.redis.set(keys.KEPT_ERA, f"era {number}")

    def empty_the_store(self) -> None:
        """Redis comes back empty; the rounds begin anew, as the pump lets them."""
        self.book.keep(self.store.rollouts.recent(limit=1000))
        self.redis.flushall()
        self._begin_era(2)
        self.begin_rounds()
        for _ in range(3):
            self.go_rounds()

    def phases(self, endpoint: str) -> list[Phase]:
        """Of its latest rollouts, newest first: for whoever wonders why it stands as it does."""
        return [rollout.phase for rollout in self.store.rollouts.recent(endpoint, 5)]
