"""The bot ends its Socket Mode connection whatever happens to it at that moment."""

from __future__ import annotations

from bot.__main__ import hang_up


class Handler:
    """A handler of which slack_sdk loses the socket while it is being closed."""

    def __init__(self, *, is_lost: bool) -> None:
        self.is_lost = is_lost
        self.is_closed = False

    def close(self) -> None:
        if self.is_lost:
            self.is_lost = False
            raise AttributeError("'NoneType' object has no attribute 'close'")
        self.is_closed = True


def test_a_connection_is_closed_once() -> None:
    handler = Handler(is_lost=False)
    hang_up(handler)  # type: ignore[arg-type]
    assert handler.is_closed


def test_a_connection_that_is_lost_while_it_is_closed_ends_as_well() -> None:
    handler = Handler(is_lost=True)
    hang_up(handler)  # type: ignore[arg-type]
    assert handler.is_closed
