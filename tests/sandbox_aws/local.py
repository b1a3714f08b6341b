"""The stand-in inside this process, with a clock that tests move: for lifecycles that take minutes."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sandbox.aws.calls import LoggedCall
from sandbox.aws.clock import ManualClock
from sandbox.aws.errors import AwsError
from sandbox.aws.server import StandIn
from sandbox.aws.wire import WireRequest, guess_protocol, service_models
from sandbox.aws.world import Settings

NOON = datetime(2026, 11, 18, 12, 0, 0, tzinfo=UTC)
ALL_TRAFFIC = "AllTraffic"


class LocalAws:
    """Asks operations directly; everything but HTTP itself is the real thing, checks of both shapes included."""

    def __init__(self, **settings: Any) -> None:
        self.clock = ManualClock(NOON)
        self.stand_in = StandIn(Settings(**settings), self.clock)

    def ask(
        self, operation: str, service: str = "sagemaker", region: str = "us-east-1", **params: Any
    ) -> dict[str, Any]:
        model = service_models()[service].operation_model(operation)
        protocol = guess_protocol("/", {"X-Amz-Target": "any"})
        request = WireRequest(service, model, protocol, "AKIATEST", region, params)
        entry = LoggedCall(0, self.clock.now(), service, operation, "", region, params)
        return self.stand_in.execute(request, entry)

    def refusal(self, operation: str, service: str = "sagemaker", **params: Any) -> AwsError:
        """The error that an operation answers; it is a failure of the test if it answers none."""
        try:
            answer = self.ask(operation, service, **params)
        except AwsError as error:
            return error
        raise AssertionError(f"{operation} was accepted: {answer}")

    def describe(self, name: str = "sentiment-prod") -> dict[str, Any]:
        return self.ask("DescribeEndpoint", EndpointName=name)

    def new_config(self, name: str = "sentiment-prod", config: str = "next", **changes: Any) -> str:
        """A config like that of an endpoint, its first variant changed."""
        current = self.ask("DescribeEndpointConfig", EndpointConfigName=self.describe(name)["EndpointConfigName"])
        variant = current["ProductionVariants"][0] | changes
        self.ask("CreateEndpointConfig", EndpointConfigName=config, ProductionVariants=[variant])
        return config

    def update(self, name: str = "sentiment-prod", config: str = "next", **more: Any) -> None:
        """Start an update to a new config that equals the current one."""
        self.new_config(name, config)
        self.ask("UpdateEndpoint", EndpointName=name, EndpointConfigName=config, **more)

    def scenario(
        self, name: str, endpoint: str | None = "sentiment-prod", when: str | None = None, **params: Any
    ) -> None:
        self.stand_in.world.scenarios.switch_on(name, endpoint, when, params)

    def until_settled(self, name: str = "sentiment-prod", limit: float = 7200) -> list[dict[str, Any]]:
        """Every fifth second of an activity, as DescribeEndpoint showed it, the settled state last."""
        shown = []
        for _ in range(int(limit // 5)):
            shown.append(self.describe(name))
            if shown[-1]["EndpointStatus"] not in {"Creating", "Updating", "SystemUpdating"}:
                return shown
            self.clock.advance(5)
        raise AssertionError(f"{name} is still {shown[-1]['EndpointStatus']} after {limit} s")
