"""From the fleet file's text to a `Fleet`, or to every mistake in it with its line."""

from collections.abc import Iterator, Mapping
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel, Field, ValidationError

from bot.domain.fleet.changing import WavePlan
from bot.domain.fleet.including import Declared, Find, Gathering, Part, mapping, mixed, no_files
from bot.domain.fleet.relations import Relations
from bot.domain.fleet.rhythm import Manager, Timing, WorkerTiming
from bot.domain.fleet.source import FleetFileError, Mistake, Path, Source
from bot.domain.fleet.spec import Defaults, EndpointSpec, Fleet
from bot.domain.fleet.values import Block
from bot.domain.names import IncludedFile, SageMakerName, WaveName
from bot.domain.nearest import either, nearest
from bot.domain.problems import problem_of

_WORKERS_OWN = WorkerTiming.model_fields.keys() - Timing.model_fields.keys()

_SETTING_PREFIXES = ("SLACK_", "AWS_", "REDIS_", "MLFLOW_")


class _Included(Block):
    """An included file before its endpoints are merged with the defaults."""

    version: Literal[1] = 1
    include: tuple[IncludedFile, ...] = ()
    defaults: Mapping[str, Any] = {}
    endpoints: Mapping[SageMakerName, Mapping[str, Any]] = {}
    waves: Mapping[WaveName, WavePlan] = {}


class _First(_Included):
    """The file that everything begins with."""

    version: Literal[1]
    manager: Manager | None = None


class _Only(_First):
    """A file that includes no others."""

    endpoints: Mapping[SageMakerName, Mapping[str, Any]] = Field(min_length=1)


def parse_fleet(text: str, filename: str, find: Find = no_files) -> Fleet:
    """Read the fleet file.

    Args:
        text: What stands in it.
        filename: For its mistakes, and for `find`.
        find: Reads the files that it includes.

    Raises:
        FleetFileError: the file is wrong; it carries all mistakes that could be found, in the order of the files.
    """
    source = Source(text, filename)
    if not isinstance(source.data, dict):
        whole = source.mistake((), "must be a mapping with the keys version, defaults and endpoints")
        raise FleetFileError((*source.mistakes, whole))
    gathered = Gathering(source, find)
    reading = _Reading(gathered.parts)
    mistakes = [*gathered.mistakes, *reading.mistakes]
    if mistakes:
        raise FleetFileError(_in_order(mistakes, gathered.parts))
    return Fleet(
        version=source.data["version"],
        include=source.data.get("include", ()),
        defaults=Defaults.model_validate(gathered.parts[0].own_defaults),
        endpoints=reading.endpoints,
        waves=reading.waves,
        manager=source.data.get("manager"),
    )


def _in_order(mistakes: list[Mistake], parts: list[Part]) -> tuple[Mistake, ...]:
    files = {part.source.filename: place for place, part in enumerate(parts)}
    once = dict.fromkeys(mistakes)
    return tuple(sorted(once, key=lambda mistake: (files.get(mistake.filename, len(files)), mistake.line)))


class _Reading:
    """Takes the parts one by one, then looks at what their endpoints and waves have to do with each other."""

    def __init__(self, parts: list[Part]) -> None:
        self.mistakes: list[Mistake] = []
        self.endpoints: dict[str, EndpointSpec] = {}
        self.waves: dict[str, WavePlan] = {}
        self._declared: dict[tuple[str, str], Declared] = {}
        for part in parts:
            self.mistakes += _check(_outline_of(part), part.data, (), part.source)
            self.mistakes += _check_defaults(part)
        inherited = frozenset((mistake.filename, mistake.key) for mistake in self.mistakes)
        for part in parts:
            self._take_endpoints(part, inherited)
            self._take_waves(part)
        if not self._declared and not self.mistakes:
            problem = "no endpoint is declared, neither here nor in the included files"
            self.mistakes.append(parts[0].source.mistake(("endpoints",), problem))
        manager = isinstance(parts[0].data.get("manager"), dict)
        self.mistakes += Relations(self.endpoints, self.waves, self._declared, has_manager=manager).mistakes()

    def _take_endpoints(self, part: Part, inherited: frozenset[tuple[str, str]]) -> None:
        defaults = dict(part.defaults)
        if isinstance(timing := defaults.get("timing"), dict):
            defaults["timing"] = {key: value for key, value in timing.items() if key not in _WORKERS_OWN}
        for name, raw in part.named("endpoints"):
            if not self._is_first(part, "endpoints", name):
                continue
            spec, mistakes = _endpoint(part, name, mixed(defaults, raw), inherited)
            self.mistakes += mistakes
            if spec is not None:
                self.endpoints[name] = spec

    def _take_waves(self, part: Part) -> None:
        for name, raw in part.named("waves"):
            if self._is_first(part, "waves", name):
                try:
                    self.waves[name] = WavePlan.model_validate(raw)
                except ValidationError:
                    continue  # its mistakes are those of the file's outline

    def _is_first(self, part: Part, section: str, name: str) -> bool:
        here = Declared(part.source, (section, name))
        first = self._declared.setdefault((section, name), here)
        if first is not here:
            self.mistakes.append(here.mistake((), f"is declared twice; the first is at {first.place}"))
        return first is here


def _outline_of(part: Part) -> type[Block]:
    if part.above is not None:
        return _Included
    return _First if "include" in part.data else _Only


def _check(model: type[BaseModel], data: Mapping[str, Any], at: Path, source: Source) -> list[Mistake]:
    return [source.mistake((*at, *path), problem) for path, problem in _problems(model, data, at)]


def _check_defaults(part: Part) -> Iterator[Mistake]:
    yield from _check(Defaults, part.own_defaults, ("defaults",), part.source)
    if part.above is not None:
        for key in mapping(part.own_defaults.get("timing")).keys() & _WORKERS_OWN:
            problem = "belongs into the first file only: the workers have one for all endpoints"
            yield part.source.mistake(("defaults", "timing", key), problem)


def _endpoint(
    part: Part, name: str, data: Mapping[str, Any], inherited: frozenset[tuple[str, str]]
) -> tuple[EndpointSpec | None, list[Mistake]]:
    """One endpoint, or its mistakes; those that it merely inherits are told once, where the defaults make them."""
    here = Declared(part.source, ("endpoints", name))
    mistakes = []
    if "name" in data:
        mistakes.append(here.mistake(("name",), "unknown key: the endpoint's name is the key above it"))
    try:
        # The name is checked where it stands, as a key.
        return EndpointSpec.model_validate({**data, "name": "placeholder"}).model_copy(update={"name": name}), mistakes
    except ValidationError as invalid:
        for path, problem in _told(invalid, EndpointSpec, here.at):
            ours = here.mistake(path, problem)
            of_defaults = (above.source.mistake(("defaults", *path), problem) for above in part.upwards())
            is_inherited = any((above.filename, above.key) in inherited for above in of_defaults)
            if here.source.has((*here.at, *path)) or not is_inherited:
                mistakes.append(ours)
        return None, mistakes


def _problems(model: type[BaseModel], data: Mapping[str, Any], at: Path) -> Iterator[tuple[Path, str]]:
    try:
        model.model_validate(data)
    except ValidationError as invalid:
        yield from _told(invalid, model, at)


def _told(invalid: ValidationError, model: type[BaseModel], at: Path) -> Iterator[tuple[Path, str]]:
    errors = invalid.errors(include_url=False, include_input=False)
    for error in errors:
        path = tuple(step for step in error["loc"] if step != "[key]")
        if error["type"] == "too_short" and any(e["loc"][: len(path)] == path for e in errors if e is not error):
            continue  # pydantic does not count what is wrong; a list of it is not empty
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
    if model is _Included and full == ("manager",):
        return "belongs into the first file only: there is one manager for all endpoints"
    if str(key).upper().startswith(_SETTING_PREFIXES):
        return "unknown key: settings and secrets belong into the environment, never into this file"
    if key == "<<":
        return "unknown key: YAML merges are not used here; put what endpoints share under defaults"
    similar = nearest(str(key), _keys(model, parents))
    return f"unknown key; did you mean {either(similar)}?" if similar else "unknown key"


def _keys(model: type[BaseModel], path: list[str | int]) -> Iterator[str]:
    """The keys that a block knows, found by following `path` through the models."""
    steps = iter(path)
    for step in steps:
        annotation = model.model_fields[str(step)].annotation
        model = next(part for part in (annotation, *get_args(annotation)) if _is_model(part))
        if get_origin(annotation) is Mapping:
            next(steps)  # the name that somebody gave to a block of that kind, such as a wave's
    yield from model.model_fields


def _is_model(annotation: object) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)
