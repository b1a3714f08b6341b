"""Whose fleets CloudWatch tells apart: which endpoints have numbers of their own for each endpoint config."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from bot.domain.signals import latency_metric
from workers.gateways.aws_errors import Subject, translated
from workers.gateways.cloudwatch.asking import NAMESPACE
from workers.gateways.remembering import Remembering

OPERATION = "ListMetrics"

LATENCIES = (latency_metric("realtime"), latency_metric("streaming"))

SHOWN_FOR = timedelta(days=1)
"""A fleet whose numbers were shown once keeps them."""

NOT_SHOWN_FOR = timedelta(minutes=1)
"""CloudWatch lists a new metric up to a quarter of an hour late, so it is asked again."""

PAGES_LIMIT = 20
"""Of 500 fleets each."""


class FleetMetrics:
    """One listing tells it of all endpoints of the account and region, so watching many of them costs no more calls."""

    def __init__(self, client: Any, remembering: Remembering) -> None:
        self._client = client
        self._remembering = remembering

    def knows(self, endpoint: str, config: str) -> bool:
        """Whether the latency of that endpoint's fleet on that config is shown apart from other fleets'.

        Where the role may not list metrics, or CloudWatch does not answer, fleets are told apart by time alone.
        """
        key = f"metrics of {endpoint} on {config}"
        if self._remembering.recall(key) is not None:
            return True
        listed = self._remembering.answer("metrics of single fleets", NOT_SHOWN_FOR, lambda: list(self._list()))
        found = listed is not None and [endpoint, config] in listed
        if found:
            self._remembering.remember(key, json.dumps(True), SHOWN_FOR)
        return found

    def _list(self) -> Iterator[list[str]]:
        """Endpoint and config of each fleet that was active lately."""
        for metric in LATENCIES:
            request = {
                "Namespace": NAMESPACE,
                "MetricName": metric,
                "Dimensions": [{"Name": "EndpointConfigName"}],
                "RecentlyActive": "PT3H",
            }
            token: dict[str, str] = {}
            for _ in range(PAGES_LIMIT):
                with translated(OPERATION, Subject("metrics of endpoint", "configs")):
                    answer = self._client.list_metrics(**request, **token)
                for shown in answer.get("Metrics", ()):
                    dimensions = {d["Name"]: d["Value"] for d in shown.get("Dimensions", ())}
                    if "EndpointName" in dimensions:
                        yield [dimensions["EndpointName"], dimensions["EndpointConfigName"]]
                if not answer.get("NextToken"):
                    break
                token = {"NextToken": answer["NextToken"]}
