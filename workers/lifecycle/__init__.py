"""Endpoints from their creation to their end, and what they leave behind."""

from workers.lifecycle.collecting import Collecting
from workers.lifecycle.opening import Lifecycle

__all__ = ["Collecting", "Lifecycle"]
