"""Drift: where an endpoint differs from what the fleet file says of it, and whether somebody changed it behind the bot's back.

Only what the file says is compared; where it leaves a key out, whatever runs is right. In a difference, `before` is what runs and
`after` what it should be.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from bot.domain.alarms import Alarm
from bot.domain.endpoint import ConfigRecord, Document, ModelPackage, ModelRecord, Snapshot, VariantState
from bot.domain.fleet import EndpointSpec, Serverless
from bot.domain.groups import group_name, is_same_group
from bot.domain.hosting import hosting_drift
from bot.domain.kept_alarms import alarm_drift
from bot.domain.masking import MASK, masked
from bot.domain.phases import Kind, Phase
from bot.domain.plan import Difference
from bot.domain.rollout import Rollout
from bot.domain.scaling import Scaling
from bot.domain.scaling_drift import autoscaling_drift, limits_in_force
from bot.domain.serverless import MEMBERS, SERVERLESS
from bot.domain.sighting import Sighting
from bot.domain.track import is_on_track

ROLLOUT_TAG = "rollout:id"
"""On whatever a rollout made."""

TRIAL_TAG = "rollout:trial"
"""On a config: the variant of it that is on trial."""


@dataclass(frozen=True)
class Running:
    """What runs, as far as the fleet file may say something about it."""

    snapshot: Snapshot
    config: ConfigRecord
    models: Mapping[str, ModelRecord]
    """By name, as far as they exist."""
    label: str
    """What the declared variant runs, as people call it."""
    package: ModelPackage | None = None
    """The same as a version; None for an image, or where it is not known."""
    is_package_known: bool = True
    scaling: Scaling | None = None
    """None: not known."""
    alarms: Mapping[str, Alarm] | None = None
    """Those beside the endpoint that exist, by name; None: not known, or nobody asked."""

    @property
    def is_hand_made(self) -> bool:
        """Whether the config is not the bot's, yet runs a model that is: somebody put it together."""
        return ROLLOUT_TAG not in self.config.tags and any(ROLLOUT_TAG in m.tags for m in self.models.values())

    @property
    def is_trial(self) -> bool:
        """Whether two versions are meant to run side by side."""
        return TRIAL_TAG in self.config.tags

    def variant(self, name: str) -> Document | None:
        """That production variant of the config."""
        return next((v for v in self.config.variants() if v["VariantName"] == name), None)

    def state(self, name: str) -> VariantState | None:
        """That production variant as it is live."""
        return next((v for v in self.snapshot.variants if v.name == name), None)

    def model_document(self, variant: Document) -> Document | None:
        """The variant's model; None where it was deleted."""
        model = self.models.get(variant.get("ModelName", ""))
        return model.document if model is not None else None

    def environments(self, variant: Document) -> tuple[Mapping[str, str], ...]:
        """The variables of each container of the variant's model; none where the model was deleted."""
        model = self.models.get(variant.get("ModelName", ""))
        return tuple(container.get("Environment", {}) for container in model.containers()) if model else ()


def drift_of(spec: EndpointSpec, running: Running) -> tuple[Difference, ...]:
    """Every field in which what runs differs from the fleet file, in the file's own words."""
    variant = running.variant(spec.variant)
    if variant is None:
        names = ", ".join(v["VariantName"] for v in running.config.variants())
        return (_differs("variant", names, spec.variant),)
    return (
        *_source(spec, running),
        *_instances(spec, running, variant),
        *_serverless(spec.serverless, variant.get(SERVERLESS)),
        *autoscaling_drift(spec.autoscaling, running.scaling, spec.variant),
        *_environment(spec.environment, running.environments(variant)),
        *_role(spec, running.models.get(variant.get("ModelName", ""))),
        *hosting_drift(spec, running.config.document, running.model_document(variant)),
        *(alarm_drift(spec, running.alarms) if running.alarms is not None else ()),
        *_variants(spec, running),
        *_weights(running),
    )


def was_moved(
    snapshot: Snapshot,
    past: Sequence[Rollout],
    before: Sighting | None,
    *,
    is_hand_made: bool = False,
    is_ours: bool = False,
) -> bool:
    """Whether somebody other than the bot brought the endpoint to its present config.

    An endpoint that the bot never changed is not moved merely because its config is not the bot's: people made it.

    Args:
        snapshot: The endpoint as it is.
        past: Its rollouts, newest first.
        before: What was seen when somebody last looked.
        is_hand_made: Whether its config is not the bot's, yet runs a model that is: all that is left to know after the store was
            emptied.
        is_ours: Whether its config was made by a rollout, be it one that the store has forgotten.
    """
    now = snapshot.config_name
    if any(now in _brought_by(rollout) for rollout in past if _is_at_work(rollout)):
        return False
    ended = next((rollout for rollout in past if _leads_somewhere(rollout)), None)
    if ended is not None:
        # What needs a human is put right by one, and that is no surprise.
        return ended.phase is not Phase.NEEDS_HUMAN and now != _left_on(ended)
    if any(now in _brought_by(rollout) for rollout in past):
        return False
    was_seen_moved = (
        before is not None
        and before.outside is not None
        and before.outside.config == now
        and not before.outside.of_counts
    )
    if was_seen_moved or is_hand_made or is_ours or before is None or before.snapshot is None:
        return was_seen_moved or is_hand_made
    # SageMaker may go back by itself while a rollout is at work, to a config that nobody knows more about than before.
    goes_back = any(_is_at_work(r) and r.plan is not None and r.plan.current_config == now for r in past)
    return before.snapshot.config_name != now and not goes_back


_LEAD_SOMEWHERE = frozenset({Phase.SUCCEEDED, Phase.ROLLED_BACK, Phase.ROLLED_BACK_BY_AWS, Phase.NEEDS_HUMAN})
"""Ends that say which config the endpoint was left on, or that nobody can say; after the others it is where it was."""

_KEEP_THE_CONFIG = frozenset({Kind.SCALE, Kind.WEIGHTS, Kind.AUTOSCALE})
"""What these land on is whatever was there before: they say nothing about who brought it."""


def _leads_somewhere(rollout: Rollout) -> bool:
    return rollout.phase in _LEAD_SOMEWHERE and rollout.kind not in _KEEP_THE_CONFIG


def _is_at_work(rollout: Rollout) -> bool:
    return rollout.is_under_way and not rollout.is_waiting


def _brought_by(rollout: Rollout) -> tuple[str, ...]:
    """The configs that a rollout brought its endpoint to, or may be bringing it to; none while it waits or where it was turned down.

    What it found there is not its doing, whoever looked at the plan.
    """
    has_begun = _is_at_work(rollout) or rollout.called_at is not None
    if rollout.plan is None or not has_begun or rollout.kind in _KEEP_THE_CONFIG:
        return ()
    between = (rollout.plan.bridge.config,) if rollout.plan.bridge is not None else ()
    return (rollout.plan.target_config, *between)


def _left_on(rollout: Rollout) -> str | None:
    if rollout.plan is None:
        return None
    arrived = rollout.phase is Phase.SUCCEEDED or (rollout.kind is Kind.ROLLBACK and rollout.phase is Phase.ROLLED_BACK)
    if arrived:
        return rollout.plan.target_config
    return rollout.plan.way_back if rollout.phase is Phase.ROLLED_BACK else rollout.plan.current_config


def _source(spec: EndpointSpec, running: Running) -> Iterator[Difference]:
    """Something else runs than a version of the declared group or track."""
    if not running.is_package_known:
        return
    package = running.package
    if spec.model_package_group is not None:
        declared = spec.model_package_group
        if package is None or package.group is None or not is_same_group(package.group, declared):
            yield _differs("model_package_group", _foreign(package, running.label), group_name(declared))
    elif spec.track is not None:
        if package is None or not is_on_track(package.arn, spec.track, spec.track_pattern):
            yield _differs("track", running.label, "a package of this track")


def _foreign(package: ModelPackage | None, label: str) -> str:
    return package.group if package is not None and package.group is not None else label


def _instances(spec: EndpointSpec, running: Running, variant: Document) -> Iterator[Difference]:
    if spec.instance_type is not None and (there := _instance_types(variant)) != [spec.instance_type]:
        yield _differs("instance_type", " or ".join(there) or "serverless", spec.instance_type)
    state = running.state(spec.variant)
    count = state.desired_count if state is not None and state.desired_count is not None else None
    if count is None:
        count = variant.get("InitialInstanceCount")
    if count is None or SERVERLESS in variant:
        return
    limits = spec.autoscaling
    if limits is not None:
        if running.scaling is None:  # a scheduled action may have set other limits than the file's
            return
        low, high = limits_in_force(limits, running.scaling, spec.variant)
        if not low <= count <= high:
            yield _differs("instance_count", count, f"{low} to {high}")
        return
    if spec.instance_count is None or count == spec.instance_count or running.scaling is None:
        return
    if running.scaling.of(spec.variant) is None:  # what scales it may move the count as it likes
        yield _differs("instance_count", count, spec.instance_count)


def _instance_types(variant: Document) -> list[str]:
    pools = [pool["InstanceType"] for pool in variant.get("InstancePools", ())]
    return [variant["InstanceType"]] if "InstanceType" in variant else sorted(set(pools))


def _serverless(declared: Serverless | None, there: Document | None) -> Iterator[Difference]:
    if declared is None:
        return
    if there is None:
        size = f"{declared.memory_mb} MB, up to {declared.max_concurrency} at once"
        yield _differs("serverless", None, size)
        return
    for key, member in MEMBERS.items():
        wanted = getattr(declared, key)
        if wanted is not None and there.get(member) != wanted:
            yield _differs(f"serverless.{key}", there.get(member), wanted)


def _environment(declared: Mapping[str, str], containers: Sequence[Mapping[str, str]]) -> Iterator[Difference]:
    """Declared variables that no container has with that value; a model that was deleted tells nothing."""
    if not containers:
        return
    for key, wanted in declared.items():
        there = [container[key] for container in containers if key in container]
        if wanted in there:
            continue
        shown = masked(key, there[0]) if there else None
        should = masked(key, wanted)
        if shown == should == MASK:
            should = f"{MASK} (another)"
        yield _differs(f"environment.{key}", shown, should)


def _role(spec: EndpointSpec, model: ModelRecord | None) -> Iterator[Difference]:
    if spec.execution_role is None or model is None:
        return
    role = model.document.get("ExecutionRoleArn")
    if role is not None and role != spec.execution_role:
        yield _differs("execution_role", role, spec.execution_role)


def _variants(spec: EndpointSpec, running: Running) -> Iterator[Difference]:
    """Variants, shadows among them, that neither the file nor a test of ours explains: they serve what nobody approved."""
    if running.is_trial:
        return
    serving = [v["VariantName"] for v in running.config.variants()]
    shadows = [v["VariantName"] for v in running.config.document.get("ShadowProductionVariants", ())]
    declared = {spec.variant, *spec.other_variants}
    if {*serving, *shadows} - declared:
        there = ", ".join((*serving, *(f"{name} (shadow)" for name in shadows)))
        yield _differs("variants", there, ", ".join(v for v in (*serving, *shadows) if v in declared))


def _weights(running: Running) -> Iterator[Difference]:
    """Traffic of several variants that somebody shifted by hand: SageMaker keeps it away from what the config says."""
    variants = running.config.variants()
    if len(variants) < 2 or running.is_trial:
        return
    configured = {v["VariantName"]: float(v.get("InitialVariantWeight", 1.0)) for v in variants}
    live = {v.name: v.weight for v in running.snapshot.variants if v.weight is not None}
    if live.keys() != configured.keys():
        return
    for name, share in _shares(live).items():
        if abs(share - (wanted := _shares(configured)[name])) > 0.005:
            yield _differs(f"weight of {name}", f"{share:.0%}", f"{wanted:.0%}")


def _shares(weights: Mapping[str, float]) -> dict[str, float]:
    total = sum(weights.values())
    return {name: weight / total if total else 0.0 for name, weight in weights.items()}


def _differs(path: str, before: object, after: object) -> Difference:
    return Difference(path=path, before=None if before is None else str(before), after=str(after))
