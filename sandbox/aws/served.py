"""What one part of the fleet served: which requests, how slowly, and which of them failed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from .demand import Block, Floats
from .traffic import Part, Profile, Spell, Traits

Mask = npt.NDArray[np.bool_]
Chosen = slice | npt.NDArray[np.intp]
USUAL_CLIENT_ERRORS = 0.002


@dataclass(frozen=True)
class Served:
    """The requests of a block that one part served within a stretch of time."""

    block: Block
    chosen: Chosen
    part: Part
    profile: Profile
    spells: list[Spell]
    since: float
    """The epoch second at which the part's fleet first took traffic."""

    @property
    def seconds(self) -> Floats:
        return self.block.seconds[self.chosen]

    @property
    def luck(self) -> Floats:
        return self.block.luck[self.chosen]

    @property
    def spare(self) -> Floats:
        return self.block.spare[self.chosen]

    @property
    def speed(self) -> Floats:
        return self.block.speed[self.chosen]

    @property
    def latency_us(self) -> Floats:
        latency = self.profile.latency_us * np.exp(self.profile.spread * self.speed) * self.block.mood[self.chosen]
        latency *= self._slowness(self.part.traits, self.since)
        for spell in self.spells:
            inside = within(spell, self.seconds)
            latency[inside] *= self._slowness(spell.traits, spell.since.timestamp())[inside]
        return np.asarray(latency)

    @property
    def set_up_factor(self) -> Floats:
        """How much longer than usual its cold starts take."""
        factor = np.full(self.seconds.size, self.part.traits.set_up_factor)
        for spell in self.spells:
            factor[within(spell, self.seconds)] *= spell.traits.set_up_factor
        return factor

    @property
    def failure_ratio(self) -> Floats:
        return self._share("error_ratio")

    @property
    def client_error_ratio(self) -> Floats:
        return USUAL_CLIENT_ERRORS + self._share("client_error_ratio")

    def _share(self, trait: str) -> Floats:
        ratio = np.full(self.seconds.size, getattr(self.part.traits, trait))
        for spell in self.spells:
            ratio[within(spell, self.seconds)] += getattr(spell.traits, trait)
        return ratio

    def _slowness(self, traits: Traits, since: float) -> Floats:
        """The factor on each request's latency that traits bring along which hold since an instant."""
        factor = np.full(self.seconds.size, traits.latency_factor)
        if traits.ramp_seconds:
            grown = np.clip((self.seconds - since) / traits.ramp_seconds, 0.0, 1.0)
            factor = 1.0 + (traits.latency_factor - 1.0) * grown
        if traits.tail_factor != 1.0:
            factor[self.speed > NormalDist().inv_cdf(1.0 - traits.tail_share)] *= traits.tail_factor
        if traits.swing:
            factor *= np.exp(traits.swing * self.block.whim(traits.swing_seconds)[self.chosen])
        return factor


def within(spell: Spell, seconds: Floats) -> Mask:
    """Which of these epoch seconds a spell lies over."""
    until = spell.until or datetime.max.replace(tzinfo=UTC) - timedelta(days=1)
    return (seconds >= spell.since.timestamp()) & (seconds < until.timestamp())


def choose(block: Block, first: float, last: float, part: Part, spells: list[Spell]) -> Chosen:
    """Which requests of the block a part served in [first, last); a slice where no single one must be looked at."""
    low, high = np.searchsorted(block.seconds, [first, last])
    stretch = slice(int(low), int(high))
    if (part.low, part.high) == (0.0, 1.0) and all(spell.demand >= 1.0 for spell in spells):
        return stretch
    route = block.route[stretch]
    keep = (route >= part.low) & (route < part.high)
    for spell in spells:
        keep &= ~within(spell, block.seconds[stretch]) | (block.spare[stretch] < spell.demand)
    return np.flatnonzero(keep) + stretch.start
