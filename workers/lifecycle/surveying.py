"""Reads what there is in one account and region: which endpoints and configs exist, which configs run, and what they name.

An endpoint config never changes, and an endpoint that has not moved since it was looked at is on the same config. So both are
remembered, and a survey of a large account is a few listings once it was done.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from bot.domain.alarms import Alarm
from bot.domain.collecting import KeptConfig, KeptModel, is_ours
from bot.domain.endpoint import EndpointStatus, Leftover, Listed
from bot.domain.errors import ResourceMissing
from bot.domain.fleet import EndpointSpec
from bot.domain.model import Value
from workers.cloning import models_named_by
from workers.cloning.lineage import TORN_DOWN_TAG
from workers.world import Aws, World, place_of

REMEMBERED = timedelta(days=30)
LONGEST_SURVEY = timedelta(seconds=45)
"""A job has two minutes; what was read until then is remembered, and the next survey goes on from there."""

V = TypeVar("V", bound=Value)


class _Place(Value):
    """What was remembered of one account and region."""

    running: Mapping[str, tuple[datetime, tuple[str, ...]]] = {}
    """By endpoint: when it last moved, and the configs that it was on then."""
    configs: Mapping[str, KeptConfig] = {}
    models: Mapping[str, KeptModel] = {}


@dataclass(frozen=True)
class Survey:
    """What there is."""

    endpoints: frozenset[str]
    """Names of those that exist."""
    running: frozenset[str]
    """Configs that they are on or move to."""
    configs: Mapping[str, KeptConfig]
    models: Mapping[str, KeptModel]
    alarms: tuple[Alarm, ...]
    """Those that are kept beside endpoints."""
    unread: int
    """How much could not be looked at in time; then nothing may be concluded."""


@dataclass(frozen=True)
class Surveying:
    """Surveys one place at a time."""

    world: World

    def survey(self, spec: EndpointSpec, *, but: str | None = None) -> Survey:
        """What there is now.

        Args:
            spec: Any endpoint of that place.
            but: A config or model that is read again, whatever is remembered of it.
        """
        aws, place = self.world.aws(spec), place_of(spec)
        known, until = self._recall(place), self.world.clock() + LONGEST_SURVEY
        alarms = aws.alarms.kept()  # before the endpoints: what is made meanwhile has its endpoint
        running = _running(aws, known, lambda: self.world.clock() < until)
        listed = {c.name: c for c in aws.leftovers.configs()}
        configs = _read(listed, known.configs, but, lambda c: _config(aws, c), lambda: self.world.clock() < until)
        ours = {m.name: m for m in aws.leftovers.models() if is_ours(m.name)}
        models = _read(ours, known.models, but, lambda m: _model(aws, m), lambda: self.world.clock() < until)
        self._remember(place, _Place(running=running[0], configs=configs[0], models=models[0]))
        return Survey(
            endpoints=frozenset(running[0]),
            running=frozenset(name for _, names in running[0].values() for name in names),
            configs=configs[0],
            models=models[0],
            alarms=alarms,
            unread=running[1] + configs[1] + models[1],
        )

    def _recall(self, place: str) -> _Place:
        remembered = self.world.store.memory.recall(_key(place))
        return _Place.model_validate_json(remembered) if remembered is not None else _Place()

    def _remember(self, place: str, found: _Place) -> None:
        self.world.store.memory.remember(_key(place), json.dumps(found.model_dump(mode="json")), REMEMBERED)


def _key(place: str) -> str:
    return f"survey of {place}"


def _running(
    aws: Aws, known: _Place, has_time: Callable[[], bool]
) -> tuple[dict[str, tuple[datetime, tuple[str, ...]]], int]:
    """By endpoint, the configs that it is on or moves to; and how many endpoints could not be looked at."""
    found: dict[str, tuple[datetime, tuple[str, ...]]] = {}
    unread = 0
    for endpoint in aws.endpoints.list():
        before = known.running.get(endpoint.name)
        if before is not None and before[0] == endpoint.last_modified and _rests(endpoint):
            found[endpoint.name] = before
        elif has_time():
            found[endpoint.name] = (endpoint.last_modified, _configs_of(aws, endpoint.name))
        else:
            unread += 1
    return found, unread


def _rests(endpoint: Listed) -> bool:
    return endpoint.status is EndpointStatus.IN_SERVICE


def _configs_of(aws: Aws, name: str) -> tuple[str, ...]:
    try:
        snapshot = aws.endpoints.describe(name)
    except ResourceMissing:
        return ()
    return (snapshot.config_name, *([snapshot.pending.config_name] if snapshot.pending is not None else []))


def _read(
    listed: Mapping[str, Leftover],
    known: Mapping[str, V],
    but: str | None,
    read: Callable[[Leftover], V | None],
    has_time: Callable[[], bool],
) -> tuple[dict[str, V], int]:
    """What is listed, read where it is not known yet; and how much of it could not be read in time."""
    found: dict[str, V] = {}
    unread = 0
    for name, item in listed.items():
        before = known.get(name)
        if before is not None and name != but and getattr(before, "created", None) == item.created:
            found[name] = before
        elif not has_time():
            unread += 1
        elif (fresh := read(item)) is not None:
            found[name] = fresh
    return found, unread


def _config(aws: Aws, item: Leftover) -> KeptConfig | None:
    try:
        config = aws.endpoints.describe_config(item.name)
    except ResourceMissing:
        return None
    torn_down = config.tags.get(TORN_DOWN_TAG)
    return KeptConfig(
        name=item.name,
        arn=item.arn,
        created=item.created,
        models=models_named_by(config),
        rollout_id=config.tags.get("rollout:id"),
        previous=config.tags.get("rollout:previous-config"),
        torn_down=datetime.fromisoformat(torn_down) if torn_down is not None else None,
    )


def _model(aws: Aws, item: Leftover) -> KeptModel:
    tags = aws.endpoints.tags(item.arn)
    return KeptModel(name=item.name, arn=item.arn, created=item.created, rollout_id=tags.get("rollout:id"))
