"""What people are told while the fleet file has mistakes and the workers go on with what it said before."""

from datetime import timedelta

from bot.fleet_file import FleetFile
from bot.messages.words import count
from bot.store import Store
from workers.ports import Memory

_KEY = "fleet file trouble"

_NOTED_FOR = timedelta(minutes=1)
"""The pump notes it once a second: it is forgotten soon after the last pump that had trouble has ended."""


def note_trouble(memory: Memory, file: FleetFile) -> None:
    """Remember for every process how the fleet file is; called once a turn of the pump."""
    if file.trouble is not None:
        mistakes = count(len(file.trouble.mistakes), "mistake")
        text = (
            f"{file.path.name} has {mistakes} since {file.trouble.since:%Y-%m-%d %H:%M} UTC; what counts is what it said before. "
            "`python -m bot fleet check` tells what is wrong."
        )
        memory.remember(_KEY, text, _NOTED_FOR)
    elif memory.recall(_KEY):
        memory.remember(_KEY, "", _NOTED_FOR)


def fleet_trouble(store: Store) -> str:
    """A sentence about the fleet file's mistakes, not escaped; empty while it has none."""
    return store.memory.recall(_KEY) or ""
