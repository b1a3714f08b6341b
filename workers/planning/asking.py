"""How a plan asks about what is only good to know: a refusal makes a fact unknown, and never stops the plan."""

import logging
from collections.abc import Callable
from typing import TypeVar

from bot.domain.errors import GatewayError, TransientError

log = logging.getLogger(__name__)

T = TypeVar("T")


def or_unknown(what: str, ask: Callable[[], T]) -> T | None:
    """Nothing when AWS refuses to say. What may only be asked again later raises, because a plan rests on it."""
    try:
        return ask()
    except GatewayError as exc:
        log.warning("%s cannot be told: %s", what, exc)
        return None


def if_told(what: str, ask: Callable[[], T]) -> T | None:
    """Nothing also when AWS does not answer: no plan waits for what is only good to know."""
    try:
        return or_unknown(what, ask)
    except TransientError as exc:
        log.info("%s cannot be told now: %s", what, exc)
        return None
