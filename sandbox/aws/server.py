"""The HTTP server: a request is read, met by faults, checked, executed, checked again, logged and answered."""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import Callable
from contextlib import suppress

from aiohttp import web

from . import (
    alarms,
    autoscaling,
    cloudwatch,
    company,
    discovery,
    fleet,
    marketplace,
    pricing,
    queue,
    quotas,
    s3,
    sagemaker,
    sts,
    thousand,
    trail,
    wire,
)
from .calls import CallLog, LoggedCall
from .clock import Clock
from .control import add_control_routes
from .errors import AwsError, StandInBug, access_denied, internal_error, throttled
from .faults import Fault, FaultBook
from .validation import check_request, find_violations
from .world import OPERATIONS, Call, Settings

IMPLEMENTED = (
    alarms,
    autoscaling,
    cloudwatch,
    discovery,
    marketplace,
    pricing,
    queue,
    quotas,
    s3,
    sagemaker,
    sts,
    thousand,
    trail,
)  # they register operations
MAX_BODY_BYTES = 4 * 1024 * 1024
_log = logging.getLogger("sandbox.aws")


ESTATES = {"sample": fleet.sample_world, "company": company.company_world, "thousand": thousand.thousand_world}


class StandIn:
    """The pretended AWS behind one address."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self.faults = FaultBook()
        self.reset()

    def reset(self) -> None:
        """Back to the fleet of the beginning: no scenarios, no faults, an empty call log; held requests go on."""
        self.faults.clear()
        self.calls = CallLog()
        self.world = ESTATES[self._settings.estate](self._settings, self._clock)

    def application(self) -> web.Application:
        app = web.Application(client_max_size=MAX_BODY_BYTES)
        add_control_routes(app, self)
        app.router.add_route("*", "/{path:.*}", self.handle)
        return app

    async def handle(self, http: web.Request) -> web.Response:
        """Answer one AWS request."""
        body = await http.read()
        request_id = str(uuid.uuid4())
        try:
            request = wire.read_request(http.method, http.path, http.headers, body)
        except AwsError as error:
            protocol = wire.guess_protocol(http.path, http.headers)
            return _response(protocol.write_error(error, request_id))
        caller = self.world.caller(request.access_key)
        entry = self.calls.begin(
            self.world.clock.now(),
            request.service,
            request.operation.name,
            caller.account,
            request.region,
            request.params,
        )
        try:
            await self._met_before(http, entry, caller.arn)
            answer = self.execute(request, entry)
            await self._met_after(http, entry)
        except AwsError as error:
            entry.outcome, entry.status = error.code, error.status
            return _response(request.protocol.write_error(error, request_id))
        entry.outcome, entry.status = "ok", 200
        return _response(request.protocol.write(request.operation, answer, request_id))

    def execute(self, request: wire.WireRequest, entry: LoggedCall) -> dict[str, object]:
        """Check the request, do what it asks, check the answer.

        Raises:
            AwsError: What AWS would answer; an answer that the service model does not accept is a 500.
        """
        world = self.world
        world.settle()
        caller = world.caller(request.access_key)
        call = Call(world.region(caller.account, request.region), caller, request.params)
        check_request(request.operation.input_shape, request.params)
        implementation = OPERATIONS.get((request.service, request.operation.name))
        if implementation is None:
            raise AwsError("NotImplemented", f"This stand-in has no {request.operation.name}.", status=501)
        try:
            answer = implementation(call)
            entry.executed = True
            trail.record(call, request.service, request.operation.name)
            world.settle()
            _check_answer(request, answer)
        except AwsError:
            raise
        except Exception as exc:
            _log.exception("%s failed inside the stand-in", request.operation.name)
            raise AwsError("InternalFailure", f"The stand-in has a bug: {exc}", status=500) from exc
        return answer

    async def _met_before(self, http: web.Request, entry: LoggedCall, caller_arn: str) -> None:
        """Let scenarios and a fault hit the request before it is executed."""
        if self.world.scenarios.throttles(entry.operation):
            raise throttled(entry.service)
        fault = self.faults.take(entry.operation)
        if fault is None:
            return
        entry.fault = fault.kind
        http["fault"] = fault
        match fault.kind:
            case "throttle":
                raise throttled(entry.service)
            case "error-before":
                raise internal_error()
            case "access-denied":
                raise access_denied(f"{entry.service}:{entry.operation}", caller_arn)
            case "timeout-before":
                await self._drop(http, entry, fault)
            case "slow":
                await asyncio.sleep(fault.slow_seconds())
            case "pause-before":
                await self._hold(http, entry)

    async def _met_after(self, http: web.Request, entry: LoggedCall) -> None:
        """Let the fault that was taken hit the answer after the request was executed."""
        fault: Fault | None = http.get("fault")
        if fault is None:
            return
        match fault.kind:
            case "error-after":
                raise internal_error()
            case "timeout-after":
                await self._drop(http, entry, fault)
            case "pause-after":
                await self._hold(http, entry)

    async def _hold(self, http: web.Request, entry: LoggedCall) -> None:
        """Keep the request until it is released; whose client has gone is not executed any more."""
        entry.outcome = "held"
        self.faults.held[entry.id] = entry.operation
        gate = asyncio.create_task(self.faults.gate().wait())
        try:
            while not gate.done() and not _gone(http):
                await asyncio.wait([gate], timeout=0.02)
        finally:
            gate.cancel()
            del self.faults.held[entry.id]
        if _gone(http):
            entry.outcome = "client gone"
            raise web.HTTPServiceUnavailable

    async def _drop(self, http: web.Request, entry: LoggedCall, fault: Fault) -> None:
        """Say nothing for a while, then close the connection."""
        entry.outcome = "dropped"
        ends = asyncio.get_running_loop().time() + fault.hold_seconds()
        while asyncio.get_running_loop().time() < ends and not _gone(http):
            await asyncio.sleep(0.02)
        if http.transport is not None:
            http.transport.abort()
        raise web.HTTPServiceUnavailable


def _check_answer(request: wire.WireRequest, answer: dict[str, object]) -> None:
    violations = find_violations(request.operation.output_shape, answer)
    if violations:
        raise StandInBug(f"{request.operation.name} would answer what its model forbids: {'; '.join(violations)}")


def _gone(http: web.Request) -> bool:
    return http.transport is None or http.transport.is_closing()


def _response(reply: wire.Reply) -> web.Response:
    return web.Response(status=reply.status, headers=reply.headers, body=reply.body or None)


async def serve(stand_in: StandIn, port: int, stop: asyncio.Event, announce: Callable[[int], None]) -> None:
    """Serve on 127.0.0.1 until `stop` is set; `announce` is told the port."""
    runner = web.AppRunner(stand_in.application(), access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", port)
    with suppress(asyncio.CancelledError):
        await site.start()
        announce(runner.addresses[0][1])
        await stop.wait()
    await runner.cleanup()
