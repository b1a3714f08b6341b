"""Which version may follow: the newest that is not held, never one before what runs."""

from typing import Any

from fakes.engine import a_package
from fakes.records import BEN, ENDPOINT, NOW
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.endpoint import ApprovalStatus, ModelPackage
from bot.domain.fleet import EndpointSpec
from bot.domain.hold import Hold, HoldKind
from bot.domain.managing.newest import following

APPROVALS = (ApprovalStatus.APPROVED, ApprovalStatus.REJECTED, ApprovalStatus.PENDING)


def a_spec(**fields: Any) -> EndpointSpec:
    declared = {"name": ENDPOINT, "model_package_group": "sentiment", "approval": {"users": [BEN]}}
    return EndpointSpec.model_validate({**declared, **fields})


def a_hold(number: int, kind: HoldKind = HoldKind.HELD) -> Hold:
    arn = a_package(number).arn
    return Hold(kind=kind, endpoint=ENDPOINT, since=NOW, actor=BEN, reason="worse", package_arn=arn)


def shelf(*numbers: int) -> list[ModelPackage]:
    return [a_package(number) for number in sorted(numbers, reverse=True)]


def chosen(
    versions: list[ModelPackage], running: int | None, *held: int, serves: bool = True
) -> tuple[int | None, list[int | None]]:
    arn = a_package(running).arn if running is not None else None
    found = following(a_spec(), versions, [a_hold(n) for n in held], arn, serves=serves)
    return (found.package.version if found.package else None), [p.version for p in found.passed_over]


def test_the_newest_approved_one_follows() -> None:
    assert chosen([a_package(6, ApprovalStatus.PENDING), *shelf(3, 4, 5)], 3) == (5, [])


def test_where_the_newest_is_held_the_next_one_that_comes_after_what_runs_follows() -> None:
    assert chosen(shelf(3, 4, 5), 3, 5) == (4, [5])
    assert chosen(shelf(3, 4, 5, 6), 3, 5, 6) == (4, [6, 5])


def test_nothing_goes_down_because_of_a_hold() -> None:
    assert chosen(shelf(3, 4, 5), 4, 5) == (5, [])  # which is HELD, and stays on 4
    assert chosen(shelf(2, 3), 4, 3) == (3, [])


def test_what_runs_is_not_left_because_it_is_held() -> None:
    assert chosen(shelf(3, 4), 4, 4) == (4, [])


def test_where_nothing_is_known_to_run_no_older_version_is_taken_for_newer() -> None:
    assert chosen(shelf(3, 4), None, 4) == (4, [])


def test_where_nothing_serves_the_newest_that_is_not_held_may_be_created() -> None:
    assert chosen(shelf(3, 4), None, 4, serves=False) == (3, [4])
    assert chosen(shelf(3, 4), 4, 4, serves=False) == (3, [4])


def test_a_person_who_holds_the_endpoint_holds_every_version() -> None:
    all_of_it = Hold(kind=HoldKind.BY_PERSON, endpoint=ENDPOINT, since=NOW, actor=BEN, reason="load test")
    found = following(a_spec(), shelf(3, 4, 5), [all_of_it], a_package(3).arn, serves=True)
    assert found.package is not None
    assert (found.package.version, found.passed_over) == (5, ())


def test_on_a_track_it_is_the_same() -> None:
    arns = [f"arn:aws:sagemaker:us-east-1:865070037744:model-package/stt-v{n}" for n in (1, 2, 3)]
    spec = a_spec(model_package_group=None, track=arns)
    packages = [a_package(n).model_copy(update={"arn": arn, "approval": None}) for n, arn in enumerate(arns, 1)]
    hold = a_hold(3).model_copy(update={"package_arn": arns[2]})
    found = following(spec, packages[::-1], [hold], arns[0], serves=True)
    assert found.package is not None
    assert found.package.arn == arns[1]


@given(
    approvals=st.lists(st.sampled_from(APPROVALS), min_size=1, max_size=7),
    held=st.sets(st.integers(1, 7)),
    running=st.integers(1, 7) | st.none(),
)
def test_no_good_one_is_missed_and_nothing_goes_down(
    approvals: list[ApprovalStatus], held: set[int], running: int | None
) -> None:
    versions = [a_package(n, approval) for n, approval in enumerate(approvals, start=1)][::-1]
    found, passed_over = chosen(versions, running, *held)
    approved = {n for n, approval in enumerate(approvals, start=1) if approval is ApprovalStatus.APPROVED}
    newest = max(approved, default=None)
    good = {n for n in approved - held if running is not None and n > running}
    if good:
        assert found == max(good)
    else:
        assert found in (newest, running)
    assert all(n in held for n in passed_over)
