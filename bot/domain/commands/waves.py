"""Many endpoints, one after another."""

from typing import Literal

from bot.domain.commands.typed import Text, Version
from bot.domain.model import Value
from bot.domain.names import RolloutId, WaveName


class WaveStart(Value):
    """Bring one version, or what the fleet file says by now, to the endpoints of a wave, stage by stage."""

    name: Literal["wave start"] = "wave start"
    wave: WaveName
    version: Version | None = None
    reason: Text | None = None


class WaveApprove(Value):
    """Agree to a wave: it begins once enough people did."""

    name: Literal["wave approve"] = "wave approve"
    wave_id: RolloutId
    plan: Text | None = None
    """Fingerprint of the plan that was seen; a button carries it, so that nobody agrees to another one."""


class WaveReject(Value):
    """Say no to a wave."""

    name: Literal["wave reject"] = "wave reject"
    wave_id: RolloutId


class WavePause(Value):
    """Let no further endpoint of a wave begin."""

    name: Literal["wave pause"] = "wave pause"
    wave_id: RolloutId


class WaveResume(Value):
    """Go on with a wave that was paused, or that stopped by itself."""

    name: Literal["wave resume"] = "wave resume"
    wave_id: RolloutId


class WaveAbort(Value):
    """End a wave: what is done stays done, what has not begun never does."""

    name: Literal["wave abort"] = "wave abort"
    wave_id: RolloutId
