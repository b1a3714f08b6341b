"""The root of all errors, and how they survive pickling."""

from typing import Any


class RolloutBotError(Exception):
    """The root. `str()` is what the log gets: the user's text with `detail` behind it."""

    def __init__(self, user_message: str, *, detail: str = "") -> None:
        super().__init__(f"{user_message} [{detail}]" if detail else user_message)
        self.user_message = user_message

    def __reduce__(self) -> tuple[Any, ...]:
        # Exceptions pickle as cls(*args), which no constructor with keywords survives.
        return _revive, (type(self), self.args, self.__dict__)


def _revive(cls: type[RolloutBotError], args: tuple[Any, ...], state: dict[str, Any]) -> RolloutBotError:
    error = cls.__new__(cls)
    error.args = args
    error.__dict__.update(state)
    return error
