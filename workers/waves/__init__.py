"""Waves: one version, or one change of the fleet file, over many endpoints in order."""

from workers.waves.conducting import WAVE_COMMANDS, Waves, waves_of

__all__ = ["WAVE_COMMANDS", "Waves", "waves_of"]
