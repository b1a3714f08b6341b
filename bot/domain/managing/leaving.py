"""Why a wave that the manager opens leaves out the others of the same name: its plan says it of each."""

from collections.abc import Collection, Mapping

from bot.domain.managing.moves import ByWave, Move, Nothing, Open, Why, Withdraw
from bot.domain.managing.order import Mate, is_there, may_pass, words_of
from bot.domain.wave import LeftOut


def left_out_by(
    brought: ByWave, members: Collection[str], mates: Mapping[str, Mate], moves: Mapping[str, Move]
) -> tuple[LeftOut, ...]:
    """Those of the wave's endpoints that are not among its members, and why.

    Args:
        brought: What the wave brings.
        members: Whom it brings that to.
        mates: All endpoints of the wave that are known.
        moves: What is done about each now.
    """
    return tuple(_left_out(name, mate, moves[name], brought) for name, mate in mates.items() if name not in members)


def _left_out(name: str, mate: Mate, move: Move, brought: ByWave) -> LeftOut:
    running = mate.standing.running
    if isinstance(move, Nothing) and move.why is Why.NOT_NEWER:
        return LeftOut(endpoint=name, why=f"runs {running}, which is newer", is_current=True)
    if is_there(mate, brought):
        has_it = f"runs {brought.label} already" if brought.package_arn is not None else "is as the fleet file says"
        return LeftOut(endpoint=name, why=has_it, is_current=True)
    waits, what = _what_keeps(move, brought)
    return LeftOut(endpoint=name, why=f"{'waits' if waits else 'stays as it is'}: {what}", is_waiting=waits)


def _what_keeps(move: Move, brought: ByWave) -> tuple[bool, str]:
    """Whether that passes by itself, and what it is."""
    match move:
        case Nothing(why=why, text=text):
            return may_pass(why), text
        case Withdraw(nothing=nothing):
            return False, nothing.text
        case Open():
            return True, "a rollout of its own is opened for it"
        case ByWave() if move.package_arn == brought.package_arn:
            return True, "sync was asked for others only"
        case ByWave():
            return True, f"it gets {words_of(move)}, after this wave"
