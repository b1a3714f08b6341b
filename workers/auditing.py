"""Hands out the audit trail: who decided what, when, as JSON lines for whoever has to prove it."""

import json
from dataclasses import dataclass

from bot.domain import commands
from bot.domain.errand import CommandErrand
from bot.messages.words import count, span
from workers.answering import Answering
from workers.world import World


@dataclass(frozen=True)
class Auditing:
    """Carries out audit, for anybody of the workspace: the trail has no secrets, and everybody saw its decisions made."""

    world: World
    answering: Answering

    def carry_out(self, errand: CommandErrand, command: commands.Audit) -> None:
        """A file where it was asked for, or lines in a terminal. Running it again gives the file again, with what came since."""
        now = self.world.clock()
        lines = [json.dumps(entry, ensure_ascii=False) for entry in self.world.store.audit.since(now - command.since)]
        which = f"{count(len(lines), 'decision')} of the last {span(command.since)}"
        self.answering.give_file(
            errand.reply,
            "\n".join(lines),
            filename=f"audit-{now:%Y%m%d-%H%M}.jsonl",
            title=which,
            note=f"The audit trail: {which}, oldest first, one JSON object a line.",
        )
