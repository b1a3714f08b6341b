"""The model registry as people are told of it, and as they decide on it."""

from workers.versions.announcing import announcing_of
from workers.versions.deciding import VersionDecisions, completed
from workers.versions.hints import Hints
from workers.versions.watching import RegistryWatch

__all__ = ["Hints", "RegistryWatch", "VersionDecisions", "announcing_of", "completed"]
