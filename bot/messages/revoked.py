"""The alarm when a version that runs is not approved, be it no longer or not yet, and its end."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from bot.domain.announcing import Announcement
from bot.domain.commands import ApproveVersion, Rollback, WaveStart
from bot.domain.endpoint import ApprovalStatus, ModelPackage
from bot.domain.fleet import EndpointSpec
from bot.messages.blocks import CommandButton, Confirm, Message, code, command_buttons, context, escape, section
from bot.messages.versions import how_it_stands, names_of, promotion_of
from bot.messages.words import count, on_one_line, people

_MOST_BUTTONS = 5


@dataclass(frozen=True)
class WayOut:
    """What an endpoint that runs a revoked version can be brought to."""

    spec: EndpointSpec
    instead: ModelPackage | None
    """The newest approved version that nothing holds there; None if there is none."""
    wave: str | None = None
    """The wave of the fleet file that it is part of."""


def render_revoked(package: ModelPackage, ways: Sequence[WayOut], group: str) -> Message:
    """Endpoints run what is no longer approved, or what nobody has decided on.

    Args:
        package: What they run, as the registry has it now.
        ways: The endpoints, at least one, with the way out of each.
        group: What a command calls its group.
    """
    waits = package.approval is ApprovalStatus.PENDING
    specs = [way.spec for way in ways]
    verb = "runs" if len(ways) == 1 else "run"
    why = "which nobody has approved: it waits for that" if waits else "which is no longer approved"
    text = f":warning: {names_of(specs)} {verb} *{escape(package.label)}*, {why}."
    versions = sorted({way.instead.label for way in ways if way.instead is not None})
    happens = ["SageMaker does not stop what runs."]
    if len(versions) == 1:
        happens.append(f"The newest approved version that may run is {escape(versions[0])}.")
    if not versions:
        happens.append(
            f"No other approved version may run, so what is left is to {'approve it or ' if waits else ''}roll back."
        )
    elif any(way.instead is None for way in ways):
        happens.append("Where nothing else may run, what is left is to roll back.")
    owners = list(dict.fromkeys(spec.owner for spec in specs if spec.owner is not None))
    if owners:
        happens.append(f"{people(tuple(owners))} {'answers' if len(owners) == 1 else 'answer'} for it.")
    offers = _offers(ways)
    first = [CommandButton("Approve version", _approval_of(package, group), style="primary")] if waits else []
    room = _MOST_BUTTONS - len(first)
    shown = [*first, *(button for button, _ in offers[:room])]
    left = [name for _, names in offers[room:] for name in names]
    blocks = [section(f"{text}\n{how_it_stands(package)}"), section(" ".join(happens)), command_buttons(*shown)]
    return Message(text, (*blocks, *([context(_without_button(left))] if left else [])))


def _approval_of(package: ModelPackage, group: str) -> ApproveVersion:
    return ApproveVersion(group=group, version=package.version or 0, if_pending=True)


def _offers(ways: Sequence[WayOut]) -> list[tuple[CommandButton, tuple[str, ...]]]:
    """A button for each way out, with the endpoints that it is for. Several of one wave go together, as everywhere else."""
    together = Counter(key for way in ways if (key := _wave_of(way)) is not None)
    begun: dict[tuple[str, int], list[str]] = {}
    offers: list[tuple[CommandButton, tuple[str, ...]]] = []
    for way in ways:
        key = _wave_of(way)
        if key is not None and together[key] > 1:
            begun.setdefault(key, []).append(way.spec.name)
        else:
            offers.append((_way_out(way, is_only=len(ways) == 1), (way.spec.name,)))
    return [(_wave_button(*key), tuple(names)) for key, names in begun.items()] + offers


def _wave_of(way: WayOut) -> tuple[str, int] | None:
    """The wave, and the version that it would bring."""
    if way.wave is None or way.instead is None or way.instead.version is None:
        return None
    return way.wave, way.instead.version


def _wave_button(wave: str, version: int) -> CommandButton:
    label = f"Wave {on_one_line(wave, 40)} to version {version}"
    return CommandButton(label, WaveStart(wave=wave, version=version), style="primary")


def _way_out(way: WayOut, *, is_only: bool) -> CommandButton:
    name = way.spec.name
    begin = "" if is_only else f"{on_one_line(name, 45)}: "
    if way.instead is not None:
        label = f"promote to version {way.instead.version}"
        command = promotion_of(way.spec, way.instead)
        return CommandButton(begin + label if begin else label.capitalize(), command, style="primary")
    return CommandButton(
        begin + "roll back" if begin else "Roll back",
        Rollback(endpoint=name),
        style="danger",
        confirm=Confirm("Roll back?", f"{name} goes back to its last good config.", "Roll back"),
    )


def _without_button(names: Sequence[str]) -> str:
    """What a message has no room to offer has to be typed."""
    shown = ", ".join(escape(name) for name in names[:12])
    more = f" and {count(len(names) - 12, 'more', 'more')}" if len(names) > 12 else ""
    typed = f"{code('promote ENDPOINT --version N')} or {code('rollback ENDPOINT')}"
    return f"There is no room for buttons for {shown}{more}: type {typed}."


def render_revoked_over(alert: Announcement, *, is_approved: bool) -> Message:
    """The same message when that is over: the version is approved, or nothing runs it any more."""
    names, label = " and ".join(f"*{escape(name)}*" for name in alert.endpoints[-2:]), escape(alert.label)
    if len(alert.endpoints) > 2:
        names = count(len(alert.endpoints), "endpoint")
    how = f"{label} is approved now." if is_approved else "it does not run there any more."
    text = f"{names} ran *{label}* while it was not approved. That is over: {how}"
    return Message(text, (section(text),))
