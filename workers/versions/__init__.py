"""The model registry as people are told of it, and as they decide on it."""

from workers.versions.announcing import announcing_of
from workers.versions.deciding import VersionDecisions, completed
from workers.versions.hints import Hints
from workers.versions.watching import watch_of_registry

__all__ = ["Hints", "VersionDecisions", "announcing_of", "completed", "watch_of_registry"]
