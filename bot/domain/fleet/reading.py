"""From the fleet file's text to a `Fleet`, or to every mistake in it with its line."""

from collections.abc import Iterator, Mapping
from typing import Any, Literal, get_args

from pydantic import BaseModel, Field, ValidationError

from bot.domain.fleet.blocks import Block, Manager, Timing, WavePlan, WorkerTiming
from bot.domain.fleet.source import FleetFileError, Mistake, Path, Source
from bot.domain.fleet.spec import Defaults, EndpointSpec, Fleet
from bot.domain.names import SageMakerName, WaveName
from bot.domain.nearest import either, nearest
from bot.domain.problems import problem_of

_WHOLE_BLOCKS = frozenset({"strategy", "autoscaling", "serverless"})
"""Their keys depend on each other: an endpoint that has one replaces the defaults' one instead of mixing with it."""

_WORKERS_OWN = WorkerTiming.model_fields.keys() - Timing.model_fields.keys()

_SETTING_PREFIXES = ("SLACK_", "AWS_", "REDIS_", "MLFLOW_")


class _Outline(Block):
    """The file before its endpoints are merged with the defaults."""

    version: Literal[1]
    defaults: Mapping[str, Any] = {}
    endpoints: Mapping[SageMakerName, Mapping[str, Any]] = Field(min_length=1)
    waves: Mapping[WaveName, WavePlan] = {}
    manager: Manager | None = None


def parse_fleet(text: str, filename: str) -> Fleet:
    """Read the fleet file; `filename` is for its mistakes.

    Raises:
        FleetFileError: the file is wrong; it carries all mistakes that could be found, in the order of the file.
    """
    source = Source(text, filename)
    if not isinstance(source.data, dict):
        whole = source.mistake((), "must be a mapping with the keys version, defaults and endpoints")
        raise FleetFileError((*source.mistakes, whole))
    mistakes = [*source.mistakes, *_check(_Outline, source.data, (), source)]
    raw_defaults = _mapping(source.data.get("defaults"))
    mistakes += _check(Defaults, raw_defaults, ("defaults",), source)
    merged = {name: _merged(raw_defaults, raw) for name, raw in _endpoints(source.data)}
    for name, raw in merged.items():
        mistakes += _check_endpoint(name, raw, source, inherited=frozenset(m.key for m in mistakes))
    if mistakes:
        raise FleetFileError(tuple(sorted(dict.fromkeys(mistakes), key=lambda mistake: mistake.line)))
    return Fleet(
        version=source.data["version"],
        defaults=Defaults.model_validate(raw_defaults),
        endpoints={name: EndpointSpec.model_validate({**raw, "name": name}) for name, raw in merged.items()},
        waves=source.data.get("waves", {}),
        manager=source.data.get("manager"),
    )


def _mapping(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _endpoints(data: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, raw in _mapping(data.get("endpoints")).items():
        if isinstance(raw, dict):
            yield name, raw


def _merged(defaults: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """The endpoint's own words over the defaults: mappings mix key by key, everything else is replaced."""
    inherited = dict(defaults)
    if isinstance(timing := inherited.get("timing"), dict):
        inherited["timing"] = {key: value for key, value in timing.items() if key not in _WORKERS_OWN}
    return _mixed(inherited, own)


def _mixed(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    mixed = {**below, **above}
    for key in below.keys() & above.keys() - _WHOLE_BLOCKS:
        if isinstance(below[key], dict) and isinstance(above[key], dict):
            mixed[key] = _mixed(below[key], above[key])
    return mixed


def _check(model: type[BaseModel], data: Mapping[str, Any], at: Path, source: Source) -> list[Mistake]:
    return [source.mistake((*at, *path), problem) for path, problem in _problems(model, data, at)]


def _check_endpoint(name: str, data: Mapping[str, Any], source: Source, inherited: frozenset[str]) -> Iterator[Mistake]:
    """Mistakes of one endpoint; those that it merely inherits are reported once, where the defaults make them."""
    at: Path = ("endpoints", name)
    if "name" in data:
        yield source.mistake((*at, "name"), "unknown key: the endpoint's name is the key above it")
    for path, problem in _problems(EndpointSpec, {**data, "name": "placeholder"}, at):
        ours = source.mistake((*at, *path), problem)
        from_defaults = source.mistake(("defaults", *path), problem)
        if source.has((*at, *path)) or from_defaults.key not in inherited:
            yield ours


def _problems(model: type[BaseModel], data: Mapping[str, Any], at: Path) -> Iterator[tuple[Path, str]]:
    try:
        model.model_validate(data)
    except ValidationError as invalid:
        for error in invalid.errors(include_url=False, include_input=False):
            path = tuple(step for step in error["loc"] if step != "[key]")
            if error["type"] == "extra_forbidden":
                yield path, _unknown_key(model, path, (*at, *path))
            else:
                yield path, problem_of(error)


def _unknown_key(model: type[BaseModel], path: Path, full: Path) -> str:
    *parents, key = path
    if parents == ["timing"] and key in _WORKERS_OWN:
        return "belongs under defaults.timing only: the workers have one for all endpoints"
    if full == ("defaults", key) and key in EndpointSpec.model_fields:
        return "belongs to each endpoint, not to the defaults"
    if str(key).upper().startswith(_SETTING_PREFIXES):
        return "unknown key: settings and secrets belong into the environment, never into this file"
    if key == "<<":
        return "unknown key: YAML merges are not used here; put what endpoints share under defaults"
    similar = nearest(str(key), _keys(model, parents))
    return f"unknown key; did you mean {either(similar)}?" if similar else "unknown key"


def _keys(model: type[BaseModel], path: list[str | int]) -> Iterator[str]:
    """The keys that a block knows, found by following `path` through the models."""
    for step in path:
        annotation = model.model_fields[str(step)].annotation
        model = next(part for part in (annotation, *get_args(annotation)) if _is_model(part))
    yield from model.model_fields


def _is_model(annotation: object) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)
