"""Drives the stand-in from tests and stories: people who type and click, and questions about what they see. Standard library only.

slack = SlackDriver("http://127.0.0.1:8080")
anna, ben = slack.person("anna"), slack.person("ben")
anna.command("/endpoint promote stt-prod", channel="ml-deploys")
card = slack.wait_for(lambda: slack.root_messages("ml-deploys"), what="the card")[-1]
ben.click("Approve", channel="ml-deploys", thread_ts=card.ts)
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, TypeVar

from sandbox.slack.driver_person import ButtonNotFound, Delivery, Person
from sandbox.slack.driver_values import ControlFailure, Link, Message
from sandbox.slack.transcript import transcript

__all__ = ["ButtonNotFound", "ControlFailure", "Delivery", "Message", "Person", "SlackDriver", "StillWaiting"]

Json = dict[str, Any]
Answer = TypeVar("Answer")

POLL_SECONDS = 0.05


class StillWaiting(AssertionError):
    """What was waited for did not happen in time; the text holds the transcript of every channel."""


class SlackDriver:
    """The workspace from outside."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        self._link = Link(self.url)

    def person(self, name: str) -> Person:
        """Somebody to act as: anna, ben, carla, dave, eve."""
        return Person(name, self._link)

    # What there is to see

    def messages(self, channel: str = "ml-deploys", thread_ts: str | None = None) -> list[Message]:
        """Every message of a channel, replies and everybody's ephemerals included, oldest first."""
        return self._link.messages(channel, thread_ts=thread_ts)

    def root_messages(self, channel: str = "ml-deploys") -> list[Message]:
        """The messages of a channel that are no replies and not ephemeral."""
        return [message for message in self.messages(channel) if not message.is_reply and not message.ephemeral]

    def thread(self, channel: str, ts: str) -> list[Message]:
        """A thread: its root first, then the replies; ephemerals are left out."""
        return [message for message in self.messages(channel, thread_ts=ts) if not message.ephemeral]

    def transcript(self, channel: str = "ml-deploys", thread_ts: str | None = None) -> str:
        """The channel or thread as text, with what people did in between."""
        deliveries = self._link.get("deliveries")["deliveries"]
        places = ("", channel.lstrip("#"), self._link.channel_id(channel))  # a submitted form does not say where it was
        here = [each for each in deliveries if channel_of(each) in places]
        if thread_ts:
            here = [each for each in here if each["kind"] != "command"]
        raw = [message.raw for message in self.messages(channel, thread_ts=thread_ts)]
        title = channel if channel.startswith(("#", "@")) else f"#{channel}"
        calls = [call for call in self.calls("views.open") if call["ok"]]
        opened = {call["result"]["view"]["id"]: call["args"]["trigger_id"] for call in calls}
        return transcript(f"{title}, times in UTC", raw, here, self._link.names, opened)

    def calls(self, method: str | None = None, after: int = 0) -> list[Json]:
        """The Web API calls of the app, oldest first: id, time, method, args, status, ok, error, result."""
        calls: list[Json] = self._link.get("calls", method=method or "", after=after)["calls"]
        return calls

    def deliveries(self) -> list[Json]:
        """Every payload that was sent to the app, with its fate."""
        deliveries: list[Json] = self._link.get("deliveries")["deliveries"]
        return deliveries

    def warnings(self) -> list[Json]:
        """What Slack accepted although a good app avoids it."""
        warnings: list[Json] = self._link.get("warnings")["warnings"]
        return warnings

    def health(self) -> Json:
        """Connections, delivery and rate limits."""
        return self._link.get("health")

    def download(self, file: Json) -> bytes:
        """The bytes of a file of a message."""
        return self._link.read(file["url"])

    # Trouble on demand

    def fault(self, method: str, kind: str, times: int = 1, retry_after: int = 1) -> None:
        """The next `times` calls of a method fail: 429, 500, timeout[:s], lost[:s], error:<code>, slow:<s>."""
        self._link.post("faults", method=method, kind=kind, times=times, retry_after=retry_after)

    def delivery_fault(self, kind: str, delivery: str = "*", times: int = 1) -> None:
        """The next deliveries (`command`, `interactive`, `event`, `*`) come twice: `duplicate` or `redeliver`."""
        self._link.post("faults", delivery=delivery, kind=kind, times=times)

    def clear_faults(self) -> None:
        """Forgets the faults that have not happened yet."""
        self._link.delete("faults")

    def down(self) -> None:
        """Slack's Web API is unreachable from now on."""
        self._link.post("down", down=True)

    def up(self) -> None:
        """The Web API answers again."""
        self._link.post("down", down=False)

    def rate_limits(self, mode: str) -> None:
        """`real`, `off` or a factor such as `10x`."""
        self._link.post("rate_limits", mode=mode)

    def disconnect(self, reason: str = "refresh_requested") -> None:
        """Socket Mode connections are refreshed (or cut, with `abort`)."""
        self._link.post("disconnect", reason=reason)

    def verify_request_url(self) -> Json:
        """What happens when somebody saves the request URL at Slack: ok and detail."""
        return self._link.post("verify_request_url")

    def reset(self) -> None:
        """A fresh workspace."""
        self._link.post("reset")

    # Waiting

    def wait_for(self, happened: Callable[[], Answer], timeout: float = 30, what: str = "it") -> Answer:
        """Polls until `happened` returns something true, and returns that.

        Exceptions for things that are not there yet (ButtonNotFound, IndexError, StopIteration, KeyError) count as "not yet".

        Raises:
            StillWaiting: it did not happen within `timeout` seconds.
        """
        deadline = time.monotonic() + timeout
        trouble: Exception | None = None
        while True:
            try:
                answer, trouble = happened(), None
            except (ButtonNotFound, LookupError, StopIteration) as error:
                answer, trouble = None, error
            if answer:
                return answer
            if time.monotonic() > deadline:
                raise StillWaiting(self._what_is_there(what, timeout, trouble)) from trouble
            time.sleep(POLL_SECONDS)

    def wait_until_connected(self, timeout: float = 15) -> None:
        """Waits for the app's first Socket Mode connection."""
        self.wait_for(lambda: self.health()["connections"], timeout, "the app to connect")

    def _what_is_there(self, what: str, timeout: float, trouble: Exception | None) -> str:
        failed = [f"{call['method']}: {call['error']}" for call in self.calls() if call["ok"] is False][-10:]
        parts = [f"waited {timeout:g} s for {what}, in vain" + (f" ({trouble})" if trouble else "")]
        parts += [self.transcript(channel) for channel in self._link.channels_with_messages()]
        if failed:
            parts.append("The last Web API calls that failed:\n  " + "\n  ".join(failed))
        return "\n\n".join(parts)


def channel_of(delivery: Json) -> str:
    """The id of the channel in which somebody did this; empty when it was elsewhere."""
    payload = delivery["payload"]
    return str(payload.get("channel_id") or (payload.get("channel") or {}).get("id", ""))
