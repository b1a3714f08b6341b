"""Errors on demand: shared by every fake."""

from collections import defaultdict, deque
from collections.abc import Iterator
from contextlib import contextmanager

from bot.domain.errors import RolloutBotError, TransientError


class Failing:
    """Raises, once each and in order, the errors that a test laid in for a method; records every call."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, ...]] = []
        self._errors: dict[str, deque[Exception]] = defaultdict(deque)

    def fail(self, method: str, *errors: Exception) -> None:
        """The next calls of the method raise these. One that is lost (`outcome_unknown`) is carried out before it raises."""
        self._errors[method].extend(errors)

    def count(self, method: str) -> int:
        """How often the method was called."""
        return sum(call[0] == method for call in self.calls)

    @contextmanager
    def called(self, method: str, *args: str) -> Iterator[None]:
        """Around the body of a fake method."""
        self.calls.append((method, *args))
        error = self._errors[method].popleft() if self._errors[method] else None
        if error is not None and not (isinstance(error, TransientError) and error.outcome_unknown):
            raise error
        yield
        if error is not None:
            raise error


def throttled(operation: str) -> TransientError:
    return TransientError(operation, "throttled")


def lost(operation: str) -> TransientError:
    """Carried out, and the answer never came."""
    return TransientError(operation, "no answer", outcome_unknown=True)


def always(error: RolloutBotError, times: int = 1000) -> tuple[RolloutBotError, ...]:
    return (error,) * times
