"""Announcements while they may change, and decisions on versions, each audited once."""

import json
from typing import Any

from fakes.clock import NOW

from bot.domain.announcing import Announcement, AnnouncementKind, VersionDecision
from bot.domain.endpoint import ApprovalStatus
from bot.store import Store, keys

SENTIMENT_5 = Announcement(
    kind=AnnouncementKind.PENDING,
    package_arn="arn:sentiment/5",
    label="sentiment version 5",
    lane="own:own sentiment",
    channel_id="C1",
    message_ts="1.1",
    at=NOW,
)
APPROVED = VersionDecision(
    group="sentiment",
    version=5,
    package_arn="arn:sentiment/5",
    approval=ApprovalStatus.APPROVED,
    before=ApprovalStatus.PENDING,
    actor="U0BEN",
    at=NOW,
    reason="better recall",
)


def audited(store: Store) -> list[dict[str, Any]]:
    return [json.loads(fields[b"entry"]) for _, fields in store.connection.xrange(keys.AUDIT)]


def test_an_announcement_is_known_until_it_is_over(store: Store) -> None:
    store.versions.put(SENTIMENT_5)
    elsewhere = SENTIMENT_5.model_copy(update={"channel_id": "C2"})
    store.versions.put(elsewhere)
    assert set(store.versions.announced()) == {SENTIMENT_5, elsewhere}
    store.versions.close(SENTIMENT_5)
    assert store.versions.announced() == (elsewhere,)


def test_a_decision_is_in_the_audit_trail_and_known_to_its_errand(store: Store) -> None:
    assert store.versions.begin("e1")
    assert store.versions.decision("e1") is None
    store.versions.decide("e1", APPROVED)
    assert store.versions.decision("e1") == APPROVED
    (entry,) = audited(store)
    assert entry["caused_by"] == "e1"
    assert entry["version"]["actor"] == "U0BEN"
    assert (entry["version"]["before"], entry["version"]["approval"]) == ("PendingManualApproval", "Approved")


def test_an_errand_sets_out_to_decide_once(store: Store) -> None:
    assert store.versions.begin("e1")
    assert not store.versions.begin("e1")
    assert store.versions.begin("e2")
