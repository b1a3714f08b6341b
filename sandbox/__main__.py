"""`python -m sandbox demo` and `python -m sandbox story NAME`."""

from __future__ import annotations

import sys

from sandbox.demo import run_demo
from sandbox.stories import run_story

USAGE = "usage: python -m sandbox demo | story NAME | story list"


def main(arguments: list[str]) -> int:
    """Entry point."""
    match arguments:
        case ["demo"]:
            return run_demo()
        case ["story", name]:
            return run_story(name)
        case _:
            print(USAGE, file=sys.stderr)
            return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
