"""Versions of the registry in messages: the announcement of a new one, what was decided on it, and the alarm when one is revoked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.domain.announcing import Announcement, decided_by, decided_why
from bot.domain.commands import ApproveVersion, Change, Promote, RejectVersion, Rollback
from bot.domain.endpoint import ApprovalStatus, ModelPackage
from bot.domain.fleet import EndpointSpec
from bot.domain.track import Release
from bot.messages.blocks import (
    CommandButton,
    Confirm,
    Message,
    clip,
    code,
    command_buttons,
    context,
    escape,
    escape_except_mentions,
    listed,
    quote,
    section,
)
from bot.messages.words import count, moment, on_one_line, people

_MOST_NAMES = 12
"""Endpoints that one line names; the board has all of them."""

_MOST_BUTTONS = 5

_MOST_NOTES = 1500
"""Characters of release notes."""

_SHORT_NOTES = 200

_METRIC = "metric."
"""Metadata that begins so is a number that whoever trained the version measured."""

_POLICIES: Mapping[str, str] = {
    "auto": "by itself, in its change windows",
    "ask": "after somebody approved its plan",
    "manual": "only when somebody promotes it",
}

STATUS_WORDS: Mapping[ApprovalStatus | None, str] = {
    ApprovalStatus.APPROVED: "Approved",
    ApprovalStatus.REJECTED: "Rejected",
    ApprovalStatus.PENDING: "waiting for approval again",
    None: "without an approval state",
}


def render_pending(
    package: ModelPackage, group: str, getting: Sequence[EndpointSpec], approvers: str, also: Sequence[str] = ()
) -> Message:
    """A version that waits for approval.

    Args:
        package: The version.
        group: What a command calls its group.
        getting: The endpoints that would get it.
        approvers: Who decides, as people read it.
        also: Further versions that wait, and are not announced by themselves.
    """
    version = package.version or 0
    approve = ApproveVersion(group=group, version=version, if_pending=True)
    reject = RejectVersion(group=group, version=version, if_pending=True)
    title = f"*{escape(package.label)}* waits for approval."
    small = f"It is for {approvers} to decide, here or by {code(f'approve-version {group} {version}')}."
    if also:
        small += f" {escape(', '.join(also))} {'waits' if len(also) == 1 else 'wait'} too."
    return Message(
        title,
        (
            section("\n".join([title, *_about(package)])),
            section(f"If it is approved, it comes to:\n{_by_policy(getting)}"),
            command_buttons(
                CommandButton("Approve version", approve, style="primary", confirm=_confirm(package, getting)),
                CommandButton("Reject version…", reject, style="danger"),
            ),
            context(small),
        ),
    )


def _confirm(package: ModelPackage, getting: Sequence[EndpointSpec]) -> Confirm | None:
    """Where an approval alone changes endpoints, the button asks before."""
    by_itself = [spec for spec in getting if spec.policy == "auto"]
    if not by_itself:
        return None
    follows = f"{by_itself[0].name} gets it" if len(by_itself) == 1 else f"{len(by_itself)} endpoints get it"
    text = f"{follows} without a further question, as soon as the change windows allow."
    return Confirm(f"Approve {package.label}?", text, "Approve", "Not now")


def render_settled(announcement: Announcement, package: ModelPackage | None) -> Message:
    """The same message when nobody is asked any more.

    Args:
        announcement: What was said.
        package: The version as the registry has it now; None if it was deleted.
    """
    label = f"*{escape(announcement.label)}*"
    if package is None:
        text = f"{label} was deleted from the registry before anybody decided on it."
        return Message(text, (section(text),))
    text = f"{label}: {how_it_stands(package)}"
    return Message(text, (section("\n".join([text, *_about(package)])),))


def render_decision(package: ModelPackage) -> Message:
    """The answer to approve-version and reject-version, for everybody in the channel."""
    text = f"*{escape(package.label)}*: {how_it_stands(package)}"
    return Message(text, (section(text),))


def how_it_stands(package: ModelPackage) -> str:
    """`Approved by @ben on Mon 12:00: recall is better`; what is not told is left out."""
    by, why = decided_by(package), on_one_line(decided_why(package), 300)
    who = f" by {escape_except_mentions(by)}" if by else ""
    when = f" on {moment(package.modified_at)}" if package.modified_at is not None else ""
    return f"{STATUS_WORDS[package.approval]}{who}{when}{f': {escape(why)}' if why else '.'}"


@dataclass(frozen=True)
class WayOut:
    """What an endpoint that runs a revoked version can be brought to."""

    spec: EndpointSpec
    instead: ModelPackage | None
    """The newest approved version that nothing holds there; None if there is none."""


def render_revoked(package: ModelPackage, ways: Sequence[WayOut]) -> Message:
    """Endpoints run what is no longer approved.

    Args:
        package: What they run, as the registry has it now.
        ways: The endpoints, at least one, with the way out of each.
    """
    specs = [way.spec for way in ways]
    verb = "runs" if len(ways) == 1 else "run"
    text = f":warning: {_names(specs)} {verb} *{escape(package.label)}*, which is no longer approved."
    versions = sorted({way.instead.label for way in ways if way.instead is not None})
    happens = ["SageMaker does not stop what runs."]
    if len(versions) == 1:
        happens.append(f"The newest approved version that may run is {escape(versions[0])}.")
    if not versions:
        happens.append("No other approved version may run, so what is left is to roll back.")
    elif any(way.instead is None for way in ways):
        happens.append("Where nothing else may run, what is left is to roll back.")
    owners = list(dict.fromkeys(spec.owner for spec in specs if spec.owner is not None))
    if owners:
        happens.append(f"{people(tuple(owners))} {'answers' if len(owners) == 1 else 'answer'} for it.")
    buttons = [_way_out(way, is_only=len(ways) == 1) for way in ways[:_MOST_BUTTONS]]
    return Message(
        text,
        (section(f"{text}\n{how_it_stands(package)}"), section(" ".join(happens)), command_buttons(*buttons)),
    )


def _way_out(way: WayOut, *, is_only: bool) -> CommandButton:
    name = way.spec.name
    begin = "" if is_only else f"{on_one_line(name, 50)}: "
    if way.instead is not None:
        label = f"promote to {way.instead.version}"
        command = promotion_of(way.spec, way.instead)
        return CommandButton(begin + label if begin else label.capitalize(), command, style="primary")
    return CommandButton(
        begin + "roll back" if begin else "Roll back",
        Rollback(endpoint=name),
        style="danger",
        confirm=Confirm("Roll back?", f"{name} goes back to its last good config.", "Roll back"),
    )


def render_revoked_over(alert: Announcement, *, is_approved: bool) -> Message:
    """The same message when that is over: the version is approved again, or nothing runs it any more."""
    names, label = " and ".join(f"*{escape(name)}*" for name in alert.endpoints[-2:]), escape(alert.label)
    if len(alert.endpoints) > 2:
        names = count(len(alert.endpoints), "endpoint")
    how = f"{label} is approved again." if is_approved else "it does not run there any more."
    text = f"{names} ran *{label}* while it was not approved. That is over: {how}"
    return Message(text, (section(text),))


def render_unwatched(announcement: Announcement) -> Message:
    """Nothing is asked and nothing alarms any more, because the fleet file does not name the group now."""
    text = f"This was about *{escape(announcement.label)}*. No endpoint of the fleet file uses its group any more."
    return Message(text, (section(text),))


def render_newly_approved(package: ModelPackage, by_hand: Sequence[EndpointSpec]) -> Message:
    """A version was approved, and some endpoints wait for a person to bring it to them.

    Args:
        package: The version.
        by_hand: Endpoints of policy `manual`, at least one.
    """
    names = _names(by_hand)
    text = (
        f"*{escape(package.label)}* is approved. {names} {'takes' if len(by_hand) == 1 else 'take'} new versions only by "
        "hand (policy manual), so nothing happens by itself."
    )
    buttons = [CommandButton(f"Promote {spec.name}", promotion_of(spec, package)) for spec in by_hand[:_MOST_BUTTONS]]
    return Message(text, (section(text), command_buttons(*buttons)))


def render_offered(release: Release, specs: Sequence[EndpointSpec], newest: str) -> Message:
    """A seller offers a version that is on no track yet.

    Args:
        release: What is offered.
        specs: The endpoints whose track ends before it, at least one.
        newest: The last package of that track, as people call it.
    """
    title = f"*{escape(release.title or 'A new release')}* (version {escape(release.version)}) is offered in the AWS Marketplace."
    where = f"The track of {_names(specs)} ends with {escape(newest)}."
    todo = (
        "The Marketplace does not tell its package ARN to programs. To use it: subscribe to that version, copy its ARN for the "
        "endpoint's region from the product's Configure page, and put it at the end of `track` in the fleet file."
    )
    notes = [section(quote(clip(release.notes, _MOST_NOTES)))] if release.notes.strip() else []
    return Message(title, (section(f"{title} {where}"), *notes, context(todo)))


def release_line(release: Release) -> str:
    """A release's notes in a row among others."""
    return f"release notes: {escape(on_one_line(release.notes, _SHORT_NOTES))}"


def promotion_of(spec: EndpointSpec, package: ModelPackage) -> Promote:
    """The command that brings that version to an endpoint."""
    return Promote(endpoint=spec.name, change=Change(version=package.version))


def _about(package: ModelPackage) -> list[str]:
    """What whoever registered it says about it."""
    lines = [quote(package.description)] if package.description else []
    lines.append(f"Registered {moment(package.created_at)}")
    measured = sorted((k.removeprefix(_METRIC), v) for k, v in package.properties.items() if k.startswith(_METRIC))
    if measured:
        lines.append(", ".join(f"{escape(name)} {escape(value)}" for name, value in measured[:8]))
    return lines


def _by_policy(getting: Sequence[EndpointSpec]) -> str:
    rows = [(words, [s for s in getting if s.policy == policy]) for policy, words in _POLICIES.items()]
    return listed([f"{_names(specs)}: {words}" for words, specs in rows if specs])


def _names(specs: Sequence[EndpointSpec]) -> str:
    shown = [f"*{escape(spec.name)}*" for spec in specs[:_MOST_NAMES]]
    left = len(specs) - len(shown)
    if left:
        return f"{', '.join(shown)} and {count(left, 'more', 'more')}"
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"
