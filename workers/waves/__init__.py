"""Waves: one version, or one change of the fleet file, over many endpoints in order."""

from workers.waves.conducting import Waves

__all__ = ["Waves"]
