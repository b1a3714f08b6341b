"""What rollouts left behind and nothing needs any more. Pure: what there is, and what holds on to it, is looked up elsewhere.

Only what bears our own name *and* our own tag is ever an orphan, or of an alarm our own name and description. In doubt something stays:
an orphan that is kept costs next to nothing, and a config that is missing at three in the morning costs the way back.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal

from bot.domain.alarms import Alarm
from bot.domain.kept_alarms import kept_for
from bot.domain.model import Value
from bot.domain.phases import Kind, Phase
from bot.domain.rollout import Rollout

KEPT_GENERATIONS = 3
"""How many configs back from what runs are ways back: a rollback, the rollback of that, and one for the doubt in between."""

_OUR_NAME = re.compile(r"-r[a-z0-9]{7}-[0-9a-f]{6}(-[a-z0-9-]+)?\Z")
"""How `workers.cloning.target_name` ends names: rollout id, then the start of the fingerprint."""


class KeptConfig(Value):
    """An endpoint config that exists, as far as it matters here. Its content never changes, so it is read once."""

    name: str
    arn: str
    created: datetime
    models: tuple[str, ...] = ()
    rollout_id: str | None = None
    """The rollout that made it, by its tag; None for what people made."""
    previous: str | None = None
    """The config from which that rollout came."""
    torn_down: datetime | None = None
    """When the last endpoint that ran it was deleted, as far as it is noted there."""


class KeptModel(Value):
    """A model that exists."""

    name: str
    arn: str
    created: datetime
    rollout_id: str | None = None


class Orphan(Value):
    """Something of ours that nothing needs."""

    kind: str
    """`endpoint config`, `model` or `alarm`."""
    name: str
    endpoint: str
    """The endpoint that it was of; of a config or model as much of its name as theirs begin with."""
    made: datetime | None = None
    """Since when nothing needs it cannot be told: a store that was emptied does not know what it led to. None: CloudWatch does not
    say when an alarm was made."""
    monthly: Decimal = Decimal(0)
    """What it costs a month, in US dollars."""


class Orphans(Value):
    """What could be deleted in one account and region, configs before the models that they name."""

    configs: tuple[Orphan, ...] = ()
    models: tuple[Orphan, ...] = ()
    alarms: tuple[Orphan, ...] = ()

    @property
    def all(self) -> tuple[Orphan, ...]:
        """In the order in which they are deleted."""
        return (*self.configs, *self.models, *self.alarms)


def is_ours(name: str) -> bool:
    """Whether the name looks like one that a rollout gave. Its tag decides."""
    return _OUR_NAME.search(name) is not None


def endpoint_part(name: str) -> str:
    """The beginning of a name that a rollout gave: the endpoint's, cut where that is long."""
    return _OUR_NAME.sub("", name)


def orphans_among(
    configs: Mapping[str, KeptConfig],
    models: Mapping[str, KeptModel],
    *,
    running: Collection[str],
    rollouts: Iterable[Rollout],
    held: Collection[str],
    older_than: timedelta,
    now: datetime,
) -> Orphans:
    """What nothing needs any more.

    Args:
        configs: *Every* config of the account and region, by name; models that any of them names stay.
        models: Models that might be ours, by name.
        running: Configs that endpoints are on or are moving to, the undeclared ones included.
        rollouts: Active rollouts, and past ones that somebody may still go back from.
        held: Rollout ids that holds speak of.
        older_than: What is younger stays.
        now: The present.
    """
    past = tuple(rollouts)
    restorable = {n for n, c in configs.items() if c.torn_down is not None and now - c.torn_down < older_than}
    restorable |= {r.plan.current_config for r in past if r.plan is not None and _may_be_restored(r, older_than, now)}
    needed = _ways_back(configs, {*running, *restorable}) | {name for r in past for name in _configs_of(r)}
    since = {name: _unused_since(config, past) for name, config in configs.items()}
    gone = {
        name
        for name, config in configs.items()
        if is_ours(name)
        and config.rollout_id is not None
        and config.rollout_id not in held
        and name not in needed
        and now - since[name] >= older_than
    }
    still_named = {m for name, config in configs.items() if name not in gone for m in config.models}
    still_named |= {m for r in past for m in _models_of(r)}
    lonely = [
        model
        for name, model in models.items()
        if is_ours(name)
        and model.rollout_id is not None
        and model.rollout_id not in held
        and name not in still_named
        and now - model.created >= older_than
    ]
    return Orphans(
        configs=tuple(_orphan("endpoint config", configs[name]) for name in sorted(gone)),
        models=tuple(_orphan("model", model) for model in sorted(lonely, key=lambda m: m.name)),
    )


def _orphan(kind: str, item: KeptConfig | KeptModel) -> Orphan:
    return Orphan(kind=kind, name=item.name, endpoint=endpoint_part(item.name), made=item.created)


def orphaned_alarms(
    alarms: Iterable[Alarm],
    configs: Iterable[KeptConfig],
    *,
    endpoints: Collection[str],
    rollouts: Iterable[Rollout],
    older_than: timedelta,
    now: datetime,
) -> tuple[Orphan, ...]:
    """The alarms that the bot keeps beside endpoints which are gone for good.

    They are as young as they like: without its endpoint an alarm tells nobody anything, and whoever makes the endpoint again by the
    fleet file gets them again.

    Args:
        alarms: Those that might be such.
        configs: Every config of the account and region, with the notes of teardowns.
        endpoints: What exists there, and what the fleet file declares.
        rollouts: As for `orphans_among`.
        older_than: How long an endpoint that was torn down may be restored.
        now: The present.
    """
    past = tuple(rollouts)
    needed = {*endpoints, *(r.endpoint for r in past if r.is_active or _may_be_restored(r, older_than, now))}
    names = {name.casefold() for name in needed}
    noted = [
        endpoint_part(c.name).casefold() for c in configs if c.torn_down is not None and now - c.torn_down < older_than
    ]
    found = [
        Orphan(kind="alarm", name=alarm.name, endpoint=endpoint, monthly=alarm.monthly_cost)
        for alarm in alarms
        if (endpoint := kept_for(alarm)) is not None
        and endpoint.casefold() not in names
        and not any(endpoint.casefold().startswith(beginning) for beginning in noted)
    ]
    return tuple(sorted(found, key=lambda orphan: orphan.name))


def _ways_back(configs: Mapping[str, KeptConfig], running: Collection[str]) -> set[str]:
    """What runs, and the configs from which it came."""
    needed = set(running)
    for name in running:
        previous: str | None = name
        for _ in range(KEPT_GENERATIONS):
            config = configs.get(previous or "")
            previous = config.previous if config is not None else None
            if previous is None:
                break
            needed.add(previous)
    return needed


def _may_be_restored(rollout: Rollout, within: timedelta, now: datetime) -> bool:
    """Whether this rollout deleted an endpoint, from whose config it may still be restored."""
    return rollout.kind is Kind.TEARDOWN and rollout.phase is Phase.SUCCEEDED and now - rollout.last.at < within


def _configs_of(rollout: Rollout) -> set[str]:
    """The configs that an active rollout is about."""
    if not rollout.is_active:
        return set()
    plan = rollout.plan
    named = {rollout.rollback_to}
    if plan is not None:
        bridge = plan.bridge.config if plan.bridge is not None else None
        named |= {plan.current_config, plan.target_config, plan.returns_to, bridge}
    return {name for name in named if name}


def _models_of(rollout: Rollout) -> set[str]:
    if not rollout.is_active or rollout.plan is None:
        return set()
    return {*rollout.plan.new_models, *rollout.plan.new_models.values()}


def _unused_since(config: KeptConfig, rollouts: Iterable[Rollout]) -> datetime:
    """When it was made, or when something last led to it or from it."""
    moments = [config.created, *([config.torn_down] if config.torn_down is not None else [])]
    for rollout in rollouts:
        plan = rollout.plan
        if plan is not None and config.name in (plan.current_config, plan.target_config):
            moments.append(rollout.last.at)
    return max(moments)
