"""Every action, block and callback id. Nothing else in the project spells one."""

from enum import StrEnum


class ActionId(StrEnum):
    """Buttons. A test holds this against the registered listeners, both ways."""

    APPROVE = "rollout.approve"
    SCHEDULE = "rollout.schedule"
    RUN_NOW = "rollout.run_now"
    REJECT = "rollout.reject"
    CANCEL = "rollout.cancel"
    ABORT = "rollout.abort"
    ROLL_BACK = "rollout.roll_back"
    ADD_REASON = "rollout.add_reason"
    EXTEND_WATCH = "rollout.extend_watch"
    ACCEPT = "rollout.accept"
    BREAK_LOCK = "lock.break"
    HOME_ROWS = "home.rows"
    HOME_PREVIOUS = "home.previous"
    HOME_NEXT = "home.next"
    COMMAND = "command.run"
    COMMAND_2 = "command.run_2"
    COMMAND_3 = "command.run_3"
    COMMAND_4 = "command.run_4"
    COMMAND_5 = "command.run_5"


COMMAND_PLACES = (
    ActionId.COMMAND,
    ActionId.COMMAND_2,
    ActionId.COMMAND_3,
    ActionId.COMMAND_4,
    ActionId.COMMAND_5,
)
"""Buttons that type a command: action ids are unique within a row, so each place has its own."""


class BlockId(StrEnum):
    """Blocks that carry buttons; block ids are unique within a message."""

    DECISION = "rollout.decision"
    STEERING = "rollout.steering"
    LOCK = "lock.question"
    COMMANDS = "command.buttons"
    HOME = "home.steering"


class CallbackId(StrEnum):
    """Modals. A test holds this against the registered listeners, both ways."""

    REJECT_REASON = "rollout.reject_reason"
    ACCEPT_REASON = "rollout.accept_reason"
    REJECT_VERSION = "version.reject"


class InputId(StrEnum):
    """Inputs of modals: the id of the block and of the element in it."""

    REASON = "reason"


METADATA_EVENT = "endpoint_bot_slot"
"""The event_type of the metadata on each message of a thread: by it the notifier finds its own message again."""
