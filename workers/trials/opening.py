"""Opens the rollouts of A/B tests. Whoever is too late, or asks for what cannot be had, is told at once and in private."""

from dataclasses import dataclass

from bot.domain import commands
from bot.domain.approval import is_approver
from bot.domain.commands import Change
from bot.domain.errand import CommandErrand, rollout_id_for
from bot.domain.errors import ResourceMissing, UserError
from bot.domain.fleet import EndpointSpec
from bot.domain.names import mention
from bot.domain.phases import Kind
from bot.domain.rollout import Rollout
from bot.domain.trial import TrialAsk, TrialStep, was_found_worse
from bot.domain.version import Version
from workers.answering import Answering
from workers.cloning import LiveEndpoint
from workers.cloning.trials import live_trial
from workers.drafting import Drafting, running_trial
from workers.opening import Opening, WaysBack
from workers.people import person_for
from workers.planning.trials import refuse_unfit
from workers.planning.weights import movable_trial
from workers.world import World


@dataclass(frozen=True)
class Trials:
    """Carries out ab start, ab weight and ab finish. Raises UserError with what the person shall read when nothing was done."""

    world: World
    answering: Answering
    opening: Opening
    ways_back: WaysBack
    drafting: Drafting

    def carry_out(
        self, errand: CommandErrand, command: commands.AbStart | commands.AbWeight | commands.AbFinish
    ) -> None:
        """What was typed, once however often the errand is run."""
        spec = self.world.fleet.endpoint(command.endpoint)
        known = self.world.store.rollouts.load(rollout_id_for(errand.id))
        rollout = known.rollout if known is not None else self._open(errand, command, spec)
        self.answering.opened(errand.reply, rollout)

    def _open(
        self,
        errand: CommandErrand,
        command: commands.AbStart | commands.AbWeight | commands.AbFinish,
        spec: EndpointSpec,
    ) -> Rollout:
        live = self._live(spec)
        if not isinstance(command, commands.AbStart) and live_trial(live) is None:
            self._refuse_before_it_serves(spec)
        match command:
            case commands.AbStart():
                return self._start(errand, command, spec, live)
            case commands.AbWeight():
                return self._weigh(errand, command, spec, live)
            case commands.AbFinish(keep="A"):
                return self._keep_a(errand, command, spec, live)
            case commands.AbFinish():
                return self._keep_b(errand, command, live)

    def _start(
        self, errand: CommandErrand, command: commands.AbStart, spec: EndpointSpec, live: LiveEndpoint
    ) -> Rollout:
        ask = TrialAsk(step=TrialStep.START, share=command.weight, shadow=command.shadow)
        change = Change(version=command.version if command.version is not None else "latest")
        self._refuse_if_at_it(ask, spec, change)
        refuse_unfit(ask, live, spec.variant, self.drafting.resolve_package(change, spec))
        return self.opening.ab(errand, command, Kind.UPDATE, ask, change=change)

    def _weigh(
        self, errand: CommandErrand, command: commands.AbWeight, spec: EndpointSpec, live: LiveEndpoint
    ) -> Rollout:
        """Towards A, which served before, whoever may steer the test goes at once; more traffic for B is a change like any other."""
        trial = movable_trial(live)
        ask = TrialAsk(step=TrialStep.WEIGHT, share=command.weight)
        self._refuse_if_at_it(ask, spec)
        if round(trial.share) == command.weight:
            raise UserError(
                f"{trial.b} of {spec.name} has {command.weight} % of the traffic already. Nothing was changed."
            )
        if command.weight < trial.share and self._may_steer(spec, live, errand.actor):
            ask = ask.model_copy(update={"towards_a": True})
            return self.opening.ab(errand, command, Kind.WEIGHTS, ask, approval_needed=False)
        vouched = self._vouched_by(spec, errand.actor)
        return self.opening.ab(errand, command, Kind.WEIGHTS, ask, approval_needed=not vouched, vouched_by=vouched)

    def _keep_a(
        self, errand: CommandErrand, command: commands.AbFinish, spec: EndpointSpec, live: LiveEndpoint
    ) -> Rollout:
        """Back to the config of before, as any rollback. B is held only where the comparison found it worse."""
        trial = running_trial(live)
        before = live.config.tags.get("rollout:previous-config")
        if before is None:
            raise UserError(
                f"The config {live.config.name} carries no tag that says what {spec.name} ran before. Nothing was changed. Name "
                f"it: rollback {spec.name} --to CONFIG"
            )
        ask = TrialAsk(step=TrialStep.KEEP_A, shadow=trial.shadow, towards_a=True)
        self._refuse_if_at_it(ask, spec)
        alone = self._may_steer(spec, live, errand.actor)
        return self.ways_back.keep_a(errand, command, ask, before, self._found_worse(live), alone=alone)

    def _keep_b(self, errand: CommandErrand, command: commands.AbFinish, live: LiveEndpoint) -> Rollout:
        trial = running_trial(live)
        spec = self.world.fleet.endpoint(command.endpoint)
        ask = TrialAsk(step=TrialStep.KEEP_B, share=100, shadow=trial.shadow)
        self._refuse_if_at_it(ask, spec)
        return self.opening.ab(errand, command, Kind.UPDATE, ask, change=Change())

    def _refuse_if_at_it(self, ask: TrialAsk, spec: EndpointSpec, change: Change | None = None) -> None:
        """These are buttons: the second who presses one must not take the place of the first one's plan."""
        for stored in self.world.store.rollouts.active(spec.name):
            rollout = stored.rollout
            if not rollout.is_under_way or rollout.trial is None:
                continue
            if rollout.trial == ask.model_copy(update={"towards_a": rollout.trial.towards_a}) and (
                change is None or rollout.change == change
            ):
                raise UserError(
                    f"Rollout {rollout.id} of {mention(rollout.requester)} does that already: its state is "
                    f"“{rollout.phase.words}”. Nothing more was started."
                )

    def _refuse_before_it_serves(self, spec: EndpointSpec) -> None:
        """A test that is on its way can be neither moved nor finished: only called off."""
        for stored in self.world.store.rollouts.active(spec.name):
            rollout = stored.rollout
            if rollout.starts_trial and rollout.is_under_way:
                raise UserError(
                    f"Rollout {rollout.id} of {mention(rollout.requester)} starts the A/B test on {spec.name}: its state is "
                    f"“{rollout.phase.words}”, and B does not serve yet. Nothing was changed. Ask again when both serve, or call "
                    f"it off: cancel {rollout.id}"
                )

    def _live(self, spec: EndpointSpec) -> LiveEndpoint:
        try:
            return self.drafting.gather(spec)
        except ResourceMissing as exc:
            raise UserError(f"{exc.user_message} Nothing was started.") from exc

    def _may_steer(self, spec: EndpointSpec, live: LiveEndpoint, actor: str) -> bool:
        """Whoever started the test, and every approver, may take traffic away from B."""
        if live.config.tags.get("rollout:requested-by") == actor:
            return True
        return is_approver(spec.approval, person_for(self.world.slack, spec.approval, actor))

    def _vouched_by(self, spec: EndpointSpec, actor: str) -> tuple[str, ...]:
        """An approver who may approve what they ask for themselves has done so by asking."""
        policy = spec.approval
        if not policy.requester_may_approve or policy.quorum > 1:
            return ()
        return (actor,) if is_approver(policy, person_for(self.world.slack, policy, actor)) else ()

    def _found_worse(self, live: LiveEndpoint) -> Version | None:
        """B, where the comparison found it worse: automation leaves it alone then."""
        started = self.world.store.rollouts.load(live.config.tags.get("rollout:id", ""))
        if started is None or started.rollout.plan is None or started.rollout.trial_watch is None:
            return None
        return started.rollout.plan.version if was_found_worse(started.rollout.trial_watch) else None
