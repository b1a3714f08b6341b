"""The terminal face: the same commands, enqueued for the same workers; waits and prints.

Exit status: 0 done, 2 usage or unknown name, 1 failed.
"""

import getpass
import sys
import threading
import time
from collections.abc import Sequence
from datetime import timedelta
from secrets import token_hex

from bot.domain.belated import BELATED
from bot.domain.durations import span
from bot.domain.errand import ReplyTo
from bot.domain.errors import NotDeclared, RolloutBotError, UnknownName, UnknownRollout, UsageError
from bot.domain.phases import Phase
from bot.domain.rollout import Rollout
from bot.grammar import TERMINAL_PREFIX, parse_argv
from bot.intake import Intake
from bot.messages.ending import render_ending
from bot.messages.plain import NameOf, named, plain, plain_text
from bot.messages.plan import render_plan
from bot.store import Store

EXIT_OK, EXIT_FAILED, EXIT_USAGE = 0, 1, 2
PATIENCE = timedelta(seconds=120)
LOOK_SECONDS = 0.2


def run_command(argv: Sequence[str], intake: Intake, waiting: Store, name_of: NameOf) -> int:
    """Run one command; prints its answer and returns the exit status.

    Args:
        argv: The words after `python -m bot`.
        intake: Where commands go.
        waiting: A store whose connection may block for as long as an answer may take.
        name_of: Who is behind an id.
    """
    try:
        return _run(argv, intake, waiting, name_of)
    except (UsageError, UnknownName, NotDeclared, UnknownRollout) as exc:
        return _complain(exc, name_of, EXIT_USAGE)
    except RolloutBotError as exc:
        return _complain(exc, name_of, EXIT_FAILED)


def _run(argv: Sequence[str], intake: Intake, waiting: Store, name_of: NameOf) -> int:
    command = parse_argv(argv)
    key = token_hex(8)
    actor = f"terminal:{getpass.getuser()}"
    reply = ReplyTo(user_id=actor, terminal=key)
    taken = intake.take_command(
        command, actor=actor, reply=reply, delivery_id=f"terminal {key}", prefix=TERMINAL_PREFIX
    )
    if taken.errand_id is None:
        assert taken.message is not None
        print(plain(taken.message, name_of))
        return EXIT_OK
    answer = waiting.errands.wait_for_answer(key, PATIENCE)
    if answer is None:
        sys.stderr.write(
            f"No worker answered within {PATIENCE.seconds} s. The command is stored and runs if one does within "
            f"{span(BELATED)}: is `python -m workers` running?\n"
        )
        return EXIT_FAILED
    text = answer.text if answer.is_file else named(answer.text, name_of)
    print(text, file=sys.stdout if answer.exit_status == EXIT_OK else sys.stderr)
    if answer.rollout_id is None:
        return answer.exit_status
    return _follow(answer.rollout_id, intake.store, name_of)


def _follow(rollout_id: str, store: Store, name_of: NameOf) -> int:
    """Wait until the plan stands, print it, and say how the story goes on."""
    deadline = time.monotonic() + PATIENCE.total_seconds()
    pause = threading.Event()
    while time.monotonic() < deadline:
        stored = store.rollouts.load(rollout_id)
        if stored is None or stored.rollout.phase is not Phase.PLANNING:
            return _show(stored.rollout, name_of) if stored is not None else EXIT_FAILED
        pause.wait(LOOK_SECONDS)
    sys.stderr.write(f"Rollout {rollout_id} is still being planned; its card in Slack will tell.\n")
    return EXIT_FAILED


def _show(rollout: Rollout, name_of: NameOf) -> int:
    if rollout.plan is not None:
        print(plain(render_plan(rollout), name_of))
    if rollout.phase in (Phase.BLOCKED, Phase.FAILED, Phase.CANCELLED):
        print(plain(render_ending(rollout), name_of), file=sys.stderr)
        return EXIT_FAILED
    print(f"\nRollout {rollout.id} is {rollout.phase.words}.")
    return EXIT_OK


def _complain(error: RolloutBotError, name_of: NameOf, status: int) -> int:
    sys.stderr.write(plain_text(error.user_message, name_of) + "\n")
    return status
