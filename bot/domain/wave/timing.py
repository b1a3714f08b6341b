"""How long a wave may take, from what its endpoints took before."""

from datetime import timedelta

from bot.domain.wave.values import Member, Wave


def expected_length(wave: Wave) -> timedelta | None:
    """From its first update to the end of its last watch, with the soaks between; None as long as no endpoint's time is known.

    Endpoints that were never updated count as the mean of the others. Change windows, locks and queues come on top.
    """
    known = [m.expected for m in wave.members if m.expected is not None]
    if not known:
        return None
    mean = sum(known, timedelta(0)) / len(known)
    stages = [_stage_length(stage, wave.at_once, mean) for stage in wave.stages]
    return sum(stages, timedelta(0)) + wave.soak * (len(stages) - 1)


def _stage_length(members: tuple[Member, ...], at_once: int, mean: timedelta) -> timedelta:
    """As long as its fullest place: each member begins where a place gets free first."""
    places = [timedelta(0)] * min(at_once, len(members))
    for member in members:
        places.sort()
        places[0] += member.expected or mean
    return max(places)
