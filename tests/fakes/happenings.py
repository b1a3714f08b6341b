"""What happens on a fleet's days: versions arrive, some of them bad, and are revoked; people decide, refuse, lock, hold and meddle;
endpoints fail, and the store is emptied."""

from collections import Counter
from datetime import datetime
from typing import Any

from bot.domain import commands
from bot.domain.endpoint import ApprovalStatus, ConfigRecord, EndpointStatus
from bot.domain.errand import ButtonValue, Click, ReplyTo
from bot.domain.hold import HoldKind
from bot.domain.phases import Phase
from bot.domain.rollout import Rollout
from bot.domain.wave import WaveState
from fakes.account import ARN
from fakes.day_book import Made
from fakes.days import Days
from fakes.estate import package_of
from fakes.records import BEN

REPLY = ReplyTo(user_id=BEN, channel_id="C0WORK", thread_ts="1.0")


class EventfulDays(Days):
    """A fleet over days on which something happens."""

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.noes: set[tuple[str, str | None]] = set()
        """Endpoint and version of what people said no to."""
        self.meddled: Counter[str] = Counter()
        """How often each endpoint was changed by hand, or broke down."""
        self.emptied_at: list[datetime] = []

    def something_happens(self) -> None:
        """One of the things that happen on a day."""
        often = [self.version_arrives] * 6 + [self.version_is_revoked, self.meddles] * 2
        self.random.choice([*often, self.holds, self.locks, self.freezes, self.breaks_down])()

    def version_arrives(self) -> None:
        group = self.random.choice(self.groups)
        number = 1 + max(p.version or 0 for p in self.versions(group))
        package = package_of(group, number).model_copy(update={"created_at": self.clock()})
        kind = self.random.random()
        if kind < 0.25:
            self.bad.add(package.arn)
        elif kind < 0.35:
            self.refused.add(package.arn)
        self.registry.packages.append(package)

    def version_is_revoked(self) -> None:
        """The newest but one, or the newest: it may run, be on its way, wait for approval, or be in a wave."""
        approved = [p for p in self.versions(self.random.choice(self.groups)) if not self.is_revoked(p.arn)]
        if len(approved) > 1:
            self.registry.decides(self.random.choice(approved[-2:]), ApprovalStatus.REJECTED, "biased")

    def meddles(self) -> None:
        """Another instance type, set in the console."""
        name = self.random.choice(sorted(self.lives))
        if not self._is_untouched(name):
            return
        self.meddled[name] += 1
        endpoint = self.estate[name]
        before = self.estate.configs[endpoint.config]
        config = f"{name}-by-hand-{self.meddled[name]}"
        document = {"ProductionVariants": [{**before.variants()[0], "InstanceType": "ml.m5.4xlarge"}]}
        self.estate.configs[config] = ConfigRecord(
            name=config, arn=f"{ARN}:endpoint-config/{config}", document=document
        )
        endpoint.config, endpoint.moved_at = config, self.clock()

    def breaks_down(self) -> None:
        """SageMaker says that it is Failed, and takes nothing but DeleteEndpoint."""
        name = self.random.choice(sorted(self.lives))
        if self._is_untouched(name):
            self.meddled[name] += 1
            self.estate[name].status, self.estate[name].moved_at = EndpointStatus.FAILED, self.clock()

    def _is_untouched(self, name: str) -> bool:
        there = self.estate[name]
        at_rest = there.exists and there.status is EndpointStatus.IN_SERVICE and there.pending is None
        return at_rest and all(rollout.is_waiting for rollout in self.active(name))

    def holds(self) -> None:
        self._puts_in_the_way("hold", self.random.choice(sorted(self.world.fleet.endpoints)))

    def locks(self) -> None:
        self._puts_in_the_way("lock", self.random.choice(sorted(self.world.fleet.endpoints)))

    def freezes(self) -> None:
        self._puts_in_the_way("freeze", "")

    def _puts_in_the_way(self, what: str, name: str) -> None:
        if (what, name) not in self.stands:
            self.type(f"{what} {name} --reason 'trade fair'".replace("  ", " "), by=BEN)
            self.stands.add((what, name))

    def obstacles_go(self, likely: float) -> None:
        """Whatever people put in the way ends by chance."""
        for what, name in sorted(self.stands):
            if self.random.random() < likely:
                self._takes_away(what, name)

    def _takes_away(self, what: str, name: str) -> None:
        match what:
            case "hold":
                self._lets_go(name)
            case "lock":
                self.type(f"unlock {name}", by=BEN)
            case "freeze":
                self.type("thaw", by=BEN)
        self.stands.remove((what, name))

    def _lets_go(self, name: str) -> None:
        """What people put on, not what follows from rollouts: `unhold` would lift both, and let a bad version come again."""
        self._deliveries += 1
        self.store.holds.lift(
            name,
            f"lift {self._deliveries}",
            BEN,
            self.clock(),
            lambda standing: [hold for hold in standing if hold.kind is HoldKind.BY_PERSON],
        )

    def empty_the_store(self) -> None:
        self.emptied_at.append(self.clock())
        super().empty_the_store()

    def people_decide(self, willingness: float, refusal: float = 0.02) -> None:
        """Each plan that waits, of a wave too, is approved, refused or left by chance."""
        for rollout in self.active():
            chance = self.random.random()
            if rollout.phase is Phase.AWAITING_APPROVAL and rollout.plan is not None and chance < willingness + refusal:
                self._decides(rollout, Click.APPROVE if chance < willingness else Click.REJECT)
        for wave in sorted((stored.wave for stored in self.store.waves.active()), key=lambda wave: wave.id):
            if wave.state is WaveState.PROPOSED and self.random.random() < willingness:
                self._says(commands.WaveApprove(wave_id=wave.id, plan=wave.fingerprint))

    def _decides(self, rollout: Rollout, click: Click) -> None:
        assert rollout.plan is not None
        if click is Click.REJECT:
            self.noes.add((rollout.endpoint, rollout.plan.package_arn))
        value = ButtonValue(rollout_id=rollout.id, endpoint=rollout.endpoint, fingerprint=rollout.plan.fingerprint)
        self.intake.take_click(
            click, value, actor=BEN, message_ts="1.1", reply=REPLY, delivery_id=f"click {self._delivery()}"
        )
        self.run_due()

    def _says(self, command: commands.WaveApprove) -> None:
        self.intake.take_command(command, actor=BEN, reply=REPLY, delivery_id=f"command {self._delivery()}")
        self.run_due()

    # What is to come of it

    def best_for(self, name: str, without: frozenset[str] = frozenset()) -> str | None:
        """The newest version that may run there and does well."""
        unfit = self.bad | self.refused | without
        good = [
            p.arn for p in self.versions(self.lives[name].group) if not self.is_revoked(p.arn) and p.arn not in unfit
        ]
        return good[-1] if good else None

    def unwatched(self) -> set[tuple[str, str]]:
        """Bad versions on endpoints that were created with them: nothing served there before that they could be compared with."""
        return {
            (call.endpoint, call.package)
            for call in self.book.calls
            if call.made is Made.CREATE and call.package in self.bad
        }

    def waits_for_its_window(self, name: str) -> bool:
        """Whether all that is missing is that a change window opens."""
        return any(rollout.phase is Phase.SCHEDULED for rollout in self.active(name))

    def was_refused_anew(self, name: str) -> bool:
        """Whether it is Failed, or not there, and somebody refused to have it created; no endpoint never was."""
        if not name:
            return False
        there = self.estate[name]
        is_down = not there.exists or there.status is EndpointStatus.FAILED
        return is_down and any(endpoint == name for endpoint, _ in self.noes)
