"""How every endpoint stands: looked at within a rate budget, remembered with its age."""

from workers.census.pace import pause
from workers.census.taking import Census

__all__ = ["Census", "pause"]
