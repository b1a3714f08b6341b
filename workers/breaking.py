"""The question to a second person, who may agree to break somebody's lock: posted once, and without a button once it is over."""

import logging
from dataclasses import dataclass

from bot.domain.approval import describe_approvers
from bot.domain.errand import ReplyTo
from bot.domain.errors import SlackRefused, TransientError, UserError
from bot.domain.lock import BreakRequest, LockEvent, LockEventKind, policy_over
from bot.messages.blocks import Message
from bot.messages.ids import METADATA_EVENT
from bot.messages.locks import (
    render_break_notice,
    render_break_outcome,
    render_break_reply,
    render_break_request,
)
from workers.world import World

log = logging.getLogger(__name__)

QUESTION, REPLY = "break_question", "break_reply"


@dataclass(frozen=True)
class Breaking:
    """Posts and settles these messages."""

    world: World

    def channel_for(self, reply: ReplyTo, subject: str) -> str | None:
        """Where others can see the question: where it was typed, or else the endpoint's own channel; None if there is neither."""
        if reply.channel_id is not None and not reply.channel_id.startswith("D"):
            return reply.channel_id
        spec = self.world.fleet.endpoints.get(subject)
        return spec.channel if spec is not None else None

    def ask(self, asked: LockEvent, channel: str) -> None:
        """Post the question, once, and tell the holder. Raises UserError if Slack will not have it."""
        store = self.world.store.locks
        request = store.request(asked.caused_by)
        if request is None or request.message_ts:
            return
        approvers = describe_approvers(policy_over(request.lock.subject, self.world.fleet))
        store.note(
            request.id, channel_id=channel
        )  # the intent: a second run then looks for the message before it posts
        try:
            message_ts = self._post(
                request,
                QUESTION,
                render_break_request(request, approvers),
                channel,
                look_first=bool(request.channel_id),
            )
        except SlackRefused as exc:
            raise UserError(
                f"A second person has to agree, but they could not be asked: {exc.user_message}. Nothing was unlocked. "
                f"Type /invite @{self.world.slack.own_name()} in the channel, then ask again."
            ) from exc
        store.note(request.id, message_ts=message_ts)
        self._tell_holder(request, channel, message_ts)

    def settle_soon(self) -> None:
        """Settle what is over. If Slack cannot take it now, the pump comes back to it."""
        try:
            self.settle()
        except TransientError as exc:
            log.info("messages about locks are settled later: %s", exc)

    def settle(self) -> None:
        """Take the button away wherever nothing is left to agree to. Raises TransientError when Slack does not answer."""
        for request in self.world.store.locks.unsettled(self.world.clock()):
            with self.world.store.due.hold("settle", request.id, self.world.lease) as hold:
                if hold is not None:
                    self._settle(request)

    def _settle(self, request: BreakRequest) -> None:
        outcome = render_break_outcome(request)
        try:
            self.world.slack.edit(request.channel_id, request.message_ts, text=outcome.text, blocks=outcome.blocks)
            if request.ended is not None and request.ended.kind is LockEventKind.BROKEN:
                self._post(request, REPLY, render_break_reply(request), request.channel_id, look_first=True)
        except SlackRefused as exc:
            log.warning("request %s cannot be settled in Slack: %s", request.id, exc)
        self.world.store.locks.note(request.id, is_settled=True)

    def _post(self, request: BreakRequest, slot: str, message: Message, channel: str, *, look_first: bool) -> str:
        """Post it, unless it is there: an earlier run may have died between the post and its bookkeeping."""
        identity = {"request": request.id, "slot": slot}
        thread_ts = request.message_ts if slot == REPLY else None
        found = look_first and self.world.slack.find_own(
            channel, event_type=METADATA_EVENT, payload=identity, since=request.asked_at, thread_ts=thread_ts
        )
        metadata = {"event_type": METADATA_EVENT, "event_payload": identity}
        return found or self.world.slack.post(
            channel, text=message.text, blocks=message.blocks, thread_ts=thread_ts, metadata=metadata
        )

    def _tell_holder(self, request: BreakRequest, channel: str, message_ts: str) -> None:
        """A direct message, because the holder may not be in that channel. The question stands without it."""
        try:
            notice = render_break_notice(request, self.world.slack.permalink(channel, message_ts))
            self.world.slack.post(request.lock.holder, text=notice.text, blocks=notice.blocks)
        except (SlackRefused, TransientError) as exc:
            log.warning("%s was not told of request %s: %s", request.lock.holder, request.id, exc)
