"""Versions of the registry in messages: the announcement of a new one, and what was decided on it."""

from collections.abc import Mapping, Sequence

from bot.domain.announcing import Announcement, decided_by, decided_why
from bot.domain.commands import ApproveVersion, Change, Promote, RejectVersion
from bot.domain.durations import say_duration
from bot.domain.endpoint import ApprovalStatus, ModelPackage
from bot.domain.fleet import EndpointSpec, Follows
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
    said,
    section,
)
from bot.messages.words import count, moment, on_one_line

_MOST_NAMES = 12
"""Endpoints that one line names; the board has all of them."""

_MOST_BUTTONS = 5

_POLICIES = ("auto", "ask", "manual")
"""In the order in which an announcement tells of them."""

_MOST_NOTES = 1500
"""Characters of release notes."""

_SHORT_NOTES = 200

_METRIC = "metric."
"""Metadata that begins so is a number that whoever trained the version measured."""

STATUS_WORDS: Mapping[ApprovalStatus | None, str] = {
    ApprovalStatus.APPROVED: "Approved",
    ApprovalStatus.REJECTED: "Rejected",
    ApprovalStatus.PENDING: "waiting for approval again",
    None: "without an approval state",
}


def render_pending(
    package: ModelPackage,
    group: str,
    getting: Sequence[EndpointSpec],
    approvers: str,
    also: Sequence[str] = (),
    waves: Mapping[str, str] | None = None,
) -> Message:
    """A version that waits for approval.

    Args:
        package: The version.
        group: What a command calls its group.
        getting: The endpoints that would get it.
        approvers: Who decides, as people read it.
        also: Further versions that wait, and are not announced by themselves.
        waves: The wave of the fleet file that an endpoint is part of, by endpoint.
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
            section(f"If it is approved, it comes to:\n{_ways_in(getting, waves or {})}"),
            command_buttons(
                CommandButton(
                    "Approve version", approve, style="primary", confirm=_confirm(package, getting, waves or {})
                ),
                CommandButton("Reject version…", reject, style="danger"),
            ),
            context(small),
        ),
    )


def _confirm(package: ModelPackage, getting: Sequence[EndpointSpec], waves: Mapping[str, str]) -> Confirm | None:
    """Where an approval alone changes endpoints, the button asks before."""
    asking = _asking(getting, waves)
    by_itself = [spec for spec in getting if spec.policy == "auto" and waves.get(spec.name) not in asking]
    if not by_itself:
        return None
    following = [spec for spec in by_itself if _ahead_of(spec, waves) is not None]
    first = [spec for spec in by_itself if spec not in following]
    text = " ".join(f"{_who_gets_it(specs)}, {_when(specs, waves)}." for specs in (first, following) if specs)
    return Confirm(f"Approve {package.label}?", text, "Approve", "Not now")


def _who_gets_it(specs: Sequence[EndpointSpec]) -> str:
    who = f"{specs[0].name} gets it" if len(specs) == 1 else f"{len(specs)} endpoints get it"
    return f"{who} without a further question"


def _when(specs: Sequence[EndpointSpec], waves: Mapping[str, str]) -> str:
    """Of endpoints that either all follow another one, or none of them."""
    if (ahead := _ahead_of(specs[0], waves)) is not None:
        where = (
            f"{ahead.endpoint} for {say_duration(ahead.soak)}" if len(specs) == 1 else "the endpoints that they follow"
        )
        return f"after it has soaked on {where}"
    return "as soon as the change windows allow" if any(spec.windows for spec in specs) else "at once"


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
    """`Approved by @ben (yesterday, 12:00): recall is better`; what is not told is left out."""
    by, why = decided_by(package), on_one_line(decided_why(package), 300)
    who = f" by {escape_except_mentions(by)}" if by else ""
    when = f" ({moment(package.modified_at)})" if package.modified_at is not None else ""
    return f"{STATUS_WORDS[package.approval]}{who}{when}{f': {said(why)}' if why else '.'}"


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
    names = names_of(by_hand)
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
    where = f"The track of {names_of(specs)} ends with {escape(newest)}."
    todo = (
        "The Marketplace does not tell its package ARN to programs. To use it: subscribe to that version, copy its ARN for the "
        "endpoint's region from the product's Configure page, and put it at the end of `track` in the fleet file."
    )
    notes = [section(quote(clip(release.notes, _MOST_NOTES)))] if release.notes.strip() else []
    return Message(title, (section(f"{title} {where}"), *notes, context(todo)))


def release_line(release: Release) -> str:
    """A release's notes in a row among others."""
    return f"release notes: {said(on_one_line(release.notes, _SHORT_NOTES))}"


def promotion_of(spec: EndpointSpec, package: ModelPackage) -> Promote:
    """The command that brings that version to an endpoint."""
    return Promote(endpoint=spec.name, change=Change(version=package.version))


def _about(package: ModelPackage) -> list[str]:
    """What whoever registered it says about it."""
    lines = [quote(package.description)] if package.description and package.description != package.label else []
    lines.append(f"Registered {moment(package.created_at)}")
    measured = sorted((k.removeprefix(_METRIC), v) for k, v in package.properties.items() if k.startswith(_METRIC))
    if measured:
        lines.append(", ".join(f"{escape(name)} {escape(value)}" for name, value in measured[:8]))
    return lines


def _ways_in(getting: Sequence[EndpointSpec], waves: Mapping[str, str]) -> str:
    """Which endpoints get it in which way. Those of a wave come together; by hand alone is by hand, wave or not."""
    asking = _asking(getting, waves)
    alike: dict[tuple[str, str | None, bool, str], list[EndpointSpec]] = {}
    for spec in sorted(getting, key=lambda spec: _POLICIES.index(spec.policy)):
        wave = waves.get(spec.name) if spec.policy != "manual" else None
        policy = "ask" if wave in asking else spec.policy
        way = (policy, wave, policy == "auto" and bool(spec.windows), _soaked(spec, waves))
        alike.setdefault(way, []).append(spec)
    return listed([f"{names_of(specs)}: {_way_in(len(specs), *way)}" for way, specs in alike.items()])


def _asking(getting: Sequence[EndpointSpec], waves: Mapping[str, str]) -> frozenset[str]:
    """Waves that wait for approval, because one of their endpoints does."""
    return frozenset(waves[spec.name] for spec in getting if spec.policy == "ask" and spec.name in waves)


def _ahead_of(spec: EndpointSpec, waves: Mapping[str, str]) -> Follows | None:
    """Where it has to run first, and for how long; between the endpoints of one wave, its stages decide instead."""
    follows, wave = spec.follows, waves.get(spec.name)
    if follows is None or spec.policy == "manual" or (wave is not None and waves.get(follows.endpoint) == wave):
        return None
    return follows


def _soaked(spec: EndpointSpec, waves: Mapping[str, str]) -> str:
    ahead = _ahead_of(spec, waves)
    return f"it has soaked on *{escape(ahead.endpoint)}* for {say_duration(ahead.soak)}" if ahead is not None else ""


def _way_in(number: int, policy: str, wave: str | None, has_windows: bool, soaked: str) -> str:
    """As in: by themselves, as wave intent, in their change windows."""
    one = number == 1
    match policy, wave:
        case "manual", _:
            return f"only when somebody promotes {'it' if one else 'them'}"
        case "ask", None:
            each = "after" if one else "each after"
            return f"{each} {f'{soaked} and ' if soaked else ''}somebody approved its plan"
        case "ask", _:
            return f"as wave *{escape(wave or '')}*, after {f'{soaked} and ' if soaked else ''}somebody approved that"
    how = "by itself" if one else "by themselves"
    how += f", as wave *{escape(wave)}*" if wave is not None else ""
    how += f", after {soaked}" if soaked else ""
    return how + (f", in {'its' if one else 'their'} change windows" if has_windows else "")


def names_of(specs: Sequence[EndpointSpec]) -> str:
    """`*a*, *b* and *c*`; of very many, how many more."""
    shown = [f"*{escape(spec.name)}*" for spec in specs[:_MOST_NAMES]]
    left = len(specs) - len(shown)
    if left:
        return f"{', '.join(shown)} and {count(left, 'more', 'more')}"
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"
