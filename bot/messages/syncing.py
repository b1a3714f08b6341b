"""What sync answers: what was opened, and for everything else why nothing was done."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from bot.domain.managing import ByWave, Nothing, Open, Outcome, Why, Withdraw
from bot.messages.blocks import Block, Message, code, context, escape, escape_except_mentions, listed, section
from bot.messages.words import count

_MOST_LINES = 40
_LINES_PER_BLOCK = 8
_MOST_NAMES = 12

_LEFT = {
    Why.AS_DECLARED: "as the fleet file and the registry say",
    Why.ALARMS_SET: "given the alarms that the fleet file says",
    Why.BEYOND_UPDATES: "different in what no rollout changes; sync of each says what to do",
    Why.BY_POLICY: "left to people by policy",
    Why.HELD: "held by somebody",
    Why.VERSION_HELD: "left alone, because the newest version is held or quarantined",
    Why.NO_VERSION: "without an approved version that may run",
    Why.NOT_NEWER: "on a version that is not older than the newest approved one",
    Why.REVOKED: "REVOKED, and no newer approved version may follow; sync of each says what to do",
    Why.UPSTREAM: "waiting for the endpoint ahead",
    Why.SOAKING: "waiting until the version has soaked on the endpoint ahead",
    Why.TORN_DOWN: "torn down",
    Why.NEEDS_PERSON: "in a state that a person has to look at",
    Why.UNREAD: "waiting until the tags are read, which may tell of holds",
    Why.UNKNOWN: "unknown, because AWS did not answer",
    Why.UPDATING: "being updated",
    Why.TESTING: "compared in a test",
    Why.LOCKED: "locked",
    Why.BUSY: "busy with another rollout",
    Why.PROPOSED: "proposed already",
    Why.IN_WAVE: "in a wave that is under way, or behind one",
    Why.WAVE_ORDER: "waiting for an earlier stage of a wave",
    Why.REFUSED: "left, after somebody said no",
    Why.LATER: "due later; sync again",
    Why.NO_EFFECT: "different after the same change succeeded",
    Why.FULL: "waiting until others are done; sync again then",
    Why.NO_CHANNEL: "without a channel in the fleet file to be told in",
}
"""After “3 endpoints are …”, and just as well after “1 endpoint is …”."""


def render_sync(outcomes: Sequence[Outcome], *, in_full: bool) -> Message:
    """What came of a sync.

    Args:
        outcomes: One for each endpoint that was meant.
        in_full: Say of each why nothing was done, in particular; otherwise they are counted.
    """
    if in_full:
        told = "\n".join(_line(outcome) for outcome in outcomes)
        return Message(told, (section(told),))
    done = [_line(outcome) for outcome in outcomes if not isinstance(outcome.move, Nothing)]
    left = [(outcome.endpoint, outcome.move) for outcome in outcomes if isinstance(outcome.move, Nothing)]
    title = f"*Sync* of {count(len(outcomes), 'endpoint')}: {_came_of(outcomes)}"
    blocks: list[Block] = [section(title)]
    shown = done[:_MOST_LINES]
    blocks += [section(listed(shown[i : i + _LINES_PER_BLOCK])) for i in range(0, len(shown), _LINES_PER_BLOCK)]
    if len(done) > _MOST_LINES:
        blocks.append(context(f"{len(done) - _MOST_LINES} more are not shown: status tells of them."))
    if left:
        blocks.append(section(listed(list(_counted(left)))))
    return Message(title, tuple(blocks))


def _came_of(outcomes: Sequence[Outcome]) -> str:
    """In a few words: “nothing to do” is said only where everything is as it should be."""
    moves = [outcome.move for outcome in outcomes]
    taken_back = sum(isinstance(move, Withdraw) for move in moves)
    on_the_way = sum(not isinstance(move, Nothing) for move in moves) - taken_back
    whys = [move.why for move in moves if isinstance(move, Nothing)]
    came = [f"{count(on_the_way, 'endpoint')} on the way"] if on_the_way else []
    came += [f"{count(taken_back, 'plan')} taken back"] if taken_back else []
    came += [f"the alarms of {count(alarmed, 'endpoint')} set"] if (alarmed := whys.count(Why.ALARMS_SET)) else []
    if came:
        return ", ".join(came)
    return "nothing to do" if set(whys) <= {Why.AS_DECLARED} else "nothing opened now, for the reasons below"


def _line(outcome: Outcome) -> str:
    name = f"*{escape(outcome.endpoint)}*"
    match outcome.move:
        case Open() as move:
            how = "It needs no click." if move.without_click else "Its plan asks for approval."
            return f"{name}: rollout {code(outcome.opened)} is opened, because {_particular(move)}. {how}"
        case ByWave() as move:
            wave = f"the wave {escape(move.wave)} ({code(outcome.opened)})"
            how = "" if move.without_click else " Its plan asks for approval."
            return f"{name}: {wave} brings it, because {_particular(move)}.{how}"
        case Withdraw() as move:
            return f"{name}: rollout {code(move.rollout_id)} is taken back, because {_particular(move.nothing)}."
        case Nothing(why=Why.ALARMS_SET) as move:
            return f"{name}: {_particular(move)}. No rollout was needed."
        case move:
            what = "Nothing to do" if move.why is Why.AS_DECLARED else "Nothing was started"
            return f"{what} on {name}: {_particular(move)}."


def _particular(move: Nothing | Open | ByWave) -> str:
    text = move.text if isinstance(move, Nothing) else move.reason
    return escape_except_mentions(text.rstrip("."))


def _counted(left: Sequence[tuple[str, Nothing]]) -> Iterator[str]:
    by_reason: defaultdict[Why, list[str]] = defaultdict(list)
    for name, move in left:
        by_reason[move.why].append(name)
    for why, names in sorted(by_reason.items(), key=lambda item: (item[0] is not Why.AS_DECLARED, item[0])):
        are = "is" if len(names) == 1 else "are"
        shown = "" if why is Why.AS_DECLARED else f": {', '.join(escape(n) for n in names[:_MOST_NAMES])}"
        more = f" and {len(names) - _MOST_NAMES} more" if shown and len(names) > _MOST_NAMES else ""
        yield f"{count(len(names), 'endpoint')} {are} {_LEFT[why]}{shown}{more}"
