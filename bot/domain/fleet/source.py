"""YAML text as plain data that still knows its lines. Uses PyYAML, and nothing of it outside this module.

PyYAML's own constructor would lose the positions, take the last of two equal keys, and read `off` as False and `1:30` as 90;
here only `true` and `false` are booleans, and everything doubtful is a mistake with a line.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml

from bot.domain.errors import RolloutBotError
from bot.domain.names import quoted

Path = tuple[str | int, ...]
"""Keys and list positions from the top of the file to one value."""

_INT = re.compile(r"[-+]?[0-9]{1,18}", re.ASCII)
_FLOAT = re.compile(r"[-+]?([0-9]+\.[0-9]*|\.[0-9]+)", re.ASCII)
_BOOL = re.compile(r"true|True|TRUE|false|False|FALSE")
_NULL = re.compile(r"~|null|Null|NULL|")
_TAG = "tag:yaml.org,2002:"

_PLAINER = (
    (r"'\t'", "a tab stands here: YAML is indented with spaces only"),
    ("mapping values are not allowed", "a colon where none can be: mend the indentation, or put the text in quotes"),
    ("expected <block end>", "this line is indented differently from its neighbours"),
    ("could not find expected ':'", "a colon is missing after the key"),
    ("expected the node content", "a value is missing, or must be put in quotes"),
    ("found another document", "a second YAML document begins here: one file holds one fleet"),
    ("found unexpected end of stream", "a quote is opened here or above and never closed"),
    ("found undefined alias", "this alias (*name) has no anchor (&name)"),
    ("special characters are not allowed", "there is a character here that YAML does not allow"),
)


@dataclass(frozen=True)
class Mistake:
    """One thing wrong in the fleet file; `key` is the dotted way to it."""

    filename: str
    line: int
    key: str
    problem: str

    def __str__(self) -> str:
        return f"{self.filename}:{self.line}: {self.key}: {self.problem}"


class FleetFileError(RolloutBotError):
    """The fleet file is wrong: `mistakes` has all that could be found, in the order of the file."""

    def __init__(self, mistakes: tuple[Mistake, ...]) -> None:
        super().__init__("\n".join(str(mistake) for mistake in mistakes))
        self.mistakes = mistakes


class _Loader(yaml.SafeLoader):
    """Resolves plain scalars to text, whole and decimal numbers, true, false and null; to nothing else."""

    yaml_implicit_resolvers: dict[str | None, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 -- as PyYAML has it


class _FastLoader(yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader):  # type: ignore[misc]
    """The same in C: three times as fast, and shorter of words about what is wrong."""

    yaml_implicit_resolvers: dict[str | None, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 -- as PyYAML has it


for _name, _pattern, _first in (
    ("int", _INT, "-+0123456789"),
    ("float", _FLOAT, "-+.0123456789"),
    ("bool", _BOOL, "tTfF"),
    ("null", _NULL, "~nN\0"),
):
    _anchored = re.compile(rf"(?:{_pattern.pattern})$", re.ASCII)
    for _loader in (_Loader, _FastLoader):
        _loader.add_implicit_resolver(_TAG + _name, _anchored, ["" if c == "\0" else c for c in _first])

_DEEPEST = 100
_BRACKET = re.compile(r"[\[\]{}]")
_DEEP_BLOCK = re.compile(rf"^[ \-?:]{{{2 * _DEEPEST}}}", re.MULTILINE)


def _compose(text: str) -> yaml.Node | None:
    """The text's nodes; what libyaml refuses is read again by the parser that tells why in the words that `_PLAINER` knows."""
    if not _may_be_deep(text):
        try:
            return yaml.compose(text, _FastLoader)
        except yaml.YAMLError:
            pass
    return yaml.compose(text, _Loader)


def _may_be_deep(text: str) -> bool:
    """Whether it may be nested so deeply that libyaml's recursion, which nothing checks, would end the process."""
    depth = deepest = 0
    for bracket in _BRACKET.finditer(text):
        depth = depth + 1 if bracket[0] in "[{" else max(depth - 1, 0)
        deepest = max(deepest, depth)
    return deepest > _DEEPEST or _DEEP_BLOCK.search(text) is not None


class Source:
    """A YAML text, read: its `data`, its `mistakes` so far, and the line of everything in it."""

    def __init__(self, text: str, filename: str) -> None:
        """Read `text`.

        Raises:
            FleetFileError: the text is no YAML, or holds nothing.
        """
        self.filename = filename
        self.mistakes: list[Mistake] = []
        self._built: dict[int, Any] = {}
        try:
            root = _compose(text)
            if root is None:
                raise FleetFileError(
                    (Mistake(filename, 1, "YAML", "the file is empty: it needs version and endpoints"),)
                )
            self._root: yaml.Node = root
            self.data = self._build(root, (), frozenset())
        except yaml.reader.ReaderError as error:
            line = text.count("\n", 0, error.position) + 1
            raise FleetFileError((Mistake(filename, line, "YAML", _plainer(str(error))),)) from error
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            line = mark.line + 1 if mark else 1
            raise FleetFileError((Mistake(filename, line, "YAML", _plainer(error.problem or str(error))),)) from error
        except RecursionError as error:
            raise FleetFileError((Mistake(filename, 1, "YAML", "nested too deeply"),)) from error

    def mistake(self, path: Path, problem: str) -> Mistake:
        """A mistake about `path`, on its own line or, if it is not there, on that of what should contain it."""
        return Mistake(self.filename, self._line(path), dotted(path), problem)

    def has(self, path: Path) -> bool:
        """Whether the file itself says something there."""
        return sum(1 for _ in self._nodes(path)) == len(path)

    def place(self, path: Path) -> str:
        """Where something stands, as people look it up: `fleet.yaml:12`."""
        return f"{self.filename}:{self._line(path)}"

    def _line(self, path: Path) -> int:
        line = 1
        for line in self._nodes(path):  # noqa: B007
            pass
        return line

    def _nodes(self, path: Path) -> Iterator[int]:
        """Lines of the keys and items along `path`, as far as it exists."""
        node = self._root
        for step in path:
            if isinstance(node, yaml.MappingNode):
                found = next(((k, v) for k, v in node.value if k.value == step), None)
            elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
                found = (node.value[step], node.value[step])
            else:
                found = None
            if found is None:
                return
            yield found[0].start_mark.line + 1
            node = found[1]

    def _build(self, node: yaml.Node, path: Path, within: frozenset[int]) -> Any:
        if id(node) in within:
            self._note(node, path, "refers to itself")
            return None
        if id(node) not in self._built:
            # Remembered, so that aliases of aliases cannot multiply.
            self._built[id(node)] = self._build_fresh(node, path, within | {id(node)})
        return self._built[id(node)]

    def _build_fresh(self, node: yaml.Node, path: Path, within: frozenset[int]) -> Any:
        if isinstance(node, yaml.MappingNode) and node.tag == f"{_TAG}map":
            return self._build_mapping(node, path, within)
        if isinstance(node, yaml.SequenceNode) and node.tag == f"{_TAG}seq":
            return [self._build(item, (*path, index), within) for index, item in enumerate(node.value)]
        if isinstance(node, yaml.ScalarNode):
            return self._build_scalar(node, path)
        self._note(node, path, f"YAML tags such as {quoted(node.tag)} are not used in this file")
        return None

    def _build_mapping(self, node: yaml.MappingNode, path: Path, within: frozenset[int]) -> dict[str, Any]:
        built: dict[str, Any] = {}
        lines: dict[str, int] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode) or key_node.tag != f"{_TAG}str":
                self._note(key_node, path, "a key here is not text: put it in quotes")
                continue
            key = key_node.value
            if key in built:
                self._note(key_node, (*path, key), f"is given twice; the first is on line {lines[key]}")
                continue
            lines[key] = key_node.start_mark.line + 1
            built[key] = self._build(value_node, (*path, key), within)
        return built

    def _build_scalar(self, node: yaml.ScalarNode, path: Path) -> Any:
        kind, text = node.tag.removeprefix(_TAG), node.value
        if kind == "str":
            return text
        if kind == "int" and _INT.fullmatch(text):
            return int(text)
        if kind == "float" and _FLOAT.fullmatch(text):
            return float(text)
        if kind == "bool" and _BOOL.fullmatch(text):
            return text.casefold() == "true"
        if kind == "null" and _NULL.fullmatch(text):
            return None
        self._note(node, path, f"YAML tags such as {quoted(node.tag)} are not used in this file")
        return None

    def _note(self, node: yaml.Node, path: Path, problem: str) -> None:
        self.mistakes.append(Mistake(self.filename, node.start_mark.line + 1, dotted(path), problem))


def dotted(path: Path) -> str:
    """`endpoints.stt-prod.track[1]`; the whole file is `YAML`."""
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return text.removeprefix(".") or "YAML"


def _plainer(problem: str) -> str:
    return next((plain for pattern, plain in _PLAINER if pattern in problem), problem)
