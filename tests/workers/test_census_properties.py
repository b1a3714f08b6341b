"""Whatever happens to a fleet, and in whatever order: after a while the census says what a close look says."""

from datetime import timedelta

import pytest
from fakes.estate import EstateEngine, package_of, standing_on
from fakes.records import BEN
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.domain.board import Standing
from bot.domain.endpoint import ApprovalStatus, EndpointStatus
from workers.census import Census

NAMES = [f"e{n}" for n in range(6)]
A_WHILE = 30
"""Rounds of half a minute: longer than ten minutes and a quarter, after which everything was looked at."""

FLEET = "\n".join(
    [
        "version: 1",
        f"defaults: {{region: us-east-1, channel: C0MLDEPLOYS, approval: {{users: [{BEN}]}}}}",
        "manager: {census: 30s}",
        "endpoints:",
        *(f"  {name}: {{model_package_group: g{n % 2}, instance_type: ml.m5.xlarge}}" for n, name in enumerate(NAMES)),
    ]
)


class Account(EstateEngine):
    """Six endpoints of two groups, to which things happen."""

    def __init__(self) -> None:
        versions = [package_of(group, 1) for group in ("g0", "g1")]
        super().__init__(FLEET, {name: versions[n % 2] for n, name in enumerate(NAMES)}, versions)
        self.census = Census(self.world, lambda seconds: None)
        self.serial = 0

    def happens(self, what: str, name: str, group: str) -> None:
        """One thing, to that endpoint or group, if it can happen at all."""
        self.serial += 1
        getattr(self, what)(name if what in ON_ENDPOINTS else group)

    def deleted(self, name: str) -> None:
        self.estate.by_name.pop(name, None)

    def created(self, name: str) -> None:
        if name not in self.estate.by_name:
            self.estate.add(standing_on(self.clock, name, package_of("g0", 1))).moved_at = self.clock()

    def failed(self, name: str) -> None:
        if (endpoint := self.estate.by_name.get(name)) is not None:
            endpoint.status, endpoint.moved_at = EndpointStatus.FAILED, self.clock()

    def moved(self, name: str) -> None:
        if (endpoint := self.estate.by_name.get(name)) is None or endpoint.config not in self.estate.configs:
            return
        there = self.estate.configs[endpoint.config]
        variant = dict(there.variants()[0]) | {"InstanceType": ("ml.m5.large", "ml.m5.xlarge")[self.serial % 2]}
        new = there.model_copy(update={"name": f"by-hand-{self.serial}", "document": {"ProductionVariants": [variant]}})
        self.estate.configs[new.name] = new
        endpoint.config, endpoint.moved_at = new.name, self.clock()

    def config_lost(self, name: str) -> None:
        if (endpoint := self.estate.by_name.get(name)) is not None:
            self.estate.configs.pop(endpoint.config, None)

    def model_lost(self, name: str) -> None:
        self.estate.models.pop(f"{name}-model", None)

    def registered(self, group: str) -> None:
        latest = max(p.version or 0 for p in self.registry.packages if p.group == group)
        self.registry.packages.append(package_of(group, latest + 1))

    def rejected(self, group: str) -> None:
        self.registry.packages = [
            p.model_copy(update={"approval": ApprovalStatus.REJECTED}) if (p.group, p.version) == (group, 1) else p
            for p in self.registry.packages
        ]

    def forgotten(self, _: str) -> None:
        self.redis.flushall()


ON_ENDPOINTS = ("deleted", "created", "failed", "moved", "config_lost", "model_lost")
ON_GROUPS = ("registered", "rejected", "forgotten")


def told(standing: Standing) -> tuple[object, ...]:
    return (standing.endpoint, standing.state, standing.running, standing.newest, standing.drift, standing.outside)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(
        st.tuples(
            st.sampled_from((*ON_ENDPOINTS, *ON_GROUPS)),
            st.sampled_from(NAMES),
            st.sampled_from(("g0", "g1")),
            st.integers(0, 3),
        ),
        max_size=12,
    )
)
@pytest.mark.filterwarnings("error")
def test_after_a_while_the_census_says_what_a_close_look_says(events: list[tuple[str, str, str, int]]) -> None:
    account = Account()
    try:
        account.census.round()
        for what, name, group, rounds in events:
            account.happens(what, name, group)
            for _ in range(rounds):
                account.clock.tick(timedelta(seconds=30))
                account.census.round()
        for _ in range(A_WHILE):
            account.clock.tick(timedelta(seconds=30))
            account.census.round()
        remembered = [told(s) for s in account.census.standings()]
        assert remembered == [told(s) for s in account.census.look_now(NAMES)]
    finally:
        account.close()
