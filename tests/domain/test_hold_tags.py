"""Holds written as tags and read back."""

import re
from datetime import timedelta

from fakes.clock import NOW
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.hold import Hold, HoldKind
from bot.domain.hold_tags import MOST_HOLDS, holds_in, tags_of

ARN = "arn:aws:sagemaker:us-east-1:123456789012:model-package/sentiment/4"
LEGAL = re.compile(r"[\w\s.:/=+\-@]*")


def hold(**fields: object) -> Hold:
    made = {
        "kind": HoldKind.HELD,
        "endpoint": "e",
        "since": NOW,
        "actor": "bot",
        "reason": "p99 rose",
        "package_arn": ARN,
    }
    return Hold.model_validate({**made, "rank": 4, "label": "sentiment version 4", "rollout_id": "r1", **fields})


HOLDS = [
    hold(),
    hold(kind=HoldKind.QUARANTINED, actor="aws", package_arn=None, content_hash="ab" * 32, rank=None, rollout_id=None),
    hold(kind=HoldKind.BY_PERSON, actor="U0ANNA", package_arn=None, rank=None, label="", reason="customer tests"),
    hold(package_arn=f"{ARN}2", rollout_id=None, wave_id="wfty42xs", reason="Wave wfty42xs stopped at intent-us."),
]


def test_holds_are_read_back_as_they_were():
    found = holds_in("e", tags_of(HOLDS))
    assert all(each.restored for each in found)
    assert {each.model_copy(update={"restored": False}) for each in found} == set(HOLDS)


def test_a_whole_endpoint_is_kept_before_single_versions():
    many = [hold(package_arn=f"{ARN}{n}", since=NOW + timedelta(hours=n)) for n in range(9)]
    kept = holds_in("e", tags_of([*many, HOLDS[2]]))
    assert len(kept) == MOST_HOLDS
    assert HOLDS[2].model_copy(update={"restored": True}) in kept
    assert {h.since for h in kept} - {NOW} == {NOW + timedelta(hours=n) for n in (8, 7, 6)}


@given(st.text(), st.text(max_size=30), st.text(max_size=300))
def test_whatever_people_write_makes_legal_tags_that_tell_the_same_version(reason: str, actor: str, label: str):
    tags = tags_of([hold(reason=reason, actor=actor, label=label)])
    assert all(LEGAL.fullmatch(value) and len(value) <= 256 for value in tags.values())
    (found,) = holds_in("e", tags)
    assert (found.kind, found.package_arn, found.rank, found.since) == (HoldKind.HELD, ARN, 4, NOW)


def test_what_people_and_the_judge_wrote_is_read_back_letter_by_letter():
    reason = "24 % of the requests failed (6 of 25); p99 85 → 131 ms, limit = 5 %_ “bad”"
    (found,) = holds_in("e", tags_of([hold(reason=reason, label="sentiment (fr) version 4")]))
    assert (found.reason, found.label) == (reason, "sentiment (fr) version 4")


@given(st.integers(0, 300))
def test_a_reason_that_is_too_long_is_cut_between_letters(length: int):
    reason = "x" * length + "%→%→%→" * 20
    (found,) = holds_in("e", tags_of([hold(reason=reason)]))
    assert reason.startswith(found.reason)


@given(st.dictionaries(st.sampled_from([*tags_of(HOLDS), "rollout:hold:", "team"]), st.text(max_size=80)))
def test_tags_that_somebody_else_wrote_are_no_holds_and_no_errors(tags: dict[str, str]):
    assert all(found.subject or found.kind is HoldKind.BY_PERSON for found in holds_in("e", tags))


def test_other_tags_are_left_out():
    assert holds_in("e", {"team": "nlp", "rollout:id": "r1"}) == ()
