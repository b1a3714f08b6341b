"""How every endpoint stands: looked at within a rate budget, remembered with its age."""

from workers.census.taking import Census

__all__ = ["Census"]
