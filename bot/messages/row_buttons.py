"""The one button that a row of the board calls for. It types a command; who may do that is decided as for typing."""

from bot.domain.board import Standing
from bot.domain.commands import Change, Deploy, Promote, Rollback, Status, Sync
from bot.domain.kept_alarms import is_about_alarms
from bot.domain.states import BoardState
from bot.messages.blocks import CommandButton, Confirm
from bot.messages.rows import Row, serves_nothing


def button_of(row: Row) -> CommandButton | None:
    """The one thing that its state calls for; where somebody is at it already, or it is locked, only a closer look."""
    name, state = row.standing.endpoint, row.standing.state
    if state is BoardState.UNMANAGED:
        return None
    if row.rollouts or row.locked is not None:
        return _details(name)
    match state:
        case BoardState.REVOKED if row.standing.is_trial:  # which of the two stays is no matter of one click
            return _details(name)
        case BoardState.OUT_OF_DATE | BoardState.REVOKED if _has_newer(row.standing):
            words = (
                f"The change of {name} is planned, and its approvers are asked, unless the fleet file says otherwise."
            )
            asked = Confirm(f"Promote {name}?", words, "Plan it", "Leave it")
            return CommandButton("Promote", _promotion(row.standing), confirm=asked)
        case BoardState.REVOKED:
            words = f"A rollback of {name} to the config of before is planned, and its approvers are asked."
            asked = Confirm(f"Roll back {name}?", words, "Roll back", "Leave it")
            return CommandButton("Roll back", Rollback(endpoint=name), style="danger", confirm=asked)
        case BoardState.DRIFTED if not is_left_to_hands(row.standing):
            words = (
                f"{name} is to be brought to what the fleet file says: its change is planned, and its approvers are asked. What no "
                "rollout changes is told to you."
            )
            if row.standing.drift and all(is_about_alarms(difference) for difference in row.standing.drift):
                words = f"The alarms of {name} are set as the fleet file says, at once and without an approval."
            asked = Confirm(f"Sync {name}?", words, "Sync it", "Leave it")
            return CommandButton("Sync", Sync(endpoint=name), confirm=asked)
        case BoardState.NOT_DEPLOYED:
            return _deploy(
                row.standing,
                "Deploy",
                f"{name} does not exist. Its creation is planned, and its approvers are asked.",
            )
        case BoardState.FAILED if serves_nothing(row.standing):
            return _deploy(
                row.standing,
                "Create anew",
                f"{name} is Failed. A new one is planned, and its approvers are asked.",
            )
        case BoardState.UP_TO_DATE:
            return None
        case _:
            return _details(name)


def is_left_to_hands(standing: Standing) -> bool:
    """Whether all that differs is of a kind that no rollout brings back."""
    return bool(standing.drift) and len(standing.by_hand) == len(standing.drift)


def _details(name: str) -> CommandButton:
    return CommandButton("Details", Status(endpoint=name))


def _deploy(standing: Standing, label: str, words: str) -> CommandButton:
    asked = Confirm(f"{label}: {standing.endpoint}?", words, "Plan it", "Leave it")
    return CommandButton(label, Deploy(endpoint=standing.endpoint), confirm=asked)


def _promotion(standing: Standing) -> Promote:
    """Where the newest version is held, the one that may follow is named: without a name, promote means the newest."""
    if not standing.passed_over:
        return Promote(endpoint=standing.endpoint)
    return Promote(endpoint=standing.endpoint, change=Change(package=standing.newest_package))


def _has_newer(standing: Standing) -> bool:
    return bool(standing.newest) and standing.newest != standing.running
