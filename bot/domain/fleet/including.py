"""One fleet file out of several: what `include` brings together, and which defaults hold where. Pure: a `Find` reads the files."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.domain.fleet.source import FleetFileError, Mistake, Path, Source

Find = Callable[[str, str], Sequence[tuple[str, str]]]
"""Finds what an entry of `include` means: (entry, name of the file that it stands in) → (name, text) of each file, in order.

Raises ValueError, saying why, when there is none or one cannot be read. FleetFileError when one is no text.
"""

_WHOLE_BLOCKS = frozenset({"strategy", "autoscaling", "serverless", "vpc", "data_capture"})
"""Their keys depend on each other: whoever has one replaces the one of the defaults instead of mixing with it."""


@dataclass(frozen=True)
class Part:
    """One of the files, and the one that includes it."""

    source: Source
    above: "Part | None" = None

    @property
    def data(self) -> Mapping[str, Any]:
        """What stands in it, unchecked."""
        return mapping(self.source.data)

    @property
    def own_defaults(self) -> dict[str, Any]:
        """What stands under its own `defaults`."""
        return mapping(self.data.get("defaults"))

    @property
    def defaults(self) -> dict[str, Any]:
        """What holds for its endpoints: its own defaults over those of the files above."""
        return mixed(self.above.defaults, self.own_defaults) if self.above is not None else self.own_defaults

    def upwards(self) -> Iterator["Part"]:
        """This one, the one that includes it, and so on."""
        yield self
        if self.above is not None:
            yield from self.above.upwards()

    def named(self, section: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """What its `endpoints` or `waves` declare, as far as that has the right shape."""
        for name, raw in mapping(self.data.get(section)).items():
            if isinstance(raw, dict):
                yield name, raw


@dataclass(frozen=True)
class Declared:
    """Where something is declared: mistakes about it are told there."""

    source: Source
    at: Path

    def mistake(self, path: Path, problem: str) -> Mistake:
        """A mistake about what stands at `path` below it."""
        return self.source.mistake((*self.at, *path), problem)

    @property
    def place(self) -> str:
        """`fleet.yaml:12`."""
        return self.source.place(self.at)


def no_files(entry: str, filename: str) -> Sequence[tuple[str, str]]:
    """The `Find` of a text that stands alone."""
    raise ValueError("other files cannot be included here")


class Gathering:
    """Follows `include` from the first file to all the others: `parts` and `mistakes` on the way, in the order of the files."""

    def __init__(self, first: Source, find: Find) -> None:
        self._find = find
        self._included: dict[str, str] = {first.filename: "everything begins with it"}
        self.parts: list[Part] = []
        self.mistakes: list[Mistake] = []
        self._take(Part(first))

    def _take(self, part: Part) -> None:
        self.parts.append(part)
        self.mistakes += part.source.mistakes
        entries = part.data.get("include")
        for index, entry in enumerate(entries if isinstance(entries, list) else []):
            if isinstance(entry, str):
                self._include(part, ("include", index), entry)

    def _include(self, part: Part, at: Path, entry: str) -> None:
        source = part.source
        try:
            found = self._find(entry, source.filename)
        except ValueError as error:
            self.mistakes.append(source.mistake(at, str(error)))
            return
        except FleetFileError as error:
            self.mistakes += error.mistakes
            return
        for filename, text in found:
            if filename in self._included:
                first = self._included[filename]
                self.mistakes.append(source.mistake(at, f"{filename} is read already: {first}"))
                continue
            self._included[filename] = f"{source.place(at)} includes it"
            try:
                below = Source(text, filename)
            except FleetFileError as error:
                self.mistakes += error.mistakes
                continue
            if isinstance(below.data, dict):
                self._take(Part(below, part))
            else:
                whole = below.mistake((), "must be a mapping with the keys endpoints, waves or defaults")
                self.mistakes += [*below.mistakes, whole]


def mapping(value: object) -> dict[str, Any]:
    """The value if it is a mapping, an empty one if not: its mistake is told elsewhere."""
    return value if isinstance(value, dict) else {}


def mixed(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """One over the other: mappings mix key by key, everything else is replaced."""
    both = {**below, **above}
    for key in below.keys() & above.keys() - _WHOLE_BLOCKS:
        if isinstance(below[key], dict) and isinstance(above[key], dict):
            both[key] = mixed(below[key], above[key])
    return both
