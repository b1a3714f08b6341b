"""A small client of the control API, for tests and stories. Synchronous, standard library only."""

from __future__ import annotations

import json
import time
from typing import Any
from urllib.error import HTTPError
from urllib.parse import quote, urlencode
from urllib.request import Request, urlopen


class DriverError(Exception):
    """The stand-in refused what was asked of it."""


class AwsDriver:
    """Steers a running AWS stand-in and looks behind its curtain.

    Args:
        url: The stand-in's address, as its first line of output names it.
    """

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")

    def calls(self, operation: str | None = None) -> list[dict[str, Any]]:
        """Requests so far, oldest first, each with operation, parameters, at, outcome, status, executed and fault.

        `executed` tells whether the effect took place, whatever the client was told.
        """
        query = f"?{urlencode({'operation': operation})}" if operation else ""
        return list(self._ask("GET", f"/sandbox/calls{query}")["calls"])

    def scenario(
        self, name: str, endpoint: str | None = None, when: str | None = None, **params: Any
    ) -> dict[str, Any]:
        """Switch on a scenario (see :meth:`scenarios`) for one endpoint or all.

        Args:
            name: For instance `slower-version`.
            endpoint: None means every endpoint; events need one.
            when: `next-update` (used up by the next UpdateEndpoint; the default for what shapes updates) or `always`.
            **params: The scenario's own parameters, such as `factor`.
        """
        return self._ask(
            "POST", "/sandbox/scenario", {"name": name, "endpoint": endpoint, "when": when, "params": params}
        )

    def scenarios(self) -> dict[str, Any]:
        """The scenarios there are (`available`, with descriptions) and those that are on (`active`)."""
        return self._ask("GET", "/sandbox/scenarios")

    def clear_scenarios(self) -> None:
        """Switch every scenario off. What already happened stays as it is."""
        self._ask("DELETE", "/sandbox/scenario")

    def fault(self, operation: str, kind: str, times: int = 1, seconds: float | None = None) -> dict[str, Any]:
        """Let the next requests of an operation (`*`: of any) meet a fault.

        Args:
            operation: For instance `UpdateEndpoint`.
            kind: throttle, error-before, error-after, timeout-before, timeout-after, access-denied, slow,
                pause-before or pause-after. "before" means that the request is never executed (after a pause: only if
                the client still waits), "after" that it was executed and only its answer suffers.
            times: How many requests are hit.
            seconds: How long a timeout holds the connection, or how slow a slow answer is.
        """
        asked = {"operation": operation, "kind": kind, "times": times, "seconds": seconds}
        return self._ask("POST", "/sandbox/faults", asked)

    def faults(self) -> dict[str, Any]:
        """The kinds of faults, those waiting for a request, and the requests that are held."""
        return self._ask("GET", "/sandbox/faults")

    def clear_faults(self) -> None:
        """Forget the waiting faults and release whatever is held."""
        self._ask("DELETE", "/sandbox/faults")

    def release(self) -> int:
        """Let every held request go on; returns how many there were."""
        return int(self._ask("POST", "/sandbox/release")["released"])

    def wait_until_paused(self, operation: str, timeout: float = 30.0) -> None:
        """Return as soon as a request of this operation is held.

        Raises:
            TimeoutError: None came within `timeout` seconds.
        """
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            if any(held["operation"] == operation for held in self.faults()["held"]):
                return
            time.sleep(0.02)
        raise TimeoutError(f"no {operation} was held within {timeout} s")

    def endpoints(self) -> dict[str, dict[str, Any]]:
        """Everything about every endpoint of the home account, by name; see :meth:`endpoint`."""
        return dict(self._ask("GET", "/sandbox/endpoints")["endpoints"])

    def endpoint(self, name: str) -> dict[str, Any]:
        """One endpoint as DescribeEndpoint shows it, and what stands behind it.

        That is its `config`, `models`, `packages`, `tags`, `scalable_targets`, `scaling_policies`, `scheduled_actions` and
        `fleets` (who took which part of the traffic since when).

        Raises:
            KeyError: There is no such endpoint.
        """
        seen = self.endpoints()[name]
        return {**seen["description"], **seen}

    def alarms(self) -> dict[str, dict[str, Any]]:
        """Every alarm of the home account by name: what it was given, and its `state`."""
        return dict(self._ask("GET", "/sandbox/alarms")["alarms"])

    def force_status(self, name: str, status: str) -> None:
        """Show an EndpointStatus from now on, whatever was under way; it stays until something changes it."""
        self._ask("POST", f"/sandbox/endpoint/{quote(name)}/status", {"status": status})

    def reset(self) -> None:
        """Back to the sample fleet: no scenarios, no faults, an empty call log."""
        self._ask("POST", "/sandbox/reset")

    def healthy(self) -> bool:
        """Whether the stand-in answers at all."""
        try:
            return bool(self._ask("GET", "/sandbox/health")["ok"])
        except OSError:
            return False

    def _ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        data = json.dumps(body).encode() if body is not None else None
        request = Request(self.url + path, data, {"Content-Type": "application/json"}, method=method)
        try:
            with urlopen(request, timeout=30) as answer:
                return dict(json.load(answer))
        except HTTPError as error:
            with error:
                raise DriverError(f"{method} {path}: {error.read().decode()}") from error
