"""The fleet file on disk: when it is read again, and what counts while it has mistakes."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.domain.fleet import FleetFileError
from bot.fleet_file import FleetFile, FleetFileMissing

HEAD = "version: 1\ndefaults: {approval: {users: [U0ANNA]}}\n"


def fleet(*names: str, include: str = "") -> str:
    endpoints = "".join(f"  {name}: {{model_package_group: g}}\n" for name in names)
    return HEAD + (f"include: [{include}]\n" if include else "") + (f"endpoints:\n{endpoints}" if names else "")


class Watched:
    """A fleet file in a folder, and a clock that tests turn."""

    def __init__(self, folder: Path, **files: str) -> None:
        self.folder, self.seconds = folder, 0.0
        for name, text in files.items():
            self.write(f"{name}.yaml", text)
        self.file = FleetFile(folder / "fleet.yaml", lambda: self.seconds)

    def write(self, name: str, text: str) -> None:
        (self.folder / name).parent.mkdir(exist_ok=True)
        (self.folder / name).write_text(text)

    def later(self, seconds: float = 1.0) -> bool:
        self.seconds += seconds
        return self.file.refresh()

    def settle(self) -> bool:
        """Look until a change would have been read: once to see it, once more to see that it stays."""
        return [self.later(), self.later()][-1]

    @property
    def names(self) -> list[str]:
        return list(self.file.fleet.endpoints)


@pytest.fixture
def watched(tmp_path: Path) -> Callable[..., Watched]:
    return lambda **files: Watched(tmp_path, **files)


def test_changed_file_is_read_again_once_nobody_is_writing_any_more(watched):
    it = watched(fleet=fleet("a"))
    it.write("fleet.yaml", fleet("a", "b"))
    assert not it.later(0.5)  # looked at a moment ago
    assert not it.later(0.5)  # seen, but perhaps half of it
    assert it.later()
    assert it.names == ["a", "b"]
    assert not it.later()


def test_file_that_is_still_growing_is_waited_for(watched):
    it = watched(fleet=fleet("a", "b", "c"))
    for text in (fleet("a"), fleet("a", "b"), fleet("a", "b", "c", "d")):
        it.write("fleet.yaml", text)
        assert not it.later()
    assert it.later()
    assert it.names == ["a", "b", "c", "d"]


def test_change_of_long_ago_is_read_at_the_first_look(watched, monkeypatch):
    it = watched(fleet=fleet("a"))
    it.write("fleet.yaml", fleet("a", "b"))
    written = os.stat(it.folder / "fleet.yaml").st_ctime
    monkeypatch.setattr("bot.fleet_file.time.time", lambda: written + 60)
    assert it.later()


def test_file_that_another_takes_the_place_of_is_read(watched):
    it = watched(fleet=fleet("a"))
    it.write("new", fleet("b"))
    os.replace(it.folder / "new", it.folder / "fleet.yaml")
    assert it.settle()
    assert it.names == ["b"]


def test_link_that_is_turned_as_kubernetes_does_is_noticed(tmp_path):
    for version, name in (("v1", "a"), ("v2", "b")):
        (tmp_path / version).mkdir()
        (tmp_path / version / "fleet.yaml").write_text(fleet(name))
    (tmp_path / "..data").symlink_to("v1")
    (tmp_path / "fleet.yaml").symlink_to("..data/fleet.yaml")
    it = Watched(tmp_path)
    (tmp_path / "..new").symlink_to("v2")
    os.replace(tmp_path / "..new", tmp_path / "..data")
    assert it.settle()
    assert it.names == ["b"]


def team(name: str) -> str:
    return f"endpoints: {{{name}: {{model_package_group: g}}}}\n"


def test_included_files_are_watched_and_so_are_patterns(tmp_path):
    (tmp_path / "teams").mkdir()
    (tmp_path / "teams" / "x.yaml").write_text(team("x"))
    (tmp_path / "more.yaml").write_text(team("m"))
    it = Watched(tmp_path, fleet=fleet("a", include="'teams/*.yaml', more.yaml"))
    assert it.names == ["a", "x", "m"]
    it.write("more.yaml", team("changed"))
    assert it.settle()
    it.write("teams/y.yaml", team("y"))
    assert it.settle()
    assert it.names == ["a", "x", "y", "changed"]
    (tmp_path / "teams" / "x.yaml").unlink()
    assert it.settle()
    assert it.names == ["a", "y", "changed"]


@pytest.fixture
def teams(watched, monkeypatch) -> Watched:
    """A fleet whose teams have files of their own, all of which nobody has touched for long by their own clock."""
    (it := watched(fleet=fleet("a"))).write("teams/one.yaml", fleet("one"))
    it.write("fleet.yaml", fleet("a", include="teams/*.yaml"))
    assert it.settle()
    written = os.stat(it.folder / "fleet.yaml").st_ctime
    monkeypatch.setattr("bot.fleet_file.time.time", lambda: written + 60)
    return it


def test_new_file_of_a_pattern_is_waited_for_while_it_grows(teams):
    for text in (fleet("two"), fleet("two", "three"), fleet("two", "three", "four")):
        teams.write("teams/two.yaml", text)
        assert not teams.later()
    assert teams.later()
    assert teams.names == ["a", "one", "two", "three", "four"]
    assert not teams.settle()


def test_file_of_a_pattern_that_is_away_for_a_moment_takes_no_endpoint_with_it(teams):
    teams.write("teams/two.yaml", fleet("two"))
    assert teams.settle()
    (teams.folder / "teams" / "two.yaml").unlink()
    assert not teams.later()
    teams.write("teams/two.yaml", fleet("two"))
    teams.settle()
    assert teams.names == ["a", "one", "two"]
    (teams.folder / "teams" / "two.yaml").unlink()
    assert teams.settle()
    assert teams.names == ["a", "one"]


def test_included_file_that_was_missing_is_noticed_when_it_comes(tmp_path):
    it = Watched(tmp_path, fleet=fleet("a"))
    it.write("fleet.yaml", fleet("a", include="more.yaml, 'teams/*.yaml'"))
    assert it.settle()
    fleet_file = tmp_path / "fleet.yaml"
    assert it.file.trouble is not None
    assert it.file.trouble.mistakes == (
        f"{fleet_file}:3: include[0]: no such file: {tmp_path / 'more.yaml'}",
        f"{fleet_file}:3: include[1]: no file has such a name",
    )
    it.write("more.yaml", team("m"))
    it.write("teams/x.yaml", team("x"))
    assert it.settle()
    assert it.names == ["a", "m", "x"]


def test_included_file_that_is_no_text_is_a_mistake_of_its_own(tmp_path):
    (tmp_path / "more.yaml").write_bytes(b"endpoints:\n  caf\xe9: {}\n")
    with pytest.raises(FleetFileError, match=r"more\.yaml:2: YAML: this is not UTF-8 text"):
        Watched(tmp_path, fleet=fleet("a", include="more.yaml"))


def test_pattern_never_means_the_file_that_it_stands_in(tmp_path):
    (tmp_path / "teams.yaml").write_text(team("x"))
    assert Watched(tmp_path, fleet=fleet("a", include="'*.yaml'")).names == ["a", "x"]


def test_mistakes_leave_in_force_what_was_read_before(watched):
    it = watched(fleet=fleet("a"))
    it.write("fleet.yaml", fleet("a", "b_b") + "x: 1\n")
    assert it.settle()
    assert it.names == ["a"]
    assert it.file.trouble is not None
    path = it.folder / "fleet.yaml"
    assert it.file.describe().splitlines() == [
        f"{path} has 2 mistakes; what it said before stays in force:",
        *it.file.trouble.mistakes,
    ]
    since = it.file.trouble.since
    it.write("fleet.yaml", "nothing")
    assert it.settle()
    assert (it.file.trouble.since, len(it.file.trouble.mistakes)) == (since, 1)
    it.write("fleet.yaml", fleet("a", "b"))
    assert it.settle()
    assert (it.file.trouble, it.names) == (None, ["a", "b"])
    assert it.file.describe() == f"{path} has 2 endpoints"


def test_same_mistakes_are_read_once(watched):
    it = watched(fleet=fleet("a"))
    it.write("fleet.yaml", "nothing")
    assert it.settle()
    assert not it.settle()


def test_file_that_goes_away_leaves_in_force_what_was_read_before(watched):
    it = watched(fleet=fleet("a"))
    (it.folder / "fleet.yaml").unlink()
    assert it.settle()
    assert it.names == ["a"]
    assert it.file.trouble is not None
    assert it.file.trouble.mistakes == (f"no such file: {it.folder / 'fleet.yaml'}",)
    it.write("fleet.yaml", fleet("b"))
    assert it.settle()
    assert it.names == ["b"]


def test_file_with_mistakes_is_none_to_begin_with(tmp_path):
    (tmp_path / "fleet.yaml").write_text("nothing")
    with pytest.raises(FleetFileError):
        FleetFile(tmp_path / "fleet.yaml")
    with pytest.raises(FleetFileMissing, match="no such file"):
        FleetFile(tmp_path / "none.yaml")
