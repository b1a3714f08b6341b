"""The control API under `/sandbox/`: scenarios, faults, the call log, endpoints seen from behind."""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

from aiohttp import web

from .faults import KINDS, UnknownFault
from .sagemaker import lookup, models, packages
from .sagemaker.view import describe
from .scenarios import ScenarioRefused
from .switches import SWITCHES
from .wire import service_models
from .world import OPERATIONS

N = TypeVar("N", int, float)

if TYPE_CHECKING:
    from .sagemaker.endpoint import Endpoint
    from .server import StandIn

_LOCAL_PAGE = re.compile(r"http://(127\.0\.0\.1|localhost)(:\d+)?")
_STATUSES = frozenset(service_models()["sagemaker"].shape_for("EndpointStatus").enum)


def add_control_routes(app: web.Application, stand_in: StandIn) -> None:
    """Give an application the control API of a stand-in."""
    control = _Control(stand_in)
    app.router.add_route("OPTIONS", "/sandbox/{path:.*}", _preflight)
    app.add_routes(
        [
            web.get("/sandbox/health", control.health),
            web.post("/sandbox/reset", control.reset),
            web.get("/sandbox/scenarios", control.list_scenarios),
            web.post("/sandbox/scenario", control.switch_on),
            web.delete("/sandbox/scenario", control.clear_scenarios),
            web.get("/sandbox/faults", control.list_faults),
            web.post("/sandbox/faults", control.add_fault),
            web.delete("/sandbox/faults", control.clear_faults),
            web.post("/sandbox/release", control.release),
            web.get("/sandbox/calls", control.list_calls),
            web.get("/sandbox/endpoints", control.list_endpoints),
            web.get("/sandbox/alarms", control.list_alarms),
            web.post("/sandbox/endpoint/{name}/status", control.force_status),
        ]
    )
    app.on_response_prepare.append(_allow_local_pages)


class _Control:
    def __init__(self, stand_in: StandIn) -> None:
        self._stand_in = stand_in

    async def health(self, _: web.Request) -> web.Response:
        return _json({"ok": True, "speed": self._stand_in.world.settings.speed})

    async def reset(self, _: web.Request) -> web.Response:
        self._stand_in.reset()
        return _json({"ok": True})

    async def list_scenarios(self, _: web.Request) -> web.Response:
        available = [vars(switch) for switch in SWITCHES]
        active = [scenario.shown() for scenario in self._stand_in.world.scenarios.active]
        return _json({"available": available, "active": active})

    async def switch_on(self, http: web.Request) -> web.Response:
        asked = await _body(http)
        name, endpoint, when = asked.pop("name", None), asked.pop("endpoint", None), asked.pop("when", None)
        params = asked.pop("params", {}) | asked
        self._stand_in.world.settle()
        try:
            shown = self._stand_in.world.scenarios.switch_on(str(name), endpoint, when, params)
        except ScenarioRefused as exc:
            raise _bad_request(str(exc)) from exc
        return _json(shown)

    async def clear_scenarios(self, http: web.Request) -> web.Response:
        wanted = http.query.get("id")
        self._stand_in.world.scenarios.clear(_number(int, wanted) if wanted else None)
        return await self.list_scenarios(http)

    async def list_faults(self, _: web.Request) -> web.Response:
        book = self._stand_in.faults
        held = [{"call": call, "operation": operation} for call, operation in book.held.items()]
        return _json({"kinds": KINDS, "waiting": [vars(fault) for fault in book.waiting], "held": held})

    async def add_fault(self, http: web.Request) -> web.Response:
        asked = await _body(http)
        operation = str(asked.get("operation", "*"))
        if operation != "*" and not any(operation == name for _, name in OPERATIONS):
            raise _bad_request(f"No operation {operation!r} is served here.")
        times = _number(int, asked.get("times", 1))
        seconds = _number(float, asked["seconds"]) if asked.get("seconds") is not None else None
        try:
            fault = self._stand_in.faults.add(operation, str(asked.get("kind")), times, seconds)
        except UnknownFault as exc:
            raise _bad_request(str(exc)) from exc
        return _json(vars(fault))

    async def clear_faults(self, http: web.Request) -> web.Response:
        self._stand_in.faults.clear()
        return await self.list_faults(http)

    async def release(self, _: web.Request) -> web.Response:
        return _json({"released": self._stand_in.faults.release()})

    async def list_calls(self, http: web.Request) -> web.Response:
        found = self._stand_in.calls.of(http.query.get("operation"))
        return _json({"calls": [entry.shown() for entry in found]})

    async def list_endpoints(self, _: web.Request) -> web.Response:
        world = self._stand_in.world
        world.settle()
        return _json({"endpoints": {name: self._everything(e) for name, e in sorted(world.home().endpoints.items())}})

    async def list_alarms(self, _: web.Request) -> web.Response:
        region = self._stand_in.world.home()
        alarms = sorted(region.alarms.values(), key=lambda alarm: alarm.name)
        return _json({"alarms": {a.name: {"state": a.state_at(region, region.now)} | a.spec for a in alarms}})

    async def force_status(self, http: web.Request) -> web.Response:
        world = self._stand_in.world
        world.settle()
        endpoint = world.home().endpoints.get(http.match_info["name"])
        status = str((await _body(http)).get("status"))
        if endpoint is None:
            raise _bad_request(f"No endpoint {http.match_info['name']!r}.")
        if status not in _STATUSES:
            raise _bad_request(f"No status {status!r}. There are: {', '.join(sorted(_STATUSES))}.")
        endpoint.force(status, world.clock.now())
        return _json(self._everything(endpoint))

    def _everything(self, endpoint: Endpoint) -> dict[str, Any]:
        region = self._stand_in.world.home()
        config = region.configs.get(endpoint.config.name)
        found: dict[str, Any] = {
            "description": describe(endpoint, region.now),
            "config": {"exists": config is not None, "arn": endpoint.config.arn} | endpoint.config.spec,
            "models": {},
            "packages": {},
            "tags": region.tags.get(endpoint.arn, {}),
            **region.scaling.of_endpoint(endpoint.name),
            "fleets": [
                {"at": shift.at, "parts": [vars(part) | {"traits": vars(part.traits)} for part in shift.parts]}
                for shift in endpoint.traffic.shifts
            ],
        }
        for variant in endpoint.config.variants():
            model = region.models.get(variant.get("ModelName", ""))
            if model is not None:
                found["models"][model.name] = {"arn": model.arn} | model.spec
                for arn in models.packages_of(region, model.name):
                    found["packages"][arn] = packages.describe(lookup.package(region, arn))
        return found


async def _preflight(_: web.Request) -> web.Response:
    return web.Response(status=204)


async def _allow_local_pages(http: web.Request, response: web.StreamResponse) -> None:
    origin = http.headers.get("Origin", "")
    if http.path.startswith("/sandbox/") and _LOCAL_PAGE.fullmatch(origin):
        response.headers["Access-Control-Allow-Origin"] = origin
        response.headers["Access-Control-Allow-Methods"] = "GET, POST, DELETE"
        response.headers["Access-Control-Allow-Headers"] = "Content-Type"
        response.headers["Vary"] = "Origin"


async def _body(http: web.Request) -> dict[str, Any]:
    try:
        decoded = await http.json() if http.can_read_body else {}
    except ValueError as exc:
        raise _bad_request("The body is not JSON.") from exc
    if not isinstance(decoded, dict):
        raise _bad_request("The body is not a JSON object.")
    return decoded


def _number(kind: type[N], value: Any) -> N:
    try:
        return kind(value)
    except (TypeError, ValueError) as exc:
        raise _bad_request(f"{value!r} is not a number.") from exc


def _json(value: Any) -> web.Response:
    return web.json_response(text=json.dumps(value, default=_plain))


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _bad_request(message: str) -> web.HTTPBadRequest:
    return web.HTTPBadRequest(text=json.dumps({"error": message}), content_type="application/json")
