"""The whole engine over fakes: type, press, and let time pass; no process, no RQ worker, no waiting."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import fakeredis
from rq.job import Job

from bot.domain.endpoint import ApprovalStatus, ConfigRecord, ModelPackage, ModelRecord
from bot.domain.errand import BreakValue, ButtonValue, Click, CommandValue, FormContext, ReplyTo
from bot.domain.fleet import parse_fleet
from bot.domain.phases import Phase
from bot.domain.rollout import Rollout
from bot.grammar import Context
from bot.intake import Intake, Taken
from bot.listeners.actions import CLICKS
from bot.listeners.forms import FORMS
from bot.messages.ids import COMMAND_PLACES, ActionId, CallbackId, InputId
from bot.queue import JobName, QueueName, queue
from bot.store import keys, make_store
from bot.store.errands import Answer
from bot.store.keys import Due
from bot.store.rollouts import PROGRESS_DELAY
from fakes.account import ARN, FakeEndpoints, FakeRegistry
from fakes.clock import NOW, FakeClock
from fakes.leftovers import FakeLeftovers
from fakes.messenger import FakeMessenger, Posted
from fakes.numbers import FakeMetrics
from fakes.programs import FakePrograms
from fakes.records import ANNA, BEN, CARL, CURRENT, ENDPOINT
from fakes.surroundings import (
    FakeAlarms,
    FakeArtifacts,
    FakeAutoscaling,
    FakeCatalog,
    FakeEvents,
    FakePrices,
    FakeQuotas,
    FakeSubscriptions,
    FakeTrail,
    FakeUsage,
)
from workers.wiring import Parts, parts_of
from workers.world import Aws, World

CHANNEL, HOME = "C0WORK", "C0MLDEPLOYS"

FLEET = f"""
version: 1
defaults:
  region: us-east-1
  approval: {{users: [{BEN}, {CARL}], quorum: 1, expires_after: 4h}}
  watch: {{duration: 5m, warm_up: 1m, metric_period: 30s}}
  timing: {{poll: 15s, settle: 10s, lease: 10s}}
endpoints:
  {ENDPOINT}:
    model_package_group: sentiment
"""


def a_package(version: int, approval: ApprovalStatus = ApprovalStatus.APPROVED) -> ModelPackage:
    return ModelPackage(
        arn=f"{ARN}:model-package/sentiment/{version}",
        name="sentiment",
        group="sentiment",
        version=version,
        status="Completed",
        approval=approval,
        created_at=NOW - timedelta(days=10 - version),
    )


def a_model(name: str = "model-v3", version: int = 3) -> ModelRecord:
    document = {
        "PrimaryContainer": {"ModelPackageName": a_package(version).arn, "Environment": {"WORKERS": "2"}},
        "ExecutionRoleArn": "arn:aws:iam::123456789012:role/sagemaker",
    }
    return ModelRecord(name=name, arn=f"{ARN}:model/{name}", document=document)


def a_config(name: str = CURRENT, model: str = "model-v3", tags: dict[str, str] | None = None) -> ConfigRecord:
    variant = {
        "VariantName": "AllTraffic",
        "ModelName": model,
        "InstanceType": "ml.m5.xlarge",
        "InitialInstanceCount": 2,
        "InitialVariantWeight": 1.0,
    }
    document = {"ProductionVariants": [variant]}
    return ConfigRecord(name=name, arn=f"{ARN}:endpoint-config/{name}", document=document, tags=tags or {})


def quiet_parts(world: World, programs: FakePrograms) -> Parts:
    """The engine's parts, with blank pictures for charts: drawing one takes longer than all the rest of a promotion."""
    parts = parts_of(world, programs, wait=lambda seconds: None)
    posting = replace(parts.notifier.posting, draw=lambda _: b"\x89PNG blank")
    return replace(parts, notifier=replace(parts.notifier, posting=posting))


class Engine:
    """One workspace, one account, one endpoint, and hands to pump with."""

    def __init__(self, fleet: str = FLEET) -> None:
        self.clock = FakeClock()
        self.redis = fakeredis.FakeStrictRedis(server=fakeredis.FakeServer())
        self.endpoints = FakeEndpoints(self.clock, ENDPOINT, a_config(), a_model())
        versions = [a_package(v) for v in (3, 4, 5)]
        self.registry = FakeRegistry(
            *versions, a_package(6, ApprovalStatus.PENDING), a_package(7, ApprovalStatus.REJECTED)
        )
        self.metrics = FakeMetrics(self.endpoints)
        self.slack = FakeMessenger(self.clock)
        self.autoscaling, self.alarms = FakeAutoscaling(), FakeAlarms()
        self.quotas, self.usage, self.prices = FakeQuotas(), FakeUsage(), FakePrices()
        self.subscriptions, self.artifacts, self.trail = FakeSubscriptions(), FakeArtifacts(), FakeTrail()
        self.leftovers = FakeLeftovers(self.endpoints)
        self.catalog, self.events = FakeCatalog(), FakeEvents()
        self._aws = Aws(
            endpoints=self.endpoints,
            registry=self.registry,
            metrics=self.metrics,
            autoscaling=self.autoscaling,
            alarms=self.alarms,
            quotas=self.quotas,
            usage=self.usage,
            prices=self.prices,
            subscriptions=self.subscriptions,
            artifacts=self.artifacts,
            trail=self.trail,
            leftovers=self.leftovers,
            catalog=self.catalog,
        )
        self.world = World(
            store=make_store(self.redis),
            fleet=parse_fleet(fleet, "fleet.yaml"),
            aws=lambda spec: self._aws,
            slack=self.slack,
            clock=self.clock,
            events=lambda url: self.events,
        )
        self.store = self.world.store
        self.programs = FakePrograms()
        self.parts = quiet_parts(self.world, self.programs)
        self.intake = Intake(self.store, lambda: self.world.fleet, self.clock)
        self._deliveries = 0
        self.crashes: list[tuple[str, Exception]] = []
        self.workers_are_busy: set[QueueName] = set()
        """Queues whose jobs nobody takes at the moment."""

    def close(self) -> None:
        self.redis.close()

    def lives_in(self, **gateways: Any) -> None:
        """Other gateways for the account, by the fields of `Aws`."""
        self._aws = replace(self._aws, **gateways)

    # What people do

    def type(
        self,
        text: str,
        *,
        by: str = ANNA,
        channel: str = CHANNEL,
        context: Context | None = None,
        reply: ReplyTo | None = None,
        delivery: str | None = None,
    ) -> Taken:
        """A slash command, or with a `reply` a mention or a terminal; its errand is run."""
        reply = reply or ReplyTo(user_id=by, channel_id=channel, response_url=f"https://respond.example/{by}")
        taken = self.intake.take_text(
            text, actor=by, reply=reply, delivery_id=delivery or self._delivery(), context=context
        )
        self.settle()
        return taken

    def press(self, label: str, *, by: str, on: Posted | None = None, delivery: str | None = None) -> None:
        """A click on the button of that label, on a given message or on the latest one that shows it."""
        shown = on or next(p for p in reversed(self.slack.posted) if label in p.buttons)
        element = shown.buttons[label]
        if element["action_id"] in COMMAND_PLACES:
            self.press_command(element["value"], by=by, on=shown, delivery=delivery)
            return
        if element["action_id"] == ActionId.BREAK_LOCK:
            self.press_break(element["value"], by=by, on=shown, delivery=delivery)
            return
        self.click(CLICKS[ActionId(element["action_id"])], element["value"], by=by, on=shown, delivery=delivery)

    def press_command(self, value: str, *, by: str, on: Posted, delivery: str | None = None) -> None:
        """A button that types a command for whoever presses it."""
        delivery = delivery or self._delivery()
        self.intake.take_command(
            CommandValue.model_validate_json(value).command,
            actor=by,
            reply=ReplyTo(user_id=by, channel_id=on.channel, thread_ts=on.thread_ts, trigger_id=delivery),
            delivery_id=delivery,
        )
        self.settle()

    def press_break(self, value: str, *, by: str, on: Posted, delivery: str | None = None) -> None:
        """Break lock, also on a message that shows the button no more."""
        self.intake.take_break(
            BreakValue.model_validate_json(value),
            actor=by,
            reply=ReplyTo(user_id=by, channel_id=on.channel, thread_ts=on.thread_ts),
            delivery_id=delivery or self._delivery(),
        )
        self.settle()

    def click(self, click: Click, value: str, *, by: str, on: Posted, delivery: str | None = None) -> None:
        """A click as Slack delivers it, also on a message that shows the button no more."""
        delivery = delivery or self._delivery()
        self.intake.take_click(
            click,
            ButtonValue.model_validate_json(value),
            actor=by,
            message_ts=on.ts,
            reply=ReplyTo(user_id=by, channel_id=on.channel, thread_ts=on.thread_ts, trigger_id=delivery),
            delivery_id=delivery,
        )
        self.settle()

    def submit(self, values: Mapping[InputId, str], *, by: str, delivery: str | None = None) -> None:
        """The modal that was opened last is submitted with these inputs."""
        _, view = self.slack.views[-1]
        context = FormContext.model_validate_json(view["private_metadata"])
        self.intake.take_form(
            FORMS[CallbackId(view["callback_id"])],
            context,
            {str(name): text for name, text in values.items()},
            actor=by,
            reply=ReplyTo(user_id=by, channel_id=context.channel_id, thread_ts=context.thread_ts),
            delivery_id=delivery or self._delivery(),
        )
        self.settle()

    def ask(self, command: str) -> str:
        """What a slash command answers."""
        self.type(command)
        return self.slack.responses[-1][1]

    def terminal(self, text: str) -> Answer:
        """What a terminal prints."""
        self.type(text, by="terminal:ops", reply=ReplyTo(user_id="terminal:ops", terminal="key"))
        answer = self.store.errands.wait_for_answer("key", timedelta(seconds=1))
        assert answer is not None
        return answer

    def promote(self, version: int = 4, *, by: str = ANNA) -> str:
        """A promotion up to its plan; returns the rollout's id."""
        self.type(f"promote {ENDPOINT} --version {version}", by=by)
        return self.store.rollouts.recent(ENDPOINT)[0].id

    def promoted(self, version: int = 4) -> str:
        """A promotion to its good end."""
        rollout_id = self.promote(version)
        self.press("Approve", by=BEN)
        self.play_until(Phase.SUCCEEDED, rollout_id)
        return rollout_id

    def _delivery(self) -> str:
        self._deliveries += 1
        return f"trigger {self._deliveries}"

    # What the processes do

    def rollout(self, rollout_id: str) -> Rollout:
        stored = self.store.rollouts.load(rollout_id)
        assert stored is not None
        return stored.rollout

    def phase(self, rollout_id: str) -> Phase:
        return self.rollout(rollout_id).phase

    def begin_rounds(self) -> None:
        """As the pump does when it tidies: what comes round is due."""
        self.store.due.begin(Due.ROUNDS, self.parts.rounds.names, self.clock())

    def settle(self) -> None:
        """Do everything that is due now, until nothing is."""
        for _ in range(200):
            jobs = [job for name in QueueName if name not in self.workers_are_busy for job in self._take(name)]
            for job in jobs:
                self._run(job)
            dispatched = sum(self.store.due.dispatch(kind, self.clock(), self.world.lease) for kind in Due)
            if not jobs and not dispatched:
                return
        raise AssertionError("the engine does not come to rest")

    def _take(self, name: QueueName) -> list[Job]:
        jobs = queue(name, self.redis).jobs
        self.redis.delete(queue(name, self.redis).key)
        return jobs

    def _run(self, job: Job) -> None:
        """As workers.jobs does; what nobody foresaw goes where RQ's exception handler would take it."""
        first = str(job.args[0])
        try:
            match job.func_name:
                case JobName.RUN_ERRAND:
                    self.parts.desk.run(first)
                case JobName.ADVANCE:
                    self.parts.reconciler.tick(first, job.args[1])
                case JobName.TELL:
                    self.parts.notifier.tell(first)
                case JobName.RUN_CHECK:
                    self.parts.checking.run(*job.args)
                case JobName.RUN_ROUND:
                    self.parts.rounds.run(first)
        except Exception as error:
            self.crashes.append((job.func_name, error))
            if job.func_name == JobName.ADVANCE:
                self.parts.reconciler.crashed(first, error)
            if job.func_name == JobName.RUN_ERRAND:
                self.parts.desk.crashed(first, error)
            if job.func_name == JobName.RUN_CHECK:
                self.parts.checking.lost(*job.args)

    def tell(self) -> None:
        """Let the news that are gathered for a moment, so that several make one edit, come through."""
        self.clock.tick(PROGRESS_DELAY)
        self.settle()

    def next_due(self) -> datetime | None:
        """When anything is due next."""
        scores: list[Any] = [self.redis.zrange(keys.due(kind), 0, 0, withscores=True) for kind in Due]
        times = [entry[0][1] for entry in scores if entry]
        return datetime.fromtimestamp(min(times), tz=NOW.tzinfo) if times else None

    def play(self, until: Callable[[], bool], limit: timedelta = timedelta(hours=3)) -> None:
        """Let time jump from due time to due time until it is so, or nothing is left to do, or the limit is reached."""
        end = self.clock() + limit
        self.settle()
        while not until() and (due := self.next_due()) is not None and due <= end:
            self.clock.now = max(due, self.clock.now + timedelta(milliseconds=1))
            self.settle()

    def play_until(self, phase: Phase, rollout_id: str) -> None:
        self.play(lambda: self.phase(rollout_id) is phase)
        assert self.phase(rollout_id) is phase, self.rollout(rollout_id).last

    def play_out(self, rollout_id: str) -> Phase:
        """Until nothing of this rollout is due any more: its end, told."""
        self.play(lambda: not self.rollout(rollout_id).is_active and not self._is_untold(rollout_id))
        return self.phase(rollout_id)

    def _is_untold(self, rollout_id: str) -> bool:
        return self.redis.zscore(keys.due(Due.TELLS), rollout_id) is not None
