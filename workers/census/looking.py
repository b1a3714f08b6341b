"""One close look at one endpoint: what runs, on what, how that differs from the fleet file, and what it costs."""

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal

from bot.domain.alarms import Alarm
from bot.domain.board import OutsideChange, deleted_words
from bot.domain.cost import billed_variants, hourly_cost, instance_types_of
from bot.domain.drift import ROLLOUT_TAG, Running, drift_of, was_moved
from bot.domain.endpoint import ConfigRecord, EndpointStatus, ModelPackage, Snapshot
from bot.domain.errors import GatewayError, ResourceMissing, TransientError
from bot.domain.fleet import EndpointSpec
from bot.domain.kept_alarms import kept_alarm_names
from bot.domain.plan import Difference
from bot.domain.rollout import Rollout
from bot.domain.scaling import Scaling
from bot.domain.scaling_drift import autoscaling_doubt
from bot.domain.sighting import Sighting, basis_of
from workers.census.pace import OutOfTime
from workers.cloning import LiveEndpoint, model_of, models_named_by, running_package
from workers.drafting import Drafting, label_of
from workers.ports import Deed, Prices
from workers.world import World

log = logging.getLogger(__name__)

PAST = 10
"""Rollouts of an endpoint that are asked where they left it."""

ACTOR_TOLD_WITHIN = timedelta(minutes=30)
"""CloudTrail shows a call some 5 minutes later, now and then 15: after this nobody asks again who did it."""

ASKED_EVERY = timedelta(minutes=5)
AROUND = timedelta(minutes=2)
"""An endpoint's LastModifiedTime is not the moment of the call."""

ARRIVES_WITHIN = timedelta(minutes=15)
"""Of counts that were set: LastModifiedTime moves once more when the instances are there."""

SET_LIVE = "UpdateEndpointWeightsAndCapacities"
AUTOSCALING = "AWSServiceRoleForApplicationAutoScaling"
"""In the name of whoever calls it for autoscaling."""

_UNBILLED = frozenset({EndpointStatus.FAILED, EndpointStatus.DELETING})


@dataclass(frozen=True)
class Looking:
    """Looks at endpoints of one account and region, at whatever pace the ports have."""

    world: World
    drafting: Drafting
    prices: dict[str, Decimal | None] = field(default_factory=dict)
    """Per hour by instance type, as far as they were asked for."""
    alarms: dict[str, Mapping[str, Alarm]] = field(default_factory=dict)
    """Those beside each endpoint that exist, by endpoint, as far as `ask_for_alarms` could read them."""

    def ask_for_alarms(self, specs: Iterable[EndpointSpec], *, in_full: bool = False) -> None:
        """Read the alarms beside these endpoints in one go, 100 a call; where the file says nothing about any, only for a full look.

        What AWS does not tell is left unknown.
        """
        asked = [spec for spec in specs if in_full or spec.alarms is not None]
        if not asked:
            return
        names = [name for spec in asked for name in kept_alarm_names(spec.name)]
        try:
            found = self.world.aws(asked[0]).alarms.describe(names)
        except (TransientError, GatewayError) as exc:
            log.warning("the alarms of %d endpoints cannot be told: %s", len(asked), exc)
            return
        for spec in asked:
            mine = kept_alarm_names(spec.name)
            self.alarms[spec.name] = {name: found[name] for name in mine if name in found}

    def look(
        self,
        spec: EndpointSpec,
        before: Sighting | None,
        known: Iterable[ModelPackage] = (),
        *,
        in_full: bool = False,
    ) -> Sighting:
        """What is there now. Never raises because of AWS: what it does not tell is said in the sighting.

        Args:
            spec: The endpoint in the fleet file.
            before: What was seen the last time.
            known: Versions that need not be asked about again.
            in_full: Read what scales it even where the fleet file says nothing about that.
        """
        before = self._with_read_back(spec, before)
        nothing = Sighting(endpoint=spec.name, basis=basis_of(spec), at=self.world.clock())
        unknown = nothing.model_copy(update={"outside": before.outside if before is not None else None})
        try:
            snapshot = self.world.aws(spec).endpoints.describe(spec.name)
        except ResourceMissing as exc:
            return nothing if exc.kind == "endpoint" else _untold(unknown, exc.user_message)
        except (TransientError, GatewayError) as exc:
            return _untold(unknown, exc.user_message)
        seen = unknown.model_copy(update={"snapshot": snapshot, "running_since": _since(snapshot, before)})
        try:
            live = self.drafting.behind(snapshot, spec, known, sparing=True)
        except ResourceMissing as exc:
            if exc.kind != "endpoint config":
                return _untold(seen, exc.user_message)
            gone = deleted_words(exc.kind, [exc.name])
            return seen.model_copy(
                update={"is_patchable": False, "problem": gone, "outside": _as_before(snapshot, before)}
            )
        except (TransientError, GatewayError) as exc:
            return _untold(seen, exc.user_message)
        return self._held_against_the_file(seen, spec, live, before, in_full=in_full)

    def _with_read_back(self, spec: EndpointSpec, before: Sighting | None) -> Sighting | None:
        """What was seen the last time, with the change outside the bot that tags tell of since the store was emptied."""
        if before is not None and before.outside is not None:
            return before
        known = self.world.store.standings.read_back([spec.name]).get(spec.name)
        if known is None:
            return before
        last = before or Sighting(endpoint=spec.name, basis="", at=known.at, is_known=False)
        return last.model_copy(update={"outside": known})

    def _held_against_the_file(
        self, seen: Sighting, spec: EndpointSpec, live: LiveEndpoint, before: Sighting | None, *, in_full: bool
    ) -> Sighting:
        past = self.world.store.rollouts.recent(spec.name, PAST)
        scaling = self._scaling(spec, live.snapshot) if in_full or _says_how_many(spec) else None
        runs = running_package(live, spec)
        package = runs.package if runs is not None else None
        running = Running(
            snapshot=live.snapshot,
            config=live.config,
            models=live.models,
            label=label_of(live, spec.variant),
            package=package,
            is_package_known=package is not None or (runs is None and _has_model(live, spec)),
            scaling=None if _moves_scaling(past) else scaling,
            alarms=None if _sets_alarms(past) else self.alarms.get(spec.name),
        )
        missing = [name for name in models_named_by(live.config) if name not in live.models]
        drift = drift_of(spec, running)
        return seen.model_copy(
            update={
                "is_patchable": not missing,
                "problem": deleted_words("model", missing) if missing else "",
                "running": running.label,
                "running_package": runs.arn if runs is not None else None,
                "approval": package.approval if package is not None else None,
                "config_lines": variant_lines(live.snapshot, live.config),
                "scaling": scaling,
                "alarms": tuple(self.alarms[spec.name].values()) if spec.name in self.alarms else None,
                "drift": drift,
                "outside": self._outside(spec, running, past, before)
                or self._set_live(spec, running, drift, past, before),
                "autoscaling_doubt": autoscaling_doubt(drift, running.scaling, past, before, seen.at),
                "made_by": live.config.tags.get(ROLLOUT_TAG, ""),
                "is_trial": running.is_trial,
                "hourly": self._hourly(spec, live),
            }
        )

    def _scaling(self, spec: EndpointSpec, snapshot: Snapshot) -> Scaling | None:
        try:
            variants = [variant.name for variant in snapshot.variants]
            return self.world.aws(spec).autoscaling.read(spec.name, variants)
        except (TransientError, GatewayError) as exc:
            log.warning("%s: what scales it cannot be told: %s", spec.name, exc)
            return None

    def _hourly(self, spec: EndpointSpec, live: LiveEndpoint) -> Decimal | None:
        if live.snapshot.status in _UNBILLED:
            return Decimal(0)
        counts = {v.name: v.desired_count for v in live.snapshot.variants if v.desired_count is not None}
        fleet = billed_variants(live.config.document, counts)
        if any(not variant.instance_types for variant in fleet):
            return None  # serverless capacity is paid by use
        prices: Prices = self.world.aws(spec).prices
        for instance_type in instance_types_of(fleet):
            if instance_type not in self.prices:
                self.prices[instance_type] = prices.hourly(instance_type)
        return hourly_cost(fleet, self.prices)

    def _outside(
        self, spec: EndpointSpec, running: Running, past: Sequence[Rollout], before: Sighting | None
    ) -> OutsideChange | None:
        snapshot = running.snapshot
        is_ours = ROLLOUT_TAG in running.config.tags
        if not was_moved(snapshot, past, before, is_hand_made=running.is_hand_made, is_ours=is_ours):
            return None
        known = _as_before(snapshot, before)
        if known is not None and not known.of_counts:
            return known if known.actor else self._with_actor(spec, known)
        return self._with_actor(spec, OutsideChange(config=snapshot.config_name, at=snapshot.last_modified))

    def _set_live(
        self,
        spec: EndpointSpec,
        running: Running,
        drift: Sequence[Difference],
        past: Sequence[Rollout],
        before: Sighting | None,
    ) -> OutsideChange | None:
        """Who set the counts or weights that differ; None where that is not known, for then it may have been the bot or autoscaling."""
        if not any(d.path == "instance_count" or d.path.startswith("weight of ") for d in drift):
            return None
        snapshot, known = running.snapshot, _as_before(running.snapshot, before)
        if known is not None and known.of_counts and known.at >= snapshot.last_modified - ARRIVES_WITHIN:
            return known
        change = OutsideChange(config=snapshot.config_name, at=snapshot.last_modified, of_counts=True)
        deed = self._deed(spec, change, f"{change.config} {change.at.isoformat()}", ARRIVES_WITHIN)
        if deed is None or deed.event != SET_LIVE or AUTOSCALING in deed.actor or _is_ours(deed, past):
            return None
        return change.model_copy(update={"actor": deed.actor, "at": deed.at})

    def _with_actor(self, spec: EndpointSpec, change: OutsideChange) -> OutsideChange:
        deed = self._deed(spec, change, change.config)
        return change if deed is None else change.model_copy(update={"actor": deed.actor, "at": deed.at})

    def _deed(self, spec: EndpointSpec, change: OutsideChange, about: str, back: timedelta = AROUND) -> Deed | None:
        """What CloudTrail tells of a change: asked at once, and a few times more until it shows it or has answered late."""
        memory, key = self.world.store.memory, f"asked who moved {spec.name} to {about}"
        asked = memory.recall(key)
        if asked == "for the last time":
            return None
        if asked is not None and self.world.clock().timestamp() - float(asked) < ASKED_EVERY.total_seconds():
            return None
        late, deed = self.world.clock() - change.at > ACTOR_TOLD_WITHIN, None
        try:
            deed = self.world.aws(spec).trail.last_change(spec.name, change.at - back, change.at + AROUND)
        except OutOfTime:
            return None  # its turn comes at another look
        except (TransientError, GatewayError) as exc:
            log.warning("%s: who moved it to %s cannot be told: %s", spec.name, change.config, exc)
            late = late and not isinstance(exc, TransientError)  # no answer is none that could be the last
        memory.remember(key, "for the last time" if late else str(self.world.clock().timestamp()), timedelta(days=7))
        return deed


def variant_lines(snapshot: Snapshot, config: ConfigRecord) -> tuple[str, ...]:
    """Each variant in a line: what it runs on, how many instances, how much of the traffic."""
    live = {v.name: v for v in snapshot.variants}
    lines = []
    for variant in config.variants():
        name = variant["VariantName"]
        state = live.get(name)
        if serverless := variant.get("ServerlessConfig"):
            warm = f", {kept} of them kept warm" if (kept := serverless.get("ProvisionedConcurrency")) else ""
            size = f"serverless, {serverless['MemorySizeInMB']} MB, up to {serverless['MaxConcurrency']} at once{warm}"
        else:
            counts = (
                f"{state.current_count} of {state.desired_count}" if state else str(variant.get("InitialInstanceCount"))
            )
            size = f"{counts} × {variant.get('InstanceType', 'several instance types')}"
        weight = f", weight {state.weight:g}" if state and state.weight is not None and len(live) > 1 else ""
        lines.append(f"{name}: {size}{weight}, model {variant.get('ModelName', 'by inference components')}")
    return tuple(lines)


def _untold(seen: Sighting, why: str) -> Sighting:
    return seen.model_copy(update={"is_known": False, "problem": why})


def _since(snapshot: Snapshot, before: Sighting | None) -> object:
    """LastModifiedTime moves with every change of a count, too: while the config stays, the earliest one counts."""
    if before is None or before.snapshot is None or before.snapshot.config_name != snapshot.config_name:
        return snapshot.last_modified
    return before.running_since or snapshot.last_modified


def _says_how_many(spec: EndpointSpec) -> bool:
    return spec.autoscaling is not None or spec.instance_count is not None


def _as_before(snapshot: Snapshot, before: Sighting | None) -> OutsideChange | None:
    """What was known of a change outside the bot, while the endpoint is on the same config."""
    known = before.outside if before is not None else None
    return known if known is not None and known.config == snapshot.config_name else None


def _is_ours(deed: Deed, past: Sequence[Rollout]) -> bool:
    """Whether a rollout of that time made the call: the bot's own role is not known here."""
    return any(r.called_at is not None and abs(r.called_at - deed.at) <= AROUND for r in past)


def _moves_scaling(past: Sequence[Rollout]) -> bool:
    """While a rollout has taken autoscaling away, that it is missing is no drift. One that merely waits has taken nothing."""
    sagas = [(rollout.scaling, rollout.is_waiting) for rollout in past if rollout.scaling is not None]
    return any(saga.is_away and (saga.attempts > 0 or not is_waiting) for saga, is_waiting in sagas)


def _sets_alarms(past: Sequence[Rollout]) -> bool:
    """While a rollout is about to set the alarms beside the endpoint, those that are missing are no drift."""
    plans = (r.plan for r in past if r.is_active and not r.is_waiting and not r.kept_alarms_set)
    return any(plan is not None and bool(plan.kept_alarms or plan.dropped_alarms) for plan in plans)


def _has_model(live: LiveEndpoint, spec: EndpointSpec) -> bool:
    return model_of(live.config, spec.variant) in live.models
