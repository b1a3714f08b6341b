"""The endpoint manager."""

from workers.manager.managing import Manager

__all__ = ["Manager"]
