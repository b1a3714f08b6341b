"""The census of several accounts, one of which does not let the bot in: it keeps nobody from the others."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from fakes.counted import NAMES, CountedFleet, fleet_of
from fakes.estate import package_of

from bot.domain.endpoint import ApprovalStatus
from bot.domain.errors import AccessDenied, TransientError
from bot.domain.fleet import EndpointSpec
from bot.domain.states import BoardState
from workers.census import Census
from workers.versions import watch_of_registry
from workers.world import Aws

OPEN, REFUSED = NAMES[:2]
ROLE = "arn:aws:iam::210987654321:role/endpoint-bot"
DENIED = AccessDenied(operation="AssumeRole", code="AccessDenied")
SILENT = TransientError("AssumeRole", "no answer")


class TwoAccounts(CountedFleet):
    """One endpoint in the own account, and one under a role that may be refused."""

    def __init__(self) -> None:
        own, _, far = fleet_of([OPEN, REFUSED]).rpartition("}")[0].rpartition("group-1")
        super().__init__(f"{own}group-1, role_to_assume: '{ROLE}'{far}}}\n")
        self.refusal: AccessDenied | TransientError | None = None
        let_in = self.world.aws

        def aws(spec: EndpointSpec) -> Aws:
            if spec.role_to_assume is not None and self.refusal is not None:
                raise self.refusal
            return let_in(spec)

        self.world = replace(self.world, aws=aws)
        self.census = Census(self.world, self._wait)


@pytest.fixture
def fleet() -> Iterator[TwoAccounts]:
    made = TwoAccounts()
    yield made
    made.close()


@pytest.mark.parametrize("refusal", [DENIED, SILENT])
def test_an_account_that_lets_nobody_in_hides_no_other(
    fleet: TwoAccounts, refusal: AccessDenied | TransientError
) -> None:
    fleet.refusal = refusal
    shown = {s.endpoint: s for s in fleet.census.standings()}
    assert shown[OPEN].state is BoardState.UP_TO_DATE
    assert (shown[REFUSED].state, shown[REFUSED].problem) == (BoardState.UNKNOWN, refusal.user_message)


def test_an_account_that_lets_nobody_in_does_not_end_the_round(fleet: TwoAccounts) -> None:
    fleet.refusal = DENIED
    assert fleet.round()["describe"] == 1
    fleet.refusal = None
    assert fleet.passes().round()["describe"] == 1
    assert {s.state for s in fleet.census.standings()} == {BoardState.UP_TO_DATE}


def test_of_a_refused_endpoint_that_is_asked_about_the_reason_is_told(fleet: TwoAccounts) -> None:
    fleet.round()
    fleet.refusal = DENIED
    shown = {s.endpoint: s for s in fleet.census.look_now([OPEN, REFUSED])}
    assert shown[OPEN].state is BoardState.UP_TO_DATE
    assert (shown[REFUSED].state, shown[REFUSED].problem) == (BoardState.UNKNOWN, DENIED.user_message)


def test_what_was_seen_before_an_account_closed_is_believed_for_a_while(fleet: TwoAccounts) -> None:
    fleet.round()
    fleet.refusal = DENIED
    fleet.passes(60).round()
    assert fleet.state(REFUSED) is BoardState.UP_TO_DATE
    fleet.passes(3600)
    assert (fleet.state(OPEN), fleet.state(REFUSED)) == (BoardState.UP_TO_DATE, BoardState.UNKNOWN)


def test_versions_are_announced_and_alarms_raised_although_one_account_lets_nobody_in(fleet: TwoAccounts) -> None:
    fleet.refusal = DENIED
    fleet.registry.packages = [
        package_of("group-0", 2, ApprovalStatus.PENDING),
        package_of("group-0", 1, ApprovalStatus.REJECTED),
    ]
    watch_of_registry(fleet.world, fleet.census).round()
    told = [posted.words for posted in fleet.slack.posted]
    assert any("group-0 version 2" in text for text in told)
    assert any("no longer approved" in text for text in told)
