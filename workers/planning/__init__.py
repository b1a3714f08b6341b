"""From facts to plans: of a change, of a way back, of another instance count; and whether an approved plan still holds."""

from workers.planning.planner import Planner

__all__ = ["Planner"]
