"""Takes up again what was under way when the store was emptied: found by the notes on endpoints, followed to its end."""

from workers.reviving.reviving import Reviving

__all__ = ["Reviving"]
