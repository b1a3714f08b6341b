"""What the endpoint manager does, decided without a clock and without asking anybody: from how things stand to the next move."""

from bot.domain.managing.deciding import decide
from bot.domain.managing.desired import beyond_change, desired_change
from bot.domain.managing.leaving import left_out_by
from bot.domain.managing.moves import ByWave, Move, Nothing, Open, Outcome, Why, Withdraw
from bot.domain.managing.order import Mate, WaveOrder
from bot.domain.managing.proposals import Proposal, Tried
from bot.domain.managing.situation import Situation, Upstream

__all__ = [
    "ByWave",
    "Mate",
    "Move",
    "Nothing",
    "Open",
    "Outcome",
    "Proposal",
    "Situation",
    "Tried",
    "Upstream",
    "WaveOrder",
    "Why",
    "Withdraw",
    "beyond_change",
    "decide",
    "desired_change",
    "left_out_by",
]
