"""Facts from AWS into a plan: for a change, or for the way back."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from statistics import median

from bot.domain.commands import Change
from bot.domain.endpoint import ConfigRecord, ModelPackage, Snapshot
from bot.domain.errors import ResourceMissing, UserError
from bot.domain.fleet import EndpointSpec
from bot.domain.plan import Difference, Plan
from bot.domain.preflight import Facts, run_preflight
from bot.domain.rollout import BOT_ACTOR, Kind, Phase, Reason, Rollout
from bot.domain.strategy import Strategy
from bot.messages.words import count
from bot.store.rollouts import Stored
from workers.cloning import Draft, LiveEndpoint, models_named_by
from workers.drafting import Drafting, label_of
from workers.world import Aws, World


@dataclass(frozen=True)
class Planner:
    """Makes plans and moves a planned rollout to where its plan lets it go."""

    world: World
    drafting: Drafting

    def plan(self, rollout: Rollout, spec: EndpointSpec) -> Rollout:
        """The rollout with its plan: waiting for approval, blocked, or, for an authorised rollback, on its way."""
        now = self.world.clock()
        try:
            made = (
                self._rollback_plan(rollout, spec, now)
                if rollout.kind is Kind.ROLLBACK
                else self.update_plan(rollout, spec)
            )
        except (UserError, ResourceMissing) as exc:
            return rollout.to(Phase.BLOCKED, Reason.PREFLIGHT_BLOCKED, now, BOT_ACTOR, exc.user_message)
        planned = rollout.with_(plan=made)
        if made.is_blocked:
            reason = (
                Reason.NOTHING_TO_CHANGE if made.blockers[0].check == "something_changes" else Reason.PREFLIGHT_BLOCKED
            )
            return planned.to(Phase.BLOCKED, reason, now, BOT_ACTOR, made.blockers[0].text)
        if not rollout.approval_needed:
            return planned.to(Phase.ROLLING_BACK, Reason.NO_APPROVAL_NEEDED, now, rollout.requester)
        return planned.to(Phase.AWAITING_APPROVAL, Reason.PLAN_READY, now, BOT_ACTOR)

    def update_plan(self, rollout: Rollout, spec: EndpointSpec) -> Plan:
        """What a change would do. Raises UserError or ResourceMissing when there is nothing to plan with."""
        change = rollout.change or Change()
        live = self.drafting.gather(spec)
        package = self.drafting.resolve_package(change, spec)
        made = self.drafting.draft(rollout, live, change, package, spec)
        facts = Facts(
            spec=spec,
            kind=Kind.UPDATE,
            snapshot=live.snapshot,
            current_config=live.config,
            target_config=made.config,
            target_config_name=made.config.name,
            differences=made.differences,
            package=package,
            models={name: name in live.models for name in models_named_by(live.config)},
            instance_types=_instance_types(made.config),
        )
        current = label_of(live, spec.variant)
        policy_reason = _policy_reason(spec, _is_marketplace(live, package))
        return Plan(
            fingerprint=made.fingerprint,
            made_at=self.world.clock(),
            current_config=live.config.name,
            target_config=made.config.name,
            current_label=current,
            target_label=_target_label(current, change, package),
            new_models=made.new_models,
            package_arn=package.arn if package is not None else None,
            differences=made.differences,
            counts_from_config=made.counts_from_config,
            kept=_kept(live, made),
            findings=run_preflight(facts),
            strategy=Strategy(reason=policy_reason),
            expected_duration=self._expected_duration(spec.name),
        )

    def _rollback_plan(self, rollout: Rollout, spec: EndpointSpec, now: datetime) -> Plan:
        aws = self.world.aws(spec)
        snapshot = aws.endpoints.describe(spec.name)
        parent = self.world.store.rollouts.load(rollout.parent_id) if rollout.parent_id else None
        self._refuse_if_superseded(parent, snapshot)
        current = aws.endpoints.describe_config(snapshot.config_name)
        target_name = rollout.rollback_to or _previous_config(spec, current)
        if snapshot.is_on(target_name):
            raise UserError(f"{spec.name} is on {target_name} already, so there is nothing to roll back.")
        target = self._config(aws, target_name)
        undone = parent.rollout.change if parent is not None else None
        undoes_count = undone is not None and undone.count is not None
        facts = Facts(
            spec=spec,
            kind=Kind.ROLLBACK,
            snapshot=snapshot,
            current_config=current,
            target_config=target,
            target_config_name=target_name,
            models=self._which_exist(aws, models_named_by(target) if target is not None else ()),
        )
        return Plan(
            fingerprint=sha256(f"{snapshot.arn} {current.name} {target_name}".encode()).hexdigest()[:16],
            made_at=now,
            current_config=current.name,
            target_config=target_name,
            current_label=current.name,
            target_label=target_name,
            differences=(Difference(path="EndpointConfigName", before=current.name, after=target_name),),
            counts_from_config=undoes_count,
            kept=_kept_on_the_way_back(target, undoes_count),
            findings=run_preflight(facts),
            strategy=Strategy(reason="The way back is the quickest that SageMaker has."),
            expected_duration=self._expected_duration(spec.name),
        )

    def _refuse_if_superseded(self, parent: Stored | None, snapshot: Snapshot) -> None:
        """A rollback undoes its rollout only while the endpoint is still where that rollout left it."""
        if parent is None or parent.rollout.plan is None:
            return
        expected = {parent.rollout.plan.target_config, parent.rollout.plan.current_config}
        if snapshot.config_name not in expected:
            raise UserError(
                f"The endpoint is on {snapshot.config_name} now, so rollout {parent.rollout.id} is superseded and there is "
                "nothing of it to roll back. The rollback command goes back from where the endpoint is now."
            )

    def _which_exist(self, aws: Aws, models: Iterable[str]) -> Mapping[str, bool]:
        def exists(name: str) -> bool:
            try:
                aws.endpoints.describe_model(name)
            except ResourceMissing:
                return False
            return True

        return {name: exists(name) for name in models}

    def _config(self, aws: Aws, name: str) -> ConfigRecord | None:
        try:
            return aws.endpoints.describe_config(name)
        except ResourceMissing:
            return None

    def _expected_duration(self, endpoint: str) -> timedelta | None:
        past = self.world.store.rollouts.past_durations(endpoint)
        return timedelta(seconds=median(d.total_seconds() for d in past)) if past else None


def _previous_config(spec: EndpointSpec, current: ConfigRecord) -> str:
    """Where the present config came from, by the tag that the rollout which made it left there."""
    previous = current.tags.get("rollout:previous-config")
    if previous is None:
        raise UserError(
            f"The config {current.name} carries no tag that says what {spec.name} ran before, so the bot cannot tell where to go "
            f"back to. Name the config: rollback {spec.name} --to CONFIG"
        )
    return previous


def _instance_types(config: ConfigRecord) -> frozenset[str]:
    single = {v["InstanceType"] for v in config.variants() if "InstanceType" in v}
    pooled = {pool["InstanceType"] for v in config.variants() for pool in v.get("InstancePools", ())}
    return frozenset(single | pooled)


def _is_marketplace(live: LiveEndpoint, package: ModelPackage | None) -> bool:
    return any(p.is_marketplace for p in (*live.packages.values(), *((package,) if package else ())))


def _policy_reason(spec: EndpointSpec, is_marketplace: bool) -> str:
    if is_marketplace:
        return (
            "AWS Marketplace packages get nothing else from SageMaker: no canary, no bake, no alarm. "
            "The bot watches after the cutover instead."
        )
    if spec.kind == "serverless":
        return "A serverless endpoint has no instances to shift step by step."
    return (
        "The whole new fleet stands before any traffic moves, then all of it moves at once. The bot watches afterwards."
    )


def _target_label(current: str, change: Change, package: ModelPackage | None) -> str:
    if package is not None:
        return package.label
    return change.image.rpartition("/")[2] if change.image is not None else current


def _kept_on_the_way_back(target: ConfigRecord | None, undoes_count: bool) -> tuple[str, ...]:
    if not undoes_count or target is None:
        return ("The live instance counts stay (RetainAllVariantProperties).",)
    return tuple(
        f"{v['VariantName']} goes back to {v['InitialInstanceCount']} as its instance count, as that config says."
        for v in target.variants()
        if "InitialInstanceCount" in v
    )


def _kept(live: LiveEndpoint, made: Draft) -> tuple[str, ...]:
    """What survives although SageMaker would reset it by default."""
    initial = {v["VariantName"]: v.get("InitialInstanceCount") for v in live.config.variants()}
    kept = []
    for state in live.snapshot.variants:
        if state.desired_count is None or made.counts_from_config:
            continue
        before = initial.get(state.name)
        if before is not None and before != state.desired_count:
            kept.append(
                f"{state.name} keeps its {count(state.desired_count, 'live instance')}; its present config says {before}."
            )
        else:
            kept.append(f"{state.name} keeps its instance count, {state.desired_count}.")
    return tuple(kept)
