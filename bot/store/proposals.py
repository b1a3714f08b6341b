"""What the endpoint manager proposed, so that nobody is asked twice, and which endpoints it has known from the beginning.

After the store was emptied, it may ask again; but it takes no endpoint for newly declared then, and so creates none unasked.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import timedelta

from redis import Redis

from bot.domain.managing.proposals import Proposal
from bot.store import keys
from bot.store.connection import store_errors, text

KEPT = timedelta(days=180)
"""After the last proposal for an endpoint; so long a no is remembered."""


class ProposalStore:
    """One hash for each endpoint, by what the proposals rest on and want."""

    def __init__(self, connection: Redis) -> None:
        self._redis = connection

    def on_each(self, endpoints: Iterable[str]) -> Mapping[str, tuple[Proposal, ...]]:
        """What was proposed for these endpoints, newest first, in one round trip."""
        names = list(endpoints)
        with store_errors(), self._redis.pipeline(transaction=False) as pipe:
            for name in names:
                pipe.hvals(keys.proposals(name))
            rows = pipe.execute()
        return {name: _read(row) for name, row in zip(names, rows, strict=True)}

    def save(self, proposal: Proposal) -> None:
        """Remember it, in place of earlier attempts at the same."""
        key = keys.proposals(proposal.endpoint)
        with store_errors(), self._redis.pipeline() as pipe:
            pipe.hset(key, proposal.signature, proposal.model_dump_json())
            pipe.expire(key, KEPT)
            pipe.execute()

    def newcomers(self, declared: Collection[str], existing: Collection[str]) -> frozenset[str]:
        """Endpoints that were declared since the manager first looked, and that have never existed since.

        Args:
            declared: All endpoints of the fleet file.
            existing: Those of them that exist now.
        """
        with store_errors():
            known = {text(name) for name in self._redis.smembers(keys.DECLARED)}
            if not known:
                self._add(declared)
                return frozenset()
            self._add(set(existing) - known)
            if gone := known - set(declared):
                self._redis.srem(keys.DECLARED, *gone)
        return frozenset(declared) - known - frozenset(existing)

    def _add(self, names: Collection[str]) -> None:
        if names:
            self._redis.sadd(keys.DECLARED, *names)


def _read(documents: Iterable[bytes | str]) -> tuple[Proposal, ...]:
    found = (Proposal.model_validate_json(document) for document in documents)
    return tuple(sorted(found, key=lambda proposal: proposal.at, reverse=True))
