"""Takes in what people type: parse it, answer at once what needs no worker, store the rest durably. Shared by Slack and terminal."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.domain.commands import (
    AbFinish,
    AbStart,
    AbWeight,
    ApproveVersion,
    Audit,
    Cancel,
    Command,
    Compare,
    Deploy,
    FleetCheck,
    FleetImport,
    Freeze,
    Gc,
    Help,
    History,
    Hold,
    Lock,
    Metrics,
    Plan,
    Promote,
    RejectVersion,
    Rollback,
    Scale,
    Status,
    Sync,
    Teardown,
    Thaw,
    Unhold,
    Unlock,
    Versions,
    WaveAbort,
    WaveApprove,
    WavePause,
    WaveReject,
    WaveResume,
    WaveStart,
)
from bot.domain.errand import (
    BreakErrand,
    BreakValue,
    ButtonValue,
    Click,
    ClickErrand,
    CommandErrand,
    Errand,
    Form,
    FormContext,
    FormErrand,
    HomeErrand,
    HomeLook,
    ReplyTo,
    short_id,
)
from bot.domain.errors import NotDeclared
from bot.domain.fleet import Fleet
from bot.grammar import SLACK_PREFIX, Context, help_text, parse
from bot.messages.answers import render_help
from bot.messages.blocks import Message
from bot.queue import QueueName
from bot.store import Store

WORKING = "Working on it…"

ONLY_IN_A_TERMINAL = "It reads a file of the machine where it is typed: run `python -m bot fleet check` there."


@dataclass(frozen=True)
class Taken:
    """What became of it: an answer for now, and, unless that is the answer, the errand that a worker runs.

    `message` is None for what was delivered before: then nothing is said twice.
    """

    message: Message | None
    errand_id: str | None = None


@dataclass(frozen=True)
class Intake:
    """The Slack process's only way to make something happen."""

    store: Store
    fleet_in_force: Callable[[], Fleet]
    """The fleet file may change while this process runs."""
    clock: Callable[[], datetime]

    @property
    def fleet(self) -> Fleet:
        """Which endpoints there should be, now."""
        return self.fleet_in_force()

    def take_text(
        self, text: str, *, actor: str, reply: ReplyTo, delivery_id: str, context: Context | None = None
    ) -> Taken:
        """Something that a person typed in Slack. Raises UserError for what makes no sense, StoreUnavailable without Redis."""
        return self.take_command(parse(text, context), actor=actor, reply=reply, delivery_id=delivery_id)

    def take_command(
        self, command: Command, *, actor: str, reply: ReplyTo, delivery_id: str, prefix: str = SLACK_PREFIX
    ) -> Taken:
        """A command. An endpoint that the fleet file does not name is refused here, with what to do or the nearest names."""
        if isinstance(command, Help):
            return Taken(render_help(str(help_text(command.command, prefix=prefix))))
        if isinstance(command, FleetCheck):
            return Taken(Message(ONLY_IN_A_TERMINAL))
        endpoint = getattr(command, "endpoint", None)
        if endpoint is not None and not (isinstance(command, Status) and command.is_board):
            self._refuse_unless_declared(endpoint)
        errand = CommandErrand(id=short_id(delivery_id), command=command, actor=actor, reply=reply, at=self.clock())
        is_new = self._put(errand, queue_for(command))
        return Taken(Message(_working_on(command)) if is_new else None, errand.id)

    def _refuse_unless_declared(self, endpoint: str) -> None:
        if endpoint not in self.fleet.endpoints and self.store.standings.is_listed(endpoint):
            raise NotDeclared(endpoint)
        self.fleet.endpoint(endpoint)

    def take_click(
        self, click: Click, value: ButtonValue, *, actor: str, message_ts: str, reply: ReplyTo, delivery_id: str
    ) -> Taken:
        """A pressed button. What it may do is decided by a worker, from the store."""
        errand = ClickErrand(
            id=short_id(delivery_id),
            click=click,
            value=value,
            actor=actor,
            message_ts=message_ts,
            reply=reply,
            at=self.clock(),
        )
        self._put(errand, QueueName.URGENT)
        return Taken(None, errand.id)

    def take_home(self, look: HomeLook | None, *, actor: str, reply: ReplyTo, delivery_id: str) -> Taken:
        """An App Home tab that was opened, or other rows in it; None is what this person looked at the last time."""
        errand = HomeErrand(id=short_id(delivery_id), look=look, actor=actor, reply=reply, at=self.clock())
        self._put(errand, QueueName.SLOW)
        return Taken(None, errand.id)

    def take_break(self, value: BreakValue, *, actor: str, reply: ReplyTo, delivery_id: str) -> Taken:
        """A pressed Break lock."""
        errand = BreakErrand(id=short_id(delivery_id), value=value, actor=actor, reply=reply, at=self.clock())
        self._put(errand, QueueName.URGENT)
        return Taken(None, errand.id)

    def take_form(
        self,
        form: Form,
        context: FormContext,
        values: Mapping[str, str],
        *,
        actor: str,
        reply: ReplyTo,
        delivery_id: str,
    ) -> Taken:
        """A submitted modal. Whether this person may say that, there and then, is decided by a worker, from the store."""
        errand = FormErrand(
            id=short_id(delivery_id),
            form=form,
            rollout_id=context.rollout_id,
            command=context.command,
            values=values,
            actor=actor,
            reply=reply,
            at=self.clock(),
        )
        self._put(errand, QueueName.URGENT)
        return Taken(None, errand.id)

    def is_first(self, delivery_id: str) -> bool:
        """Whether what is answered at once, without an errand, comes for the first time; notes that it did."""
        return self.store.errands.finish_at_once(short_id(delivery_id))

    def context_of(self, channel_id: str, thread_ts: str | None) -> Context | None:
        """What goes without saying in that thread, if it tells a rollout's story, or a wave's."""
        if thread_ts is None:
            return None
        rollout = self.store.rollouts.in_thread(channel_id, thread_ts)
        if rollout is not None:
            return Context(endpoint=rollout.endpoint, rollout_id=rollout.id, wave_id=rollout.wave_id)
        wave_id = self.store.waves.in_thread(channel_id, thread_ts)
        return Context(wave_id=wave_id) if wave_id is not None else None

    def _put(self, errand: Errand, queue: QueueName) -> bool:
        return self.store.errands.put(errand, queue, self.clock(), self.fleet.defaults.timing.lease)


def queue_for(command: Command) -> QueueName:
    """Questions may take their time; what opens or stops something may not wait behind them."""
    match command:
        case Promote() | Scale() | Rollback() | Cancel() | Lock() | Unlock() | Freeze() | Thaw() | Hold() | Unhold():
            return QueueName.URGENT
        case Deploy() | Teardown() | AbStart() | AbWeight() | AbFinish() | WavePause() | WaveResume() | WaveAbort():
            return QueueName.URGENT
        case ApproveVersion() | RejectVersion() | WaveStart() | WaveApprove() | WaveReject():
            return QueueName.URGENT
        case Plan() | Status() | History() | Help() | Metrics() | Versions() | Compare() | Sync():
            return QueueName.SLOW
        case Audit() | Gc() | FleetCheck() | FleetImport():
            return QueueName.SLOW


def _working_on(command: Command) -> str:
    if isinstance(command, Promote | Scale | Rollback | Deploy | Teardown | AbStart | AbWeight | AbFinish):
        return f"{WORKING} the plan will stand in a thread of this channel."
    return WORKING
