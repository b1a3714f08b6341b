"""Rollouts in Redis: compare-and-set, the endpoint lease, what a commit writes besides the record."""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from fakes.clock import NOW
from fakes.records import ANNA, BEN, CARL, ENDPOINT, TARGET, WATCH, a_call, approved_by, at, opened, rollback_at

from bot.domain.errors import EndpointBusy, RevisionConflict
from bot.domain.phases import ACTIVE_PHASES, Kind, Phase, Reason
from bot.domain.rollout import Rollout
from bot.domain.rollout_parts import Abort, ApprovalChoice, ApprovalDecision, Thread
from bot.domain.watchplan import Acceptance, Extension
from bot.store import Store, keys
from bot.store.keys import Due
from bot.store.leases import LEASED_PHASES, holds_endpoint
from bot.store.rollouts import Stored, Write

SOON = NOW + timedelta(seconds=5)


def put(store: Store, *rollouts: Rollout, due: datetime | None = SOON) -> Sequence[Stored]:
    return store.rollouts.commit([Write(r, 0, due) for r in rollouts], NOW)


def due_times(store: Store, kind: Due = Due.TICKS) -> dict[str, float]:
    return {id.decode(): score for id, score in store.connection.zrange(keys.due(kind), 0, -1, withscores=True)}


def test_what_was_committed_is_loaded_with_its_revision(store: Store) -> None:
    (stored,) = put(store, opened())
    assert stored.revision == 1
    loaded = store.rollouts.load("rabc2345")
    assert loaded is not None
    assert (loaded.rollout, loaded.revision, loaded.news) == (opened(), 1, 1)
    assert store.rollouts.load("runknown") is None


def test_of_two_writers_one_wins(store: Store) -> None:
    (stored,) = put(store, opened())
    ours = stored.rollout.to(Phase.BLOCKED, Reason.PREFLIGHT_BLOCKED, NOW, "bot")
    theirs = stored.rollout.to(Phase.CANCELLED, Reason.CANCELLED_BY_PERSON, NOW, BEN)
    store.rollouts.commit([Write(theirs, stored.revision)], NOW)
    with pytest.raises(RevisionConflict, match="at revision 2, not 1"):
        store.rollouts.commit([Write(ours, stored.revision)], NOW)
    loaded = store.rollouts.load("rabc2345")
    assert loaded is not None
    assert loaded.rollout == theirs


def test_a_write_between_look_and_transaction_is_a_conflict(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    (stored,) = put(store, opened())
    look = store.rollouts._next_lease

    def meddled(*args: object) -> object:
        store.connection.hset(keys.rollout("rabc2345"), "revision", 7)
        return look(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(store.rollouts, "_next_lease", meddled)
    with pytest.raises(RevisionConflict, match="written meanwhile"):
        store.rollouts.commit([Write(stored.rollout, stored.revision)], NOW)


def test_a_new_rollout_is_opened_only_once(store: Store) -> None:
    put(store, opened())
    with pytest.raises(RevisionConflict):
        put(store, opened())


def test_all_writes_of_a_commit_happen_or_none(store: Store) -> None:
    put(store, opened())
    other = opened(id="rother22")
    with pytest.raises(RevisionConflict):
        store.rollouts.commit([Write(other, 0), Write(opened(), 0)], NOW)
    assert store.rollouts.load("rother22") is None


def test_a_claim_bumps_the_revision_so_that_a_second_one_is_stale(store: Store) -> None:
    put(store, opened())
    until = NOW + timedelta(seconds=10)
    claimed = store.rollouts.claim("rabc2345", 1, until=until)
    assert claimed is not None
    assert claimed.revision == 2
    assert due_times(store) == {"rabc2345": until.timestamp()}
    assert store.rollouts.claim("rabc2345", 1, until=until) is None
    assert store.rollouts.claim("runknown", 1, until=until) is None


def test_an_ended_rollout_cannot_be_claimed(store: Store) -> None:
    put(store, at(Phase.REJECTED))
    assert store.rollouts.claim("rabc2345", 1, until=NOW) is None


def test_the_fence_falls_when_somebody_else_writes(store: Store) -> None:
    (stored,) = put(store, opened())
    assert store.rollouts.still_holds(stored)
    store.rollouts.claim("rabc2345", 1, until=NOW)
    assert not store.rollouts.still_holds(stored)
    assert not store.rollouts.still_holds(Stored(opened(id="runknown"), 1))


@pytest.mark.parametrize("phase", list(Phase))
def test_the_lease_is_held_exactly_while_the_endpoint_may_be_touched(store: Store, phase: Phase) -> None:
    rollout = at(phase, child_id=None)
    put(store, rollout)
    held = store.rollouts.lease_of(ENDPOINT)
    assert (held is not None) is (phase in LEASED_PHASES)
    assert holds_endpoint(rollout) is (phase in LEASED_PHASES)


@pytest.mark.parametrize("end", [p for p in Phase if p not in ACTIVE_PHASES])
def test_every_end_frees_the_endpoint_and_leaves_nothing_due(store: Store, end: Phase) -> None:
    (stored,) = put(store, at(Phase.UPDATING))
    ended = at(end)
    store.rollouts.commit([Write(ended, stored.revision, SOON)], NOW)
    assert store.rollouts.lease_of(ENDPOINT) is None
    assert due_times(store) == {}
    assert store.rollouts.active() == ()
    store.rollouts.refuse_if_busy(ENDPOINT)


def test_a_second_change_reads_who_holds_the_endpoint(store: Store) -> None:
    put(store, at(Phase.WATCHING))
    with pytest.raises(EndpointBusy) as busy:
        put(store, at(Phase.PREPARING, id="rother22", requester=BEN))
    assert (busy.value.rollout_id, busy.value.requester, busy.value.state) == ("rabc2345", ANNA, "watching")
    assert busy.value.since == NOW
    assert store.rollouts.load("rother22") is None
    with pytest.raises(EndpointBusy):
        store.rollouts.refuse_if_busy(ENDPOINT)


def test_two_plans_may_wait_for_one_endpoint(store: Store) -> None:
    put(store, at(Phase.AWAITING_APPROVAL), at(Phase.AWAITING_APPROVAL, id="rother22"))
    assert [s.rollout.id for s in store.rollouts.active(ENDPOINT)] == ["rabc2345", "rother22"]


def test_the_lease_is_kept_from_phase_to_phase(store: Store) -> None:
    (stored,) = put(store, at(Phase.UPDATING))
    before = store.rollouts.lease_of(ENDPOINT)
    store.rollouts.commit([Write(at(Phase.WATCHING), stored.revision, SOON)], SOON)
    assert store.rollouts.lease_of(ENDPOINT) == before


def test_the_rollback_takes_the_lease_from_what_it_undoes(store: Store) -> None:
    (stored,) = put(store, at(Phase.WATCHING))
    before = store.rollouts.lease_of(ENDPOINT)
    parent = stored.rollout.to(Phase.ROLLING_BACK, Reason.ROLLBACK_REQUESTED, NOW, BEN, child_id="rchild22")
    child = opened(Kind.ROLLBACK, id="rchild22", approval_needed=False, requester=BEN)
    store.rollouts.commit([Write(parent, stored.revision, SOON), Write(child, 0, SOON)], NOW)
    after = store.rollouts.lease_of(ENDPOINT)
    assert before is not None
    assert after is not None
    assert (after.rollout_id, after.owner) == ("rchild22", BEN)
    assert after.fence > before.fence


def test_a_rollback_that_waits_for_approval_holds_nothing_yet(store: Store) -> None:
    put(store, opened(Kind.ROLLBACK), rollback_at(Phase.AWAITING_APPROVAL))
    assert store.rollouts.lease_of(ENDPOINT) is None


def test_the_parents_end_does_not_free_what_the_rollback_holds(store: Store) -> None:
    parent, child = put(store, at(Phase.ROLLING_BACK), rollback_at(Phase.ROLLING_BACK))
    store.rollouts.commit([Write(at(Phase.NEEDS_HUMAN), parent.revision)], NOW)
    held = store.rollouts.lease_of(ENDPOINT)
    assert held is not None
    assert held.rollout_id == child.rollout.id


def test_only_what_can_go_on_is_due(store: Store) -> None:
    put(store, opened(), due=None)
    assert due_times(store) == {}


def test_news_are_due_at_once_for_a_new_phase_and_gathered_for_a_detail(store: Store) -> None:
    (stored,) = put(store, at(Phase.UPDATING))
    assert due_times(store, Due.TELLS) == {"rabc2345": NOW.timestamp()}
    store.due.settle_tell("rabc2345", 1, NOW)
    (again,) = store.rollouts.commit([Write(stored.rollout.with_(models_created=False), stored.revision, SOON)], NOW)
    assert due_times(store, Due.TELLS) == {"rabc2345": NOW.timestamp() + 2}
    store.rollouts.commit([Write(at(Phase.WATCHING), again.revision, SOON)], NOW)
    assert due_times(store, Due.TELLS) == {"rabc2345": NOW.timestamp()}


def test_a_commit_without_news_makes_nothing_due_to_tell(store: Store) -> None:
    (stored,) = put(store, opened())
    store.due.settle_tell("rabc2345", 1, NOW)
    store.rollouts.commit([Write(stored.rollout, stored.revision, SOON)], NOW)
    assert due_times(store, Due.TELLS) == {}


def audited(store: Store) -> list[dict[str, Any]]:
    return [json.loads(fields[b"entry"]) for _, fields in store.connection.xrange(keys.AUDIT)]


def test_every_decision_is_in_the_audit_trail_and_again_when_its_reason_is_given(store: Store) -> None:
    (stored,) = put(store, at(Phase.AWAITING_APPROVAL, quorum=2))
    (stored,) = store.rollouts.commit([Write(stored.rollout.with_(approvals=approved_by(BEN)), 1, SOON)], NOW)
    no = ApprovalDecision(actor=CARL, choice=ApprovalChoice.REJECT, at=NOW)
    rejected = stored.rollout.with_(approvals=(*stored.rollout.approvals, no))
    (stored,) = store.rollouts.commit([Write(rejected, 2)], NOW)
    why = no.model_copy(update={"reason": "too risky today"})
    store.rollouts.commit([Write(rejected.with_(approvals=(rejected.approvals[0], why)), 3)], NOW)
    decisions = [entry["decision"] for entry in audited(store) if "decision" in entry]
    assert [(d["actor"], d["choice"], d["reason"]) for d in decisions] == [
        (BEN, "approve", ""),
        (CARL, "reject", ""),
        (CARL, "reject", "too risky today"),
    ]


def test_who_aborted_and_who_queued_a_rollback_is_in_the_audit_trail_once(store: Store) -> None:
    (stored,) = put(store, at(Phase.UPDATING))
    stopped = stored.rollout.with_(abort=Abort(actor=BEN, at=NOW), rollback_queued_by=CARL)
    (stored,) = store.rollouts.commit([Write(stopped, stored.revision, SOON)], NOW)
    store.rollouts.commit([Write(stopped.with_(models_created=False), stored.revision, SOON)], NOW)
    told = [{k: v for k, v in entry.items() if k.endswith("_by")} for entry in audited(store)]
    assert [t for t in told if "aborted_by" in t or "rollback_queued_by" in t] == [
        {"aborted_by": BEN},
        {"rollback_queued_by": CARL},
    ]


def test_longer_watches_and_acceptances_are_in_the_audit_trail_once_and_again_with_a_reason(store: Store) -> None:
    (stored,) = put(store, at(Phase.WATCHING))
    longer = stored.rollout.with_(extensions=(Extension(actor=BEN, at=NOW, by=WATCH.duration),))
    accepted = longer.with_(acceptance=Acceptance(actor=CARL, at=NOW))
    explained = accepted.with_(acceptance=Acceptance(actor=CARL, at=NOW, reason="known"))
    for rollout in (longer, accepted, accepted.with_(worse_looks=1), explained):
        (stored,) = store.rollouts.commit([Write(rollout, stored.revision, SOON)], NOW)
    entries = [entry for entry in audited(store) if "watch_extended" in entry or "accepted" in entry]
    assert [(e.get("watch_extended") or e["accepted"])["actor"] for e in entries] == [BEN, CARL, CARL]
    assert [e["accepted"]["reason"] for e in entries if "accepted" in e] == ["", "known"]


def test_every_transition_is_in_the_audit_trail_once(store: Store) -> None:
    (stored,) = put(store, at(Phase.PREPARING))
    store.rollouts.commit([Write(at(Phase.UPDATING), stored.revision, SOON)], NOW)
    entries = [entry for entry in audited(store) if "phase" in entry]
    assert [e["phase"] for e in entries] == ["planning", "awaiting_approval", "preparing", "updating"]
    assert entries[2] == {
        "rollout": "rabc2345",
        "endpoint": ENDPOINT,
        "phase": "preparing",
        "reason": "approved",
        "at": "2026-11-22T08:00:00Z",
        "actor": BEN,
        "note": "",
        "caused_by": "",
    }


def test_past_updates_tell_how_long_the_next_may_take(store: Store) -> None:
    for minutes in (10, 12):
        rollout = at(Phase.UPDATING, id=f"r{minutes}")
        (stored,) = put(store, rollout)
        landed = rollout.to(Phase.WATCHING, Reason.LANDED, NOW, "bot", cutover_at=NOW + timedelta(minutes=minutes))
        (watched,) = store.rollouts.commit([Write(landed, stored.revision, SOON)], NOW)
        over = watched.rollout.to(Phase.SUCCEEDED, Reason.WATCH_OVER, NOW, "bot")
        store.rollouts.commit([Write(over, watched.revision)], NOW)
    assert store.rollouts.past_durations(ENDPOINT) == (timedelta(minutes=12), timedelta(minutes=10))
    assert store.rollouts.past_durations("other") == ()


def test_an_endpoint_that_was_there_already_teaches_nothing_about_durations(store: Store) -> None:
    rollout = at(Phase.UPDATING, update=a_call(config=TARGET))
    (stored,) = put(store, rollout)
    landed = rollout.to(Phase.WATCHING, Reason.LANDED, NOW, "bot", cutover_at=NOW)
    store.rollouts.commit([Write(landed, stored.revision, SOON)], NOW)
    assert store.rollouts.past_durations(ENDPOINT) == ()


def test_history_is_newest_first_and_by_endpoint(store: Store) -> None:
    old = opened(id="rold2345", now=NOW - timedelta(days=1))
    other = opened(id="rother22", endpoint="stt-prod", now=NOW - timedelta(hours=1))
    put(store, old)
    put(store, other)
    put(store, opened())
    assert [r.id for r in store.rollouts.recent()] == ["rabc2345", "rother22", "rold2345"]
    assert [r.id for r in store.rollouts.recent(ENDPOINT)] == ["rabc2345", "rold2345"]
    assert [r.id for r in store.rollouts.recent(limit=1)] == ["rabc2345"]
    assert store.rollouts.count_active() == 3


def test_a_rollout_is_found_by_its_thread(store: Store) -> None:
    put(store, opened())
    found = store.rollouts.in_thread("C0MLDEPLOYS", "1.000100")
    assert found is not None
    assert found.id == "rabc2345"
    assert store.rollouts.in_thread("C0MLDEPLOYS", "9.9") is None


def test_a_rollback_in_its_parents_thread_does_not_take_the_thread_over(store: Store) -> None:
    put(store, at(Phase.ROLLING_BACK))
    put(store, rollback_at(Phase.ROLLING_BACK, in_parent_thread=True))
    found = store.rollouts.in_thread("C0MLDEPLOYS", "1.000100")
    assert found is not None
    assert found.id == "rabc2345"


def test_the_root_cards_place_is_remembered_beside_the_revision(store: Store) -> None:
    (stored,) = put(store, opened(thread=Thread(channel_id="C1")))
    store.rollouts.set_thread(stored.rollout, "5.5")
    blocked = stored.rollout.to(Phase.BLOCKED, Reason.PREFLIGHT_BLOCKED, NOW, "bot")
    store.rollouts.commit([Write(blocked, stored.revision)], NOW)
    loaded = store.rollouts.load("rabc2345")
    assert loaded is not None
    assert loaded.rollout.thread == Thread(channel_id="C1", thread_ts="5.5")
    found = store.rollouts.in_thread("C1", "5.5")
    assert found is not None
    assert found.phase is Phase.BLOCKED
