"""What was proposed is remembered for each endpoint, and what is newly declared is told from what was always there."""

from datetime import timedelta

from fakes.clock import NOW
from fakes.records import ENDPOINT
from redis import Redis

from bot.domain.managing import Proposal
from bot.store.proposals import ProposalStore

HOUR = timedelta(hours=1)


def a_proposal(signature: str = "s1", attempt: int = 1, **fields: object) -> Proposal:
    known = {"endpoint": ENDPOINT, "wanted": "w1", "rollout_id": f"r{attempt}", "at": NOW + attempt * HOUR}
    return Proposal.model_validate({**known, "signature": signature, "attempt": attempt, **fields})


def test_proposals_are_told_newest_first_and_a_later_attempt_takes_the_place_of_the_earlier(connection: Redis):
    store = ProposalStore(connection)
    for proposal in (a_proposal(), a_proposal("s2", 3), a_proposal("s1", 2)):
        store.save(proposal)
    assert store.on_each([ENDPOINT, "other"]) == {ENDPOINT: (a_proposal("s2", 3), a_proposal("s1", 2)), "other": ()}


def test_what_is_in_the_file_when_the_manager_first_looks_is_no_newcomer(connection: Redis):
    store = ProposalStore(connection)
    assert store.newcomers({"a", "b"}, {"a"}) == frozenset()
    assert store.newcomers({"a", "b", "c"}, {"a"}) == {"c"}
    assert store.newcomers({"a", "b", "c"}, {"a"}) == {"c"}


def test_what_existed_once_is_no_newcomer_when_it_is_gone(connection: Redis):
    store = ProposalStore(connection)
    store.newcomers({"a"}, {"a"})
    assert store.newcomers({"a", "c"}, {"a", "c"}) == frozenset()
    assert store.newcomers({"a", "c"}, {"a"}) == frozenset()


def test_what_left_the_file_and_comes_again_is_declared_anew(connection: Redis):
    store = ProposalStore(connection)
    store.newcomers({"a", "b"}, {"a"})
    store.newcomers({"a"}, {"a"})
    assert store.newcomers({"a", "b"}, {"a"}) == {"b"}


def test_an_empty_file_makes_nobody_a_newcomer(connection: Redis):
    assert ProposalStore(connection).newcomers(set(), set()) == frozenset()
