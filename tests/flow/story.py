"""A rollout as people live it: what they type and press, and what its thread then says."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import boto3
import redis
import yaml

from bot.domain.phases import Phase
from sandbox.slack.driver import Delivery, Message
from sandbox.stack import SAMPLE_FLEET, Stack

CHANNEL = "ml-deploys"
STATES = [phase.words for phase in Phase]
TOLD_BY_A_PROMOTION = ["card", "plan", "progress", "watch", "summary", "chart"]
TOLD_BY_A_ROLLBACK_BUTTON = ["progress", "ending"]
BEYOND_CHANCE: dict[str, Any] = {"tolerance": {"relative": "50%"}, "metrics": {"p99": "muted", "spread": "muted"}}
"""A judge of latency whom chance does not mislead: by design, one healthy watch in a hundred may be called REGRESSED, and in these
tests that would be a failure of what comes after the verdict. Where small regressions are found is `tests/judging`."""

OF_THE_HOUR = ("✓ ", "⚠ ", "→ ", "Traffic: ", "Streams: ")
"""How the lines of a plan begin that depend on the time of day: busy at ten, and from 02:00 on the next quiet hour is tomorrow's."""

Seen = TypeVar("Seen")


def quick_fleet(folder: Path, *, endpoints: dict[str, Any] | None = None, **defaults: dict[str, Any]) -> Path:
    """The sample fleet with waits of a second, verdicts beyond chance, and changes of its `defaults` blocks and `endpoints`."""
    fleet = yaml.safe_load(SAMPLE_FLEET.read_text())
    fleet["defaults"]["timing"] = {"poll": "1s", "settle": "1s", "sweep": "2s", "lease": "2s"}
    fleet["defaults"]["watch"] |= {"duration": "1s", "warm_up": "1s"} | BEYOND_CHANCE
    for block, values in defaults.items():
        fleet["defaults"][block] |= values
    for endpoint, values in (endpoints or {}).items():
        fleet["endpoints"][endpoint] |= values
    path = folder / "fleet.yaml"
    path.write_text(yaml.safe_dump(fleet))
    return path


@dataclass(frozen=True)
class Story:
    """One rollout's thread."""

    stack: Stack
    ts: str
    channel: str = CHANNEL

    @property
    def card(self) -> Message:
        """The root message."""
        return self.messages[0]

    @property
    def messages(self) -> list[Message]:
        """The card and its replies, what only one person sees left out."""
        return self.stack.slack.thread(self.channel, self.ts)

    @property
    def state(self) -> str:
        """The state in words; a card that shows none, or several, is a defect."""
        line = re.search(r"State: ([\w ]+)", self.card.plain)
        assert line is not None, self.card.plain
        return line[1].strip()

    @property
    def rollout_id(self) -> str:
        """The rollout's id, as the card names it."""
        found = re.search(r"· rollout `?(r[a-z0-9]{7})", self.card.plain)  # others may be named: who it waits for
        assert found is not None, self.card.plain
        return found[1]

    @property
    def slots(self) -> list[str]:
        """What each message of the bot is, in the order in which they stand in the thread."""
        return [slot_of(message) for message in self.messages if message.user == "endpoint-bot"]

    @property
    def words(self) -> dict[str, str]:
        """What the thread says, without what differs from one run to the next: ids, times, numbers, and how busy it is just now."""
        said = {slot: self.reply(slot).plain.replace(self.rollout_id, "ID") for slot in ("plan", "progress", "watch")}
        said["plan"] = "\n".join(line for line in said["plan"].splitlines() if not line.startswith(OF_THE_HOUR))
        spans = re.compile(r"\d+ (?:s|min|h)\b(?: \d+ (?:s|min)\b)?")
        return {slot: re.sub(r"\d+", "#", spans.sub("a while", text)) for slot, text in said.items()}

    def reply(self, slot: str, timeout: float = 15) -> Message:
        """The last message of that kind, as soon as there is one: the card says a state a moment before the thread does."""
        return self.wait(lambda: [m for m in self.messages if slot_of(m) == slot], timeout, f"the {slot}")[-1]

    def wait_for_state(self, *states: str, timeout: float = 40) -> str:
        """Wait until the card shows one of the states; returns it."""
        return self.wait(lambda: self.state if self.state in states else None, timeout, " or ".join(states))

    def wait_for_slots(self, slots: list[str], timeout: float = 20) -> None:
        """Wait until these messages stand in the thread, in this order, and no others."""
        self.wait(lambda: self.slots == slots, timeout, f"the messages {slots}")

    def wait(self, happened: Callable[[], Seen], timeout: float, what: str) -> Seen:
        """Poll with a deadline; what went wrong shows all channels."""
        return self.stack.slack.wait_for(happened, timeout, what)

    def press(self, label: str, by: str, **how: Any) -> Delivery:
        """Press a button of this thread as soon as it is there."""
        person = self.stack.slack.person(by)
        self.wait(lambda: any(label in message.buttons for message in self.messages), 20, f"the button {label}")
        return person.click(label, channel=self.channel, thread_ts=self.ts, **how)

    def press_stale(self, label: str, by: str) -> Delivery:
        """Press a button that an edit has removed since: that person's screen was not fresh."""
        return self.stack.slack.person(by).click(label, channel=self.channel, thread_ts=self.ts, stale=True)

    def approve(self, by: str = "ben") -> Story:
        """Press Approve as soon as it is there."""
        self.press("Approve", by)
        return self

    def answers_to(self, name: str) -> list[str]:
        """What only that person reads, here or anywhere in the channel."""
        return [message.plain for message in self.stack.slack.person(name).ephemerals(self.channel)]

    def wait_for_answer(self, name: str, words: str) -> str:
        """Wait until that person alone reads something with these words."""
        return self.wait(
            lambda: next(told for told in self.answers_to(name) if words in told), 10, f"an answer to {name}: {words}"
        )

    def assert_told_once(self, slots: list[str]) -> None:
        """The thread is complete, in order, without doubles, and nothing in it is left half said."""
        self.wait_for_slots(slots)
        shown = self.card.plain
        assert [state for state in STATES if re.search(rf"State: {state}$", shown, re.MULTILINE)] == [self.state]
        self.wait(lambda: self._half_said() == [], 15, "the end of every step that was begun")

    def _half_said(self) -> list[str]:
        """Progress messages that still show a step at work; autoscaling is put back after the end."""
        progress = (message.plain for message in self.messages if slot_of(message) == "progress")
        return [text for text in progress if "▸" in text]


def promote(stack: Stack, endpoint: str, *options: str, by: str = "anna", channel: str = CHANNEL) -> Story:
    """Somebody types a promote command; returns as soon as its card is there."""
    return ask(stack, f"promote {' '.join([endpoint, *options])}", by=by, channel=channel)


def ask(stack: Stack, words: str, *, by: str = "anna", channel: str = CHANNEL) -> Story:
    """Somebody types a command that opens a rollout; returns as soon as its card is there."""
    known = {message.ts for message in stack.slack.root_messages(channel)}
    delivery = stack.slack.person(by).command(f"/endpoint {words}", channel=channel)
    assert delivery.status == "ok", delivery
    card = stack.slack.wait_for(
        lambda: next(m for m in stack.slack.root_messages(channel) if m.ts not in known and slot_of(m) == "card"),
        20,
        f"the card of {words!r}; the acknowledgement said {delivery.ack_text!r}",
    )
    return Story(stack, card.ts, channel)


def slot_of(message: Message) -> str:
    """Which slot of the story a message fills, by the metadata that the bot gave it."""
    if message.files:
        return "chart"
    payload = (message.metadata or {}).get("event_payload", {})
    return str(payload.get("slot", "other"))


def update_calls(stack: Stack, endpoint: str) -> list[dict[str, Any]]:
    """Every UpdateEndpoint that reached AWS for that endpoint, executed or not."""
    calls = stack.aws.calls("UpdateEndpoint")
    return [call for call in calls if call["parameters"].get("EndpointName") == endpoint]


def executed_updates(stack: Stack, endpoint: str) -> int:
    """How many UpdateEndpoint of that endpoint took effect."""
    return sum(call["executed"] for call in update_calls(stack, endpoint))


def config_of(stack: Stack, endpoint: str) -> str:
    """The config that the endpoint is on, whatever any message says."""
    return str(stack.aws.endpoint(endpoint)["description"]["EndpointConfigName"])


@contextlib.contextmanager
def console(stack: Stack, service: str) -> Iterator[Any]:
    """What Carl does outside the bot: a client with his rights and his name, for the duration of the block."""
    keys = {"aws_access_key_id": "AKIAUSERCARL", "aws_secret_access_key": "secret"}
    session = boto3.session.Session()
    with contextlib.closing(
        session.client(service, region_name="us-east-1", endpoint_url=stack.aws.url, **keys)
    ) as client:
        yield client


def terminal(stack: Stack, *words: str) -> subprocess.CompletedProcess[str]:
    """`python -m bot WORDS…` beside the running stack."""
    environment = {**os.environ, **stack.environment()}
    command = [sys.executable, "-m", "bot", *words]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)


@contextlib.contextmanager
def store(stack: Stack) -> Iterator[redis.Redis]:
    """A look into the store, for the duration of the block."""
    client = redis.Redis.from_url(stack.redis.url, decode_responses=True)
    try:
        yield client
    finally:
        client.close()


def forget_everything(stack: Stack) -> None:
    """The sample fleet, an empty workspace and no rollouts, in the running processes."""
    stack.aws.reset()
    stack.slack.clear_faults()
    with store(stack) as client:
        for key in client.scan_iter("endpoint-bot:*"):
            client.delete(key)
    stack.slack.reset()


def wait_until(happened: Callable[[], Seen], timeout: float, what: str) -> Seen:
    """Poll something that is not in Slack."""
    deadline = time.monotonic() + timeout
    while True:
        if answer := happened():
            return answer
        assert time.monotonic() < deadline, f"waited {timeout:g} s for {what}, in vain"
        time.sleep(0.05)


def release_everything(stack: Stack) -> None:
    """No trouble any more: nothing waits to fail, nothing is held."""
    stack.aws.clear_faults()
    stack.aws.clear_scenarios()
    stack.slack.clear_faults()
    stack.slack.up()
