"""The modals: forms that open above the conversation. Pure, like messages; what is submitted comes back to listeners/forms.py."""

from typing import Any

from bot.domain.commands import RejectVersion
from bot.domain.errand import FormContext, ReplyTo
from bot.domain.rejection import REASON_LIMIT
from bot.domain.rollout import Rollout
from bot.messages.blocks import Block, escape, section
from bot.messages.ids import CallbackId, InputId

View = dict[str, Any]


def render_reject_reason(rollout: Rollout) -> View:
    """Asks the rejecter why. The rejection stands whatever they do, and the form says so before anything else."""
    return _reason_form(
        rollout,
        CallbackId.REJECT_REASON,
        title="Why reject?",
        stands=f"The change of *{escape(rollout.endpoint)}* is rejected, and it stays so if you close this.",
    )


def render_accept_reason(rollout: Rollout) -> View:
    """Asks who has accepted a regression why. It is accepted whatever they do, and the form says so before anything else."""
    return _reason_form(
        rollout,
        CallbackId.ACCEPT_REASON,
        title="Why accept it?",
        stands=(
            f"The regression of *{escape(rollout.endpoint)}* is accepted in your name, and it stays so if you close this. "
            "The bot does not roll this rollout back by itself any more; Roll back still works."
        ),
    )


def render_reject_version(label: str, command: RejectVersion, reply: ReplyTo) -> View:
    """Asks why a version shall be rejected; it is rejected when this is submitted, and not before.

    Args:
        label: The version as people call it.
        command: What the form completes.
        reply: Where the answer goes.
    """
    context = FormContext(command=command, channel_id=reply.channel_id, thread_ts=reply.thread_ts)
    hint = "Kept in the model registry, for whoever trained it."
    why = _paragraph(InputId.REASON, "Reason", hint, REASON_LIMIT) | {"optional": False}
    text = f"*{escape(label)}* is set to Rejected in the model registry when you send this. Until then nothing changes."
    return {
        "type": "modal",
        "callback_id": str(CallbackId.REJECT_VERSION),
        "private_metadata": context.model_dump_json(),
        "title": _plain("Reject the version?"),
        "submit": _plain("Reject"),
        "close": _plain("Cancel"),
        "blocks": [section(text), why],
    }


def _reason_form(rollout: Rollout, callback_id: CallbackId, *, title: str, stands: str) -> View:
    hint = "Shown in the rollout's thread and kept in its history."
    return {
        "type": "modal",
        "callback_id": str(callback_id),
        "private_metadata": _context_of(rollout).model_dump_json(),
        "title": _plain(title),
        "submit": _plain("Add the reason"),
        "close": _plain("Skip"),
        "blocks": [section(stands), _paragraph(InputId.REASON, "Reason", hint, REASON_LIMIT)],
    }


def render_notice(title: str, text: str) -> View:
    """A modal that only says something, in the place of a form that nobody knows any more."""
    return {"type": "modal", "title": _plain(title), "close": _plain("Close"), "blocks": [section(text)]}


def _context_of(rollout: Rollout) -> FormContext:
    return FormContext(rollout_id=rollout.id, channel_id=rollout.thread.channel_id, thread_ts=rollout.thread.thread_ts)


def _paragraph(input_id: InputId, label: str, hint: str, most: int) -> Block:
    """An optional text of several lines."""
    element = {"type": "plain_text_input", "action_id": str(input_id), "multiline": True, "max_length": most}
    return {
        "type": "input",
        "block_id": str(input_id),
        "optional": True,
        "label": _plain(label),
        "hint": _plain(hint),
        "element": {**element, "focus_on_load": True},
    }


def _plain(text: str) -> Block:
    return {"type": "plain_text", "text": text, "emoji": False}
