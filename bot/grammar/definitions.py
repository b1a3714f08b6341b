"""Every command as click defines it: arguments, options, help and one example. Nothing here runs anything.

A callback turns what click found into the command's model. `help` is the command's one sentence; `epilog` is its example,
without prefix. Arguments and options bear the names of the model's fields, which is how a command is written down again.
A rollout's thread gives `endpoint` and `rollout_id` through click's `default_map`, a wave's gives `wave_id`.
"""

from collections.abc import Callable, Mapping
from typing import Any

import click
from click.core import ParameterSource

from bot.domain.commands import (
    AbFinish,
    AbStart,
    AbWeight,
    ApproveVersion,
    Audit,
    Cancel,
    Compare,
    Deploy,
    FleetCheck,
    FleetImport,
    Freeze,
    Gc,
    Help,
    History,
    Hold,
    Lock,
    Metrics,
    Plan,
    Promote,
    RejectVersion,
    Rollback,
    Scale,
    Status,
    Sync,
    Teardown,
    Thaw,
    Unhold,
    Unlock,
    Versions,
    WaveAbort,
    WaveApprove,
    WavePause,
    WaveReject,
    WaveResume,
    WaveStart,
)
from bot.domain.strategy import AskedStrategy

GRAMMAR = click.Group("endpoint")

_LENIENT: dict[str, Any] = {"allow_extra_args": True, "help_option_names": []}


def _command(name: str, *, summary: str, example: str) -> Callable[[Callable[..., Any]], click.Command]:
    return GRAMMAR.command(name, help=summary, epilog=example, context_settings=_LENIENT)


def _read_pairs(context: click.Context, parameter: click.Parameter, pairs: tuple[str, ...]) -> Mapping[str, str]:
    read: dict[str, str] = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals:
            raise click.BadParameter("takes KEY=VALUE, for example --env LOG_LEVEL=info", context, parameter)
        if key in read:
            raise click.BadParameter(f"{key} is set twice", context, parameter)
        read[key] = value
    return read


_CHANGE_OPTIONS = (
    click.option(
        "--version",
        metavar="N|latest",
        help="Version of the model package group, or place on the Marketplace track; latest is the newest that may follow.",
    ),
    click.option(
        "--package", metavar="ARN", help="Model package, for example the next one of an AWS Marketplace product."
    ),
    click.option("--image", metavar="URI", help="Container image to run."),
    click.option("--instance-type", metavar="TYPE", help="Instance type, such as ml.g5.2xlarge."),
    click.option("--count", metavar="N", help="Number of instances of the new fleet; otherwise as many as run now."),
    click.option(
        "--env", metavar="KEY=VALUE", multiple=True, callback=_read_pairs, help="Set an environment variable."
    ),
    click.option("--unset", metavar="KEY", multiple=True, help="Remove an environment variable."),
)

_STRATEGY_OPTIONS = (
    click.option(
        "--strategy",
        "type",
        metavar="S",
        help="How the traffic moves: all-at-once, canary, linear, rolling or two-variant; otherwise as the fleet file says.",
    ),
    click.option(
        "--size",
        metavar="10%|N",
        help="The first share (canary, two-variant) or each step (linear, rolling): 10%, or a number of instances.",
    ),
    click.option("--bake", metavar="10m", help="How long each share is watched before the next; 1h at most."),
)


def _change_options(callback: Callable[..., Any]) -> Callable[..., Any]:
    for option in reversed((*_CHANGE_OPTIONS, *_STRATEGY_OPTIONS)):
        callback = option(callback)
    return callback


def _change_and_strategy(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options of a change, sorted into the two values that they make; a strategy of which nothing is said is none."""
    asked = {name: options[name] for name in AskedStrategy.model_fields}
    said = any(value is not None for value in asked.values())
    change = {name: value for name, value in options.items() if name not in asked}
    return {"change": change, "strategy": asked if said else None}


_reason_option = click.option("--reason", metavar="TEXT", help="Why, for the approver and the record.")
_when_option = click.option(
    "--at",
    metavar="TIME",
    help="When it shall run once approved: +2h, 02:00, or 'tomorrow 06:00 Europe/Berlin'; without a zone, in your own.",
)


@_command("help", summary="Show what there is, or one command in full.", example="help promote")
@click.argument("command", nargs=-1)
def _help(command: tuple[str, ...]) -> Help:
    return Help(command=" ".join(command).casefold() or None)


@_command(
    "status",
    summary="Show the fleet board, some rows of it, or one endpoint in full: what runs, what may follow, what is on its way.",
    example="status --state OUT_OF_DATE --owner me",
)
@click.argument("endpoint", required=False)
@click.option(
    "--state", "states", metavar="STATE", multiple=True, help="Only endpoints in this state; may be given again."
)
@click.option("--owner", metavar="@USER|me", help="Only endpoints of this person.")
@click.option("--policy", metavar="auto|ask|manual", help="Only endpoints with this policy.")
@click.option("--group", metavar="NAME", help="Only endpoints of this model package group.")
@click.option("--page", metavar="N", help="Which page of a long board.")
def _status(**said: Any) -> Status:
    return Status.model_validate(_said(**said))


@_command(
    "plan",
    summary="Show what a promotion would do, without asking for anything.",
    example="plan stt-prod --instance-type ml.g5.4xlarge",
)
@click.argument("endpoint")
@_change_options
def _plan(endpoint: str, **options: Any) -> Plan:
    return Plan.model_validate({"endpoint": endpoint, **_change_and_strategy(options)})


@_command(
    "promote",
    summary="Plan a change and ask for approval; without options, to the newest version that may follow.",
    example='promote sentiment-prod --version 4 --reason "better recall"',
)
@click.argument("endpoint")
@_change_options
@_when_option
@_reason_option
def _promote(endpoint: str, at: str | None, reason: str | None, **options: Any) -> Promote:
    return Promote.model_validate({"endpoint": endpoint, "at": at, "reason": reason, **_change_and_strategy(options)})


@_command(
    "scale",
    summary="Ask for another number of instances, without a new fleet.",
    example="scale sentiment-prod --count 4",
)
@click.argument("endpoint")
@click.option("--count", metavar="N", required=True, help="Number of instances.")
@click.option("--variant", metavar="NAME", help="Production variant, if it is not the fleet file's.")
@_when_option
@_reason_option
def _scale(endpoint: str, **said: Any) -> Scale:
    return Scale.model_validate({"endpoint": endpoint, **said})


@_command(
    "rollback",
    summary="Go back to the config of before, or to a named one. Locks do not stop it.",
    example="rollback stt-prod",
)
@click.argument("endpoint", required=False)
@click.option("--to", metavar="CONFIG", help="Endpoint config to go back to.")
@click.option("--rollout", "rollout_id", metavar="ROLLOUT", help="Undo this rollout.")
@click.pass_context
def _rollback(context: click.Context, endpoint: str | None, to: str | None, rollout_id: str | None) -> Rollback:
    # In a thread, what was typed wins, and the thread fills in only what belongs to the same story.
    endpoint_typed = context.get_parameter_source("endpoint") is ParameterSource.COMMANDLINE
    rollout_typed = context.get_parameter_source("rollout_id") is ParameterSource.COMMANDLINE
    thread_endpoint = context.lookup_default("endpoint")
    thread_rollout = context.lookup_default("rollout_id")
    if endpoint_typed and not rollout_typed and endpoint != thread_endpoint:
        rollout_id = None
    if rollout_typed and not endpoint_typed and rollout_id != thread_rollout:
        endpoint = None
    return Rollback(endpoint=endpoint, to=to, rollout_id=rollout_id)


@_command("history", summary="Show past rollouts, of one endpoint or of all.", example="history stt-prod")
@click.argument("endpoint", required=False)
def _history(endpoint: str | None) -> History:
    return History(endpoint=endpoint)


@_command(
    "cancel",
    summary="Stop a rollout before its update starts; later, have it rolled back once SageMaker is done. Its id stands on its card.",
    example="cancel rk8cb8j8",
)
@click.argument("rollout_id", metavar="ROLLOUT")
def _cancel(rollout_id: str) -> Cancel:
    return Cancel(rollout_id=rollout_id)


_UNTIL = click.option(
    "--until", metavar="TIME", help="When it ends by itself: 4h, 17:00, or 'Mon 09:00 Europe/Berlin'."
)


@_command(
    "lock",
    summary="Let no change start on an endpoint until it is unlocked; rolling back still works.",
    example='lock stt-prod --until 4h --reason "load test"',
)
@click.argument("endpoint")
@_UNTIL
@click.option("--reason", metavar="TEXT", required=True, help="Why, for whoever is stopped by it.")
def _lock(endpoint: str, until: str | None, reason: str) -> Lock:
    return Lock(endpoint=endpoint, until=until, reason=reason)


@_command(
    "unlock",
    summary="Lift a lock. Breaking somebody else's takes a second person.",
    example="unlock stt-prod",
)
@click.argument("endpoint")
def _unlock(endpoint: str) -> Unlock:
    return Unlock(endpoint=endpoint)


@_command(
    "freeze",
    summary="Let no change start on any endpoint until it is thawed; rolling back still works.",
    example='freeze --until "Mon 09:00 Europe/Berlin" --reason "peak sale"',
)
@_UNTIL
@click.option("--reason", metavar="TEXT", required=True, help="Why, for whoever is stopped by it.")
def _freeze(until: str | None, reason: str) -> Freeze:
    return Freeze(until=until, reason=reason)


@_command("thaw", summary="Lift the freeze. Lifting somebody else's takes a second person.", example="thaw")
def _thaw() -> Thaw:
    return Thaw()


@_command(
    "hold",
    summary="Let nothing but a person bring a new version to an endpoint.",
    example='hold stt-prod --reason "customer tests until Friday"',
)
@click.argument("endpoint")
@click.option("--reason", metavar="TEXT", required=True, help="Why, for whoever wonders.")
def _hold(endpoint: str, reason: str) -> Hold:
    return Hold(endpoint=endpoint, reason=reason)


@_command(
    "unhold",
    summary="Lift what holds an endpoint: somebody's hold, a version that was rolled back, a config that SageMaker refused.",
    example="unhold stt-prod",
)
@click.argument("endpoint")
def _unhold(endpoint: str) -> Unhold:
    return Unhold(endpoint=endpoint)


@_command(
    "metrics",
    summary="Show latency, errors and traffic of an endpoint as a chart.",
    example="metrics stt-prod --since 6h",
)
@click.argument("endpoint")
@click.option("--since", metavar="24h", help="How far back the chart reaches; 24h if nothing is said, 14d at most.")
def _metrics(endpoint: str, since: str | None) -> Metrics:
    return Metrics.model_validate({"endpoint": endpoint} | ({"since": since} if since is not None else {}))


def _said(**options: Any) -> dict[str, Any]:
    """What was given; what was not is left to the model's own default."""
    return {name: value for name, value in options.items() if value is not None}


@_command(
    "deploy",
    summary="Create an endpoint that the fleet file declares, or create one anew that is Failed.",
    example="deploy sentiment-staging",
)
@click.argument("endpoint")
@click.option("--version", metavar="N|latest", help="Version to begin with; otherwise the newest that may run.")
@_when_option
@_reason_option
def _deploy(**said: Any) -> Deploy:
    return Deploy.model_validate(said)


@_command(
    "teardown",
    summary="Delete an endpoint and its autoscaling. Its config and models stay for a while, so that it can be restored.",
    example='teardown sentiment-staging --reason "no longer used"',
)
@click.argument("endpoint")
@_when_option
@click.option("--reason", metavar="TEXT", required=True, help="Why, for the approvers and the record.")
def _teardown(**said: Any) -> Teardown:
    return Teardown.model_validate(said)


@_command(
    "ab start",
    summary="Run a second version beside the one that serves, with a share of the traffic or as its shadow.",
    example="ab start sentiment-prod --version 5 --weight 10",
)
@click.argument("endpoint")
@click.option("--version", metavar="N|latest", help="Version to try out; otherwise the newest that may follow.")
@click.option("--weight", metavar="10", help="Percent of the requests that it serves; 10 if nothing is said.")
@click.option("--shadow", is_flag=True, help="It only gets a copy of the requests, and nobody sees its answers.")
@_reason_option
def _ab_start(**said: Any) -> AbStart:
    return AbStart.model_validate(_said(**said))


@_command(
    "ab weight",
    summary="Move the traffic between the two versions of an A/B test.",
    example="ab weight sentiment-prod --weight 50",
)
@click.argument("endpoint")
@click.option("--weight", metavar="50", required=True, help="Percent of the requests that the new version serves.")
def _ab_weight(**said: Any) -> AbWeight:
    return AbWeight.model_validate(said)


@_command(
    "ab finish",
    summary="End an A/B test: keep A, which served before, or B, which was tried out.",
    example="ab finish sentiment-prod --keep B",
)
@click.argument("endpoint")
@click.option("--keep", metavar="A|B", required=True, help="The version that serves alone from then on.")
@_reason_option
def _ab_finish(**said: Any) -> AbFinish:
    return AbFinish.model_validate(said)


@_command(
    "versions",
    summary="List the versions that may run on an endpoint, with their approval and what runs.",
    example="versions sentiment-prod",
)
@click.argument("endpoint")
def _versions(endpoint: str) -> Versions:
    return Versions(endpoint=endpoint)


@_command(
    "compare",
    summary="Compare two versions of an endpoint by the metrics in the registry and in MLflow.",
    example="compare sentiment-prod 3 4",
)
@click.argument("endpoint")
@click.argument("first", metavar="V1")
@click.argument("second", metavar="V2")
def _compare(**said: Any) -> Compare:
    return Compare.model_validate(said)


@_command(
    "approve-version",
    summary="Set a version of a model package group to Approved in the registry.",
    example="approve-version sentiment 5",
)
@click.argument("group")
@click.argument("version", metavar="N")
@_reason_option
def _approve_version(**said: Any) -> ApproveVersion:
    return ApproveVersion.model_validate(said)


@_command(
    "reject-version",
    summary="Set a version of a model package group to Rejected in the registry.",
    example='reject-version sentiment 5 --reason "recall is worse"',
)
@click.argument("group")
@click.argument("version", metavar="N")
@click.option("--reason", metavar="TEXT", required=True, help="Why, for whoever trained it.")
def _reject_version(**said: Any) -> RejectVersion:
    return RejectVersion.model_validate(said)


@_command(
    "sync",
    summary="Make an endpoint, or all of them, match the fleet file now: whatever differs gets a plan.",
    example="sync sentiment-prod",
)
@click.argument("endpoint", required=False)
@click.option("--all", is_flag=True, help="Every endpoint of the fleet file.")
def _sync(**said: Any) -> Sync:
    return Sync.model_validate(said)


@_command(
    "wave start",
    summary="Bring a version, or what the fleet file says by now, to all endpoints of a wave, stage by stage.",
    example="wave start sentiment --version 5",
)
@click.argument("wave")
@click.option("--version", metavar="N|latest", help="Version for all of them; otherwise the newest that may follow.")
@_reason_option
def _wave_start(**said: Any) -> WaveStart:
    return WaveStart.model_validate(said)


@_command(
    "wave approve",
    summary="Agree to a wave; that takes an approver of every endpoint in it.",
    example="wave approve w4k8cb8j",
)
@click.argument("wave_id", metavar="WAVE")
@click.option("--plan", metavar="FINGERPRINT", help="Only if this is still its plan; the button says it by itself.")
def _wave_approve(wave_id: str, plan: str | None) -> WaveApprove:
    return WaveApprove(wave_id=wave_id, plan=plan)


@_command("wave reject", summary="Say no to a wave.", example="wave reject w4k8cb8j")
@click.argument("wave_id", metavar="WAVE")
def _wave_reject(wave_id: str) -> WaveReject:
    return WaveReject(wave_id=wave_id)


@_command("wave pause", summary="Let no further endpoint of a wave begin.", example="wave pause w4k8cb8j")
@click.argument("wave_id", metavar="WAVE")
def _wave_pause(wave_id: str) -> WavePause:
    return WavePause(wave_id=wave_id)


@_command(
    "wave resume",
    summary="Go on with a wave that was paused, or that stopped at a regression.",
    example="wave resume w4k8cb8j",
)
@click.argument("wave_id", metavar="WAVE")
def _wave_resume(wave_id: str) -> WaveResume:
    return WaveResume(wave_id=wave_id)


@_command(
    "wave abort",
    summary="End a wave: what is done stays done, what has not begun never does.",
    example="wave abort w4k8cb8j",
)
@click.argument("wave_id", metavar="WAVE")
def _wave_abort(wave_id: str) -> WaveAbort:
    return WaveAbort(wave_id=wave_id)


@_command("audit", summary="Give every decision of the last days as JSON lines.", example="audit --since 7d")
@click.option("--since", metavar="7d", help="How far back; 7d if nothing is said.")
def _audit(since: str | None) -> Audit:
    return Audit.model_validate(_said(since=since))


@_command(
    "gc",
    summary="List configs and models of the bot's own that nothing needs any more; with --delete, delete them.",
    example="gc",
)
@click.option("--delete", is_flag=True, help="Delete what the list shows, and nothing that is live or a way back.")
def _gc(delete: bool) -> Gc:
    return Gc(delete=delete)


@_command(
    "fleet check",
    summary="Tell every mistake in a fleet file, with its line; in a terminal only.",
    example="fleet check fleet.yaml",
)
@click.argument("file", required=False)
def _fleet_check(file: str | None) -> FleetCheck:
    return FleetCheck(file=file)


@_command(
    "fleet import", summary="Write a fleet file from the endpoints that exist, to begin with.", example="fleet import"
)
def _fleet_import() -> FleetImport:
    return FleetImport()
