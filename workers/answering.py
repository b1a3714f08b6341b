"""Answers find their way back: through a response_url, into a thread, or to a waiting terminal."""

import logging
from dataclasses import dataclass

from bot.domain.errand import ReplyTo
from bot.domain.errors import SlackRefused, UserError
from bot.domain.rollout import Rollout
from bot.messages.answers import render_text
from bot.messages.blocks import Message
from bot.messages.plain import left_open, plain
from bot.store.errands import Answer
from workers.world import World

log = logging.getLogger(__name__)

EXIT_OK, EXIT_FAILED, EXIT_USAGE = 0, 1, 2


@dataclass(frozen=True)
class Answering:
    """Sends what somebody asked for, or why not."""

    world: World

    def answer(
        self,
        reply: ReplyTo,
        message: Message,
        *,
        exit_status: int = EXIT_OK,
        rollout_id: str | None = None,
        in_channel: bool = False,
    ) -> None:
        """An answer to a question: seen by whoever asked, or by everybody in the thread where it was asked.

        With `in_channel` everybody sees it wherever it was asked: it is news for them too.
        """
        if reply.terminal is not None:
            self._to_terminal(reply, message, exit_status, rollout_id)
        elif reply.response_url is not None:
            self._respond(reply, reply.response_url, message, in_channel=in_channel, in_place=reply.in_place)
        else:
            self._post(reply, message)

    def opened(self, reply: ReplyTo, rollout: Rollout) -> None:
        """In a channel the card is the answer; elsewhere somebody is told where the story is told. A terminal follows it by its id."""
        where = rollout.thread.channel_id
        if reply.terminal is None and not reply.is_elsewhere:
            return
        told_in = f"Slack, in channel {where}" if reply.terminal is not None else f"<#{where}>"
        text = f"Rollout {rollout.id} of {rollout.endpoint} is opened; its story is told in {told_in}."
        self.answer(reply, render_text(text), rollout_id=rollout.id)

    def give_file(self, reply: ReplyTo, content: str, *, filename: str, title: str, note: str) -> None:
        """A file where it was asked for; a terminal prints it as it is.

        Args:
            reply: Where it was asked for.
            content: The file.
            filename: With an ending, by which Slack shows it.
            title: What it is, in a few words.
            note: What is said with it in Slack.

        Raises:
            UserError: it cannot be put there, for instance because the bot is not a member of that channel.
        """
        if reply.terminal is not None:
            self.world.store.errands.answer(reply.terminal, Answer(content, EXIT_OK, is_file=True))
            return
        if reply.channel_id is None:
            raise UserError("A file can be given in a channel or in the bot's messages only: type the command there.")
        try:
            self.world.slack.upload(
                reply.channel_id,
                reply.thread_ts,
                filename=filename,
                content=content.encode(),
                title=title,
                alt_text=title,
            )
        except SlackRefused as exc:
            raise UserError(
                f"The file could not be put here: invite the bot with `/invite @{self.world.slack.own_name()}`, then ask again."
            ) from exc
        self.answer(reply, render_text(note))

    def refuse(self, reply: ReplyTo, text: str, *, exit_status: int = EXIT_FAILED) -> None:
        """Why something was not done, to that person only."""
        message = render_text(text)
        if reply.terminal is not None:
            self._to_terminal(reply, message, exit_status, None)
        elif reply.response_url is not None:
            self._respond(reply, reply.response_url, message)
        elif reply.channel_id is not None:
            self.world.slack.whisper(
                reply.channel_id, reply.user_id, text=message.text, blocks=message.blocks, thread_ts=reply.thread_ts
            )
        else:
            self._post(reply, message)

    def _respond(
        self, reply: ReplyTo, url: str, message: Message, *, in_channel: bool = False, in_place: bool = False
    ) -> None:
        """Through the response_url; Slack takes five answers there, within half an hour. Later, as near to it as may be."""
        slack, text, blocks = self.world.slack, message.text, message.blocks
        try:
            slack.respond(url, text=text, blocks=blocks, in_channel=in_channel, in_place=in_place)
        except SlackRefused as exc:
            log.info("an answer to %s goes another way: %s", reply.user_id, exc)
            self._beside(reply, message, in_channel=in_channel)

    def _beside(self, reply: ReplyTo, message: Message, *, in_channel: bool) -> None:
        """Where it was asked, and where the bot may not speak there, in that person's direct messages."""
        slack, text, blocks = self.world.slack, message.text, message.blocks
        try:
            if in_channel and reply.channel_id is not None:
                slack.post(reply.channel_id, text=text, blocks=blocks, thread_ts=reply.thread_ts)
                return
            if reply.channel_id is not None:
                slack.whisper(reply.channel_id, reply.user_id, text=text, blocks=blocks, thread_ts=reply.thread_ts)
                return
        except SlackRefused as exc:
            log.info("%s is answered in direct messages: %s", reply.user_id, exc)
        slack.post(reply.user_id, text=text, blocks=blocks)

    def _post(self, reply: ReplyTo, message: Message) -> None:
        """As a message where it was asked; what was pressed in the App Home tab is answered in direct messages."""
        place = reply.channel_id or reply.user_id
        self.world.slack.post(place, text=message.text, blocks=message.blocks, thread_ts=reply.thread_ts)

    def _to_terminal(self, reply: ReplyTo, message: Message, exit_status: int, rollout_id: str | None) -> None:
        assert reply.terminal is not None
        self.world.store.errands.answer(reply.terminal, Answer(plain(message, left_open), exit_status, rollout_id))
