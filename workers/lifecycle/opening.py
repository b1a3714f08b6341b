"""Opens rollouts that create and delete endpoints. Whoever is too late, or asks twice, is told at once and in private."""

from dataclasses import dataclass

from bot.domain import commands
from bot.domain.endpoint import EndpointStatus, Snapshot
from bot.domain.errand import CommandErrand, rollout_id_for
from bot.domain.errors import ResourceMissing, UserError
from bot.domain.fleet import EndpointSpec
from bot.domain.names import mention
from bot.domain.phases import Kind
from workers.answering import Answering
from workers.opening import Opening
from workers.planning.creating import exists_already
from workers.world import World

_DEEDS = {Kind.CREATE: "creates", Kind.TEARDOWN: "deletes"}


@dataclass(frozen=True)
class Lifecycle:
    """Carries out deploy and teardown. Raises UserError with what the person shall read when nothing was done."""

    world: World
    answering: Answering
    opening: Opening

    def carry_out(self, errand: CommandErrand, command: commands.Deploy | commands.Teardown) -> None:
        """What was typed, once however often the errand is run."""
        spec = self.world.fleet.endpoint(command.endpoint)
        kind = Kind.CREATE if isinstance(command, commands.Deploy) else Kind.TEARDOWN
        if self.world.store.rollouts.load(rollout_id_for(errand.id)) is None:
            self._refuse_if_at_it(spec, kind)
            self._refuse_if_pointless(spec, kind)
        match command:
            case commands.Deploy():
                rollout = self.opening.deploy(errand, command)
            case commands.Teardown():
                rollout = self.opening.teardown(errand, command)
        self.answering.opened(errand.reply, rollout)

    def _refuse_if_at_it(self, spec: EndpointSpec, kind: Kind) -> None:
        """Restore is a button: the second who presses it must not take the place of the first one's plan."""
        active = [stored.rollout for stored in self.world.store.rollouts.active(spec.name)]
        same = [rollout for rollout in active if rollout.kind is kind and rollout.is_under_way]
        if same:
            raise UserError(
                f"Rollout {same[0].id} of {mention(same[0].requester)} {_DEEDS[kind]} {spec.name} already: its state is "
                f"“{same[0].phase.words}”. Nothing more was started. {mention(same[0].requester)} or an approver can call "
                f"it off: cancel {same[0].id}"
            )

    def _refuse_if_pointless(self, spec: EndpointSpec, kind: Kind) -> None:
        snapshot = self._look(spec)
        if kind is Kind.TEARDOWN and snapshot is None:
            raise UserError(f"There is no endpoint {spec.name}, so there is nothing to delete. Nothing was started.")
        if kind is Kind.CREATE and snapshot is not None and snapshot.status is not EndpointStatus.FAILED:
            raise UserError(exists_already(snapshot))

    def _look(self, spec: EndpointSpec) -> Snapshot | None:
        try:
            return self.world.aws(spec).endpoints.describe(spec.name)
        except ResourceMissing:
            return None
