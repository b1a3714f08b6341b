"""The one funnel for everything that goes wrong in a listener: the person gets a sentence, the log gets the rest.

One of the two places that catch every Exception (Bolt hands them over); the other is the workers' `jobs.crashed`.
"""

import json
import logging
from collections.abc import Mapping
from secrets import token_hex
from typing import Any

from slack_bolt import BoltContext, BoltResponse
from slack_bolt.error import BoltUnhandledRequestError
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.webhook import WebhookClient

from bot.domain.errors import (
    InvariantError,
    RolloutBotError,
    StoreUnavailable,
    UnknownName,
    UsageError,
    UserError,
)
from bot.intake import Intake
from bot.listeners.surfaces import Body, Origin, origin_of
from bot.messages.blocks import escape_except_mentions
from bot.messages.modals import render_notice
from bot.messages.plain import plain_text

log = logging.getLogger(__name__)

ANSWER_SECONDS = 2


def answer_error(error: Exception, body: Body, client: WebClient, context: BoltContext) -> BoltResponse:
    """Tell the person what happened; Slack itself always gets 200, because delivering it again would not help."""
    if isinstance(error, BoltUnhandledRequestError):
        return BoltResponse(status=200)
    words = _text(error)
    if body.get("type") == "view_submission":
        return _json(_said_in_form(body["view"], words))
    text = escape_except_mentions(words)
    origin = origin_of(body)
    if "command" in body:
        return _json({"response_type": "ephemeral", "text": text})
    if origin is not None and not _was_answered(error, origin, context.get("intake")):
        _whisper(origin, text, client)
    return BoltResponse(status=200)


def _json(answer: Mapping[str, Any]) -> BoltResponse:
    return BoltResponse(status=200, body=json.dumps(answer), headers={"content-type": "application/json"})


def _said_in_form(view: Mapping[str, Any], words: str) -> Mapping[str, Any]:
    """Slack shows an error only beside an input; a modal without one is replaced by the sentence."""
    inputs = [block["block_id"] for block in view["blocks"] if block["type"] == "input"]
    if inputs:
        return {"response_action": "errors", "errors": {inputs[0]: plain_text(words)}}
    return {"response_action": "update", "view": render_notice("That did not work", escape_except_mentions(words))}


def _was_answered(error: Exception, origin: Origin, intake: Intake | None) -> bool:
    """Whether this delivery came before and was answered. Without the store that cannot be told, and an answer is owed."""
    if intake is None or isinstance(error, StoreUnavailable):
        return False
    try:
        return not intake.is_first(origin.delivery_id)
    except StoreUnavailable:
        return False


def _text(error: Exception) -> str:
    if isinstance(error, UsageError | UnknownName):
        log.info(
            "refused: %s", type(error).__name__
        )  # its words quote what was typed, which may be a secret in the wrong place
        return error.user_message
    if isinstance(error, UserError):
        log.info("refused: %s", error)
        return error.user_message
    if isinstance(error, StoreUnavailable):
        log.warning("%s", error)
        return error.user_message
    if isinstance(error, RolloutBotError) and not isinstance(error, InvariantError):
        log.error("%s", error)
        return error.user_message
    reference = token_hex(4)
    log.error("unforeseen, reference %s", reference, exc_info=error)
    return f"The bot failed at this, and nothing was started. Its log has the particulars under reference {reference}."


def _whisper(origin: Origin, text: str, client: WebClient) -> None:
    """Answer to that person only. If Slack does not take even that, the log has it."""
    reply = origin.reply
    try:
        if reply.response_url is not None:
            hook = WebhookClient(reply.response_url, timeout=ANSWER_SECONDS, retry_handlers=[])
            hook.send(text=text, response_type="ephemeral", replace_original=False)
        elif reply.channel_id is not None:
            client.chat_postEphemeral(
                channel=reply.channel_id, user=reply.user_id, text=text, thread_ts=reply.thread_ts
            )
        else:
            client.chat_postMessage(channel=reply.user_id, text=text)
    except (SlackApiError, OSError) as exc:
        log.warning("%s could not be answered: %s", origin.actor, exc)
