"""Opens rollouts that somebody typed: promote, scale, deploy, teardown, and the steps of an A/B test."""

from collections.abc import Mapping
from dataclasses import dataclass

from bot.domain.commands import AbFinish, AbStart, AbWeight, Change, Deploy, Promote, Scale, Teardown
from bot.domain.errand import CommandErrand, rollout_id_for
from bot.domain.phases import Kind
from bot.domain.rollout import Rollout
from bot.domain.rollout_parts import CountChange
from bot.domain.trial import TrialAsk
from workers.opening.common import ahead_on, channel_of, commit_in_place_of_waiting, opened_for, refuse_if_scheduled
from workers.people import asked_time
from workers.world import World


@dataclass(frozen=True)
class Opening:
    """Opens rollouts so that running the same errand again opens nothing new."""

    world: World

    def promote(self, errand: CommandErrand, command: Promote) -> Rollout:
        """Open the rollout of a promote command; its plan is made by the next tick, or once its turn has come.

        Raises:
            EndpointLocked: a lock or a freeze stands.
            UserError: there is nowhere to tell the story, or the time that was asked for is none.
        """
        asked = {"change": command.change, "asked_strategy": command.strategy}
        return self._open(errand, command, Kind.UPDATE, asked)

    def scale(self, errand: CommandErrand, command: Scale) -> Rollout:
        """Open the rollout of a scale command. Raises as `promote` does."""
        variant = command.variant or self.world.fleet.endpoint(command.endpoint).variant
        return self._open(
            errand, command, Kind.SCALE, {"count_change": CountChange(variant=variant, count=command.count)}
        )

    def deploy(self, errand: CommandErrand, command: Deploy) -> Rollout:
        """Open the rollout that creates an endpoint. Raises as `promote` does."""
        change = Change(version=command.version) if command.version is not None else None
        return self._open(errand, command, Kind.CREATE, {"change": change})

    def teardown(self, errand: CommandErrand, command: Teardown) -> Rollout:
        """Open the rollout that deletes an endpoint. Raises as `promote` does."""
        return self._open(errand, command, Kind.TEARDOWN, {})

    def ab(
        self,
        errand: CommandErrand,
        command: AbStart | AbWeight | AbFinish,
        kind: Kind,
        trial: TrialAsk,
        **asked: object,
    ) -> Rollout:
        """Open a rollout that starts, moves or ends a trial by keeping B. Raises as `promote` does; no lock stops a way back to A."""
        return self._open(errand, command, kind, {"trial": trial, **asked})

    def _open(
        self,
        errand: CommandErrand,
        command: Promote | Scale | Deploy | Teardown | AbStart | AbWeight | AbFinish,
        kind: Kind,
        asked: Mapping[str, object],
    ) -> Rollout:
        spec, now = self.world.fleet.endpoint(command.endpoint), self.world.clock()
        rollout_id = rollout_id_for(errand.id)
        if (known := self.world.store.rollouts.load(rollout_id)) is not None:
            return known.rollout
        trial = asked.get("trial")
        if not (isinstance(trial, TrialAsk) and trial.towards_a):
            self.world.store.locks.refuse_if_locked(spec.name, now)
        refuse_if_scheduled(self.world, spec, errand.actor)
        channel = channel_of(errand, spec)
        rollout = opened_for(
            spec,
            kind,
            id=rollout_id,
            requester=errand.actor,
            channel=channel,
            now=now,
            not_before=asked_time(self.world.slack, getattr(command, "at", None), errand.actor, now),
            queued_behind=ahead_on(self.world, spec.name),
            reason=getattr(command, "reason", None) or "",
            reply=errand.reply,
            **asked,
        )
        commit_in_place_of_waiting(self.world, rollout, (), now)
        return rollout
