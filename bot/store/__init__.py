"""State in Redis: rollouts, errands, locks, holds, slots, due times. Nothing outside this package knows a key."""

from dataclasses import dataclass

from redis import Redis

from bot.store.audit import AuditStore
from bot.store.due import DueStore
from bot.store.errands import ErrandStore
from bot.store.glances import GlanceStore
from bot.store.holds import HoldStore
from bot.store.kept import KeptStore
from bot.store.locks import LockStore
from bot.store.memory import MemoryStore
from bot.store.notices import NoticeStore
from bot.store.numbers import NumberStore
from bot.store.proposals import ProposalStore
from bot.store.rollouts import RolloutStore
from bot.store.slots import SlotStore
from bot.store.standings import StandingStore
from bot.store.versions import VersionStore
from bot.store.viewers import ViewerStore
from bot.store.waves import WaveStore


@dataclass(frozen=True)
class Store:
    """All of it over one connection."""

    connection: Redis
    rollouts: RolloutStore
    errands: ErrandStore
    slots: SlotStore
    due: DueStore
    glances: GlanceStore
    locks: LockStore
    holds: HoldStore
    kept: KeptStore
    memory: MemoryStore
    notices: NoticeStore
    numbers: NumberStore
    proposals: ProposalStore
    viewers: ViewerStore
    audit: AuditStore
    waves: WaveStore
    versions: VersionStore
    standings: StandingStore


def make_store(connection: Redis) -> Store:
    """The store over that connection."""
    return Store(
        connection=connection,
        rollouts=RolloutStore(connection),
        errands=ErrandStore(connection),
        slots=SlotStore(connection),
        due=DueStore(connection),
        glances=GlanceStore(connection),
        locks=LockStore(connection),
        holds=HoldStore(connection),
        kept=KeptStore(connection),
        memory=MemoryStore(connection),
        notices=NoticeStore(connection),
        numbers=NumberStore(connection),
        proposals=ProposalStore(connection),
        viewers=ViewerStore(connection),
        audit=AuditStore(connection),
        waves=WaveStore(connection),
        versions=VersionStore(connection),
        standings=StandingStore(connection),
    )
