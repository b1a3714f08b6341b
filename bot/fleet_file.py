"""The fleet file on disk: reads it with what it includes, and again whenever it has changed."""

import glob
import os
import time
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bot.domain.fleet import Fleet, FleetFileError, Mistake, parse_fleet

LOOK_SECONDS = 1.0
"""How often the files are looked at: a stat of each."""

SETTLED_SECONDS = 1.0
"""How long a changed file must have been left alone: half of one that is being written may be a fleet with half its endpoints."""

State = dict[tuple[str, ...], Hashable]
"""What was looked up, and what was found there."""


class FleetFileMissing(Exception):
    """The fleet file cannot be read at all; the text says why."""


@dataclass(frozen=True)
class Trouble:
    """The file has mistakes and what was read before stays in force."""

    mistakes: tuple[str, ...]
    since: datetime


class FleetFile:
    """The fleet in force: what the file said when it was last without mistakes. Changes are noticed by `refresh` only."""

    def __init__(self, path: Path, now: Callable[[], float] = time.monotonic) -> None:
        """Read the file.

        Args:
            path: Of the file that includes the others.
            now: Seconds of a clock that is never set.

        Raises:
            FleetFileError: it has mistakes.
            FleetFileMissing: there is no such file, or it cannot be read.
        """
        self.path = path
        self.trouble: Trouble | None = None
        self._now = now
        self._files = _Files(path)
        self.fleet: Fleet = self._files.read()
        self._unsettled: tuple[State, float] | None = None
        self._next_look = now() + LOOK_SECONDS

    def refresh(self) -> bool:
        """Read the file again if it has changed; returns whether it was. Costs nothing when it was looked at a moment ago."""
        now = self._now()
        if now < self._next_look:
            return False
        self._next_look = now + LOOK_SECONDS
        state = self._files.look()
        if state == self._files.state:
            self._unsettled = None
            return False
        if not self._has_settled(state, now):
            return False
        self._unsettled = None
        self._read()
        return True

    def describe(self) -> str:
        """What came of reading it, for the log."""
        if self.trouble is None:
            return f"{self.path} has {_count(len(self.fleet.endpoints), 'endpoint')}"
        mistakes = self.trouble.mistakes
        return "\n".join(
            (f"{self.path} has {_count(len(mistakes), 'mistake')}; what it said before stays in force:", *mistakes)
        )

    def _has_settled(self, state: State, now: float) -> bool:
        """Whether nobody is still writing: by the files' own clock, or because they look as they did a while ago.

        Of files that come and go the clock tells nothing: one that is missing has none, and another may be about to come.
        """
        whole = state | self._files.newcomers(state)
        if self._unsettled is None or self._unsettled[0] != whole:
            self._unsettled = whole, now
        stays = now - self._unsettled[1] >= SETTLED_SECONDS
        return stays or (self._files.are_the_same(state) and self._files.age() >= SETTLED_SECONDS)

    def _read(self) -> None:
        try:
            self.fleet = self._files.read()
            self.trouble = None
        except FleetFileError as error:
            self._keep_what_was(tuple(str(mistake) for mistake in error.mistakes))
        except FleetFileMissing as error:
            self._keep_what_was((str(error),))

    def _keep_what_was(self, mistakes: tuple[str, ...]) -> None:
        since = self.trouble.since if self.trouble is not None else datetime.now(UTC)
        self.trouble = Trouble(mistakes, since)


class _Files:
    """Reads the files, and remembers what each lookup found, so that a change of any of them is seen."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.state: State = {}

    def read(self) -> Fleet:
        """Raises FleetFileError and FleetFileMissing."""
        self.state = {}
        try:
            text = self._text(str(self._path))
        except FileNotFoundError:
            raise FleetFileMissing(f"no such file: {self._path}") from None
        except OSError as error:
            raise FleetFileMissing(f"cannot read {self._path}: {error.strerror}") from error
        return parse_fleet(text, str(self._path), self._find)

    def look(self) -> State:
        """What the same lookups find now."""
        return {lookup: _found_by(lookup) for lookup in self.state}

    def are_the_same(self, state: State) -> bool:
        """Whether patterns mean the files that they meant."""
        return all(found == self.state[lookup] for lookup, found in state.items() if lookup[0] == "glob")

    def newcomers(self, state: State) -> State:
        """How the files look that patterns mean now, and that were not read."""
        found = (name for lookup, names in state.items() if lookup[0] == "glob" for name in _names(names))
        return {("file", name): _found_by(("file", name)) for name in found if ("file", name) not in self.state}

    def age(self) -> float:
        """Seconds since any of the files was last written, renamed or linked."""
        changed = [at for kind, name, *_ in self.state if kind == "file" and (at := _changed_at(name)) is not None]
        return time.time() - max(changed) if changed else 0.0

    def _find(self, entry: str, filename: str) -> Sequence[tuple[str, str]]:
        """What `include` means by an entry: the `Find` of parse_fleet."""
        folder = os.path.dirname(filename)
        if glob.has_magic(entry):
            names = _names(self._note(("glob", folder, entry)))
            found = [name for name in names if name != os.path.normpath(filename)]
            if not found:
                raise ValueError("no file has such a name")
        else:
            found = [os.path.normpath(os.path.join(folder, entry))]
        return [(name, self._included(name)) for name in found]

    def _included(self, name: str) -> str:
        try:
            return self._text(name)
        except FileNotFoundError:
            raise ValueError(f"no such file: {name}") from None
        except OSError as error:
            raise ValueError(f"cannot read {name}: {error.strerror}") from error

    def _text(self, name: str) -> str:
        self._note(("file", name))
        with open(name, "rb") as file:
            content = file.read()
        try:
            return content.decode()
        except UnicodeDecodeError as error:
            line = content.count(b"\n", 0, error.start) + 1
            raise FleetFileError((Mistake(name, line, "YAML", "this is not UTF-8 text"),)) from error

    def _note(self, lookup: tuple[str, ...]) -> Hashable:
        """Looked up before it is read, so that a change in between is seen as one."""
        found = self.state[lookup] = _found_by(lookup)
        return found


def _found_by(lookup: tuple[str, ...]) -> Hashable:
    if lookup[0] == "glob":
        _, folder, pattern = lookup
        names = glob.glob(pattern, root_dir=folder or None, recursive=True)
        paths = (os.path.normpath(os.path.join(folder, name)) for name in names)
        return tuple(sorted(path for path in paths if not os.path.isdir(path)))
    try:
        # Follows links: Kubernetes replaces a ConfigMap's files by turning a link to another folder.
        status = os.stat(lookup[1])
    except OSError as error:
        return error.errno
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns


def _names(found: Hashable) -> tuple[str, ...]:
    """What a pattern found."""
    assert isinstance(found, tuple)
    return found


def _changed_at(name: str) -> float | None:
    try:
        return os.stat(name).st_ctime
    except OSError:
        return None


def _count(number: int, one: str) -> str:
    return f"{number} {one if number == 1 else one + 's'}"
