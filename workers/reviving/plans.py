"""The plan of a rollout that was under way, as far as it is needed to follow it: where it leads, and what it brings."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.domain.bridge import BridgePlan
from bot.domain.declared import declared_scaling
from bot.domain.endpoint import ConfigRecord, Snapshot
from bot.domain.errors import ResourceMissing
from bot.domain.fleet import EndpointSpec
from bot.domain.guardrails import alarms_for
from bot.domain.kept_alarms import kept_alarms
from bot.domain.phases import Kind
from bot.domain.plan import Plan
from bot.domain.rollout import Rollout
from bot.domain.saga import ScalingMode, ScalingSaga
from bot.domain.scaling import ScalableTarget, Scaling
from bot.domain.strategy import Strategy, StrategyType
from bot.domain.trial import TrialPlan, TrialStep, trial_on
from bot.domain.under_way import Note, stood_still
from workers.cloning import models_named_by
from workers.lineage import brought, label_of_config, left_by
from workers.planning.bridges import bridge_from
from workers.world import Aws

FINAL = "The plan said so; the store that knew why was emptied."
"""Why no rollback can undo a change, where only that is known."""

SCALING_LOST = (
    "Autoscaling was taken off for this update, and what it was stood in the store that was emptied. The fleet file does not declare "
    "it, so set it up by hand, or declare `autoscaling`."
)


@dataclass(frozen=True)
class PlanReader:
    """Reads configs and models, the rest is in the note."""

    aws: Aws
    spec: EndpointSpec
    note: Note
    snapshot: Snapshot
    now: datetime

    def read(self) -> Plan:
        """The plan. Raises GatewayError or TransientError where AWS does not tell."""
        note = self.note
        current, target = self._config(note.current), self._config(note.target)
        strategy = Strategy(
            type=note.strategy or StrategyType.ALL_AT_ONCE, **({"bake": note.bake} if note.bake else {})
        )
        return Plan(
            fingerprint="",
            made_at=self.now,
            current_config=note.current,
            target_config=note.target,
            returns_to=note.returns,
            strategy=strategy,
            irreversible=(FINAL,) if note.final else (),
            bridge=self._bridge(target),
            trial=self._trial(current, target),
            scaling=declared_scaling(self.spec) if note.kind is Kind.CREATE else Scaling(),
            kept_alarms=kept_alarms(self.spec) if note.kind is Kind.CREATE else (),
            weights_from_config=note.step is TrialStep.KEEP_B,
            **self._versions(current, target),
        )

    def _config(self, name: str | None) -> ConfigRecord | None:
        try:
            return self.aws.endpoints.describe_config(name) if name else None
        except ResourceMissing:
            return None

    def _versions(self, current: ConfigRecord | None, target: ConfigRecord | None) -> dict[str, Any]:
        """What people read, and what a hold would be about."""
        note, endpoints = self.note, self.aws.endpoints
        labels = {"current_label": note.current or "nothing", "target_label": note.target or "nothing"}
        if note.kind is Kind.ROLLBACK:  # told by its configs, as ever
            left = left_by(self.spec, current, note.target, endpoints) if current is not None else None
            return {**labels, "left_package": left.package_arn if left is not None else None}
        if current is not None:
            labels["current_label"] = label_of_config(self.spec, current, endpoints)
        if note.kind in (Kind.SCALE, Kind.WEIGHTS):
            return {**labels, "target_label": labels["current_label"]}
        if target is None:
            return labels
        trial = trial_on(target, self.snapshot)
        variant = trial.b if trial is not None else self.spec.variant
        told = brought(self.spec, target, variant, note.current, endpoints)
        made = [name for name in models_named_by(target) if self._is_own(name)]
        if "package_arn" not in told:  # the same version, with other settings
            told["target_label"] = labels["current_label"]
        return {**labels, **told, "new_models": dict(zip(made, made, strict=True))}

    def _is_own(self, model: str) -> bool:
        try:
            return self.aws.endpoints.describe_model(model).tags.get("rollout:id") == self.note.id
        except ResourceMissing:
            return False

    def _bridge(self, target: ConfigRecord | None) -> BridgePlan | None:
        between = self._config(self.note.via)
        found = bridge_from(between, target, self.spec.variant) if between is not None else None
        return found.model_copy(update={"share": self.note.share or 0}) if found is not None else None

    def _trial(self, current: ConfigRecord | None, target: ConfigRecord | None) -> TrialPlan | None:
        if self.note.step is None:
            return None
        where = target if self.note.step is TrialStep.START else current
        found = trial_on(where, self.snapshot) if where is not None else None
        if found is None or found.shadow or self.note.share is None:
            return found
        return found.model_copy(update={"share": self.note.share})


def with_alarms(aws: Aws, rollout: Rollout, spec: EndpointSpec) -> Rollout:
    """With those of its own alarms that still exist: their names follow from its id and its config."""
    if not rollout.alarms_intended or rollout.plan is None:
        return rollout
    try:
        target = aws.endpoints.describe_config(rollout.plan.target_config)
    except ResourceMissing:
        return rollout
    wanted = alarms_for(rollout, spec, target, rollout.plan.strategy)
    there = aws.alarms.describe([alarm.name for alarm in wanted])
    alarms = tuple(alarm for alarm in wanted if alarm.name in there)
    return rollout.with_(plan=rollout.plan.model_copy(update={"alarms": alarms}))


def with_what_it_leaves(aws: Aws, rollout: Rollout, spec: EndpointSpec, note: Note) -> Rollout:
    """With the version that a way back which undoes no rollout leaves, where that is held at its end."""
    if not note.holds:
        return rollout
    try:
        left = aws.endpoints.describe_config(note.current)
    except ResourceMissing:
        return rollout
    return rollout.with_(leaves=left_by(spec, left, note.target, aws.endpoints))


def with_scaling(aws: Aws, rollout: Rollout, spec: EndpointSpec, note: Note, snapshot: Snapshot) -> Rollout:
    """With the autoscaling that was taken away for the update, as far as it can be told what that was.

    A suspended target stands there with everything but its switches, which the note tells. Of one that was taken off, only the fleet
    file can tell; where it says nothing, a person has to.
    """
    if note.scaling is None or rollout.scaling is not None:
        return rollout
    there = aws.autoscaling.read(spec.name, [v.name for v in snapshot.variants]).targets
    if note.scaling is ScalingMode.SUSPEND:
        targets = tuple(target for target in there if target.is_suspended or note.called is None)
    else:
        targets = there or declared_scaling(spec).targets
        if not targets:
            return rollout.with_(chore_failures=(*rollout.chore_failures, SCALING_LOST))
    taken_at = rollout.created_at if note.called is not None else None
    targets = tuple(_as_before(target, note) for target in targets)
    saga = ScalingSaga(mode=note.scaling, targets=targets, intended_at=rollout.created_at, taken_at=taken_at)
    return rollout.with_(scaling=saga) if targets else rollout


def _as_before(target: ScalableTarget, note: Note) -> ScalableTarget:
    suspended = {"SuspendedState": dict(stood_still(note, target.variant))}
    return target.model_copy(update={"document": {**target.document, **suspended}})
