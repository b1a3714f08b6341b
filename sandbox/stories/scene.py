"""A story's stage: the whole stack, and the thread that the story is about."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from sandbox.stack import Stack

CHANNEL = "ml-deploys"
PATIENCE_SECONDS = 90.0
QUIET_SECONDS = 1.5


class WentWrong(Exception):
    """The story did not end as it should; says where."""


@dataclass(frozen=True)
class Story:
    """One story: how it is told and what it shows."""

    name: str
    summary: str
    tell: Callable[[Scene], None]
    fleet: tuple[tuple[str, str], ...] = ()
    """What is replaced in the fleet file for this story."""
    estate: str = "sample"
    """Whose endpoints stand in AWS: the sample's four, or the company's 24 with the manager at work."""


class Scene:
    """The stack, and the thread that the story is about."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.slack, self.aws = stack.slack, stack.aws
        self.thread_ts: str | None = None
        self.told_before: list[str] = []
        """Threads that the story went through before the present one."""

    def goes_on_in(self, thread_ts: str) -> None:
        """The story goes on in another thread; the present one is printed before it."""
        if self.thread_ts is not None:
            self.told_before.append(self.thread_ts)
        self.thread_ts = thread_ts

    def asks(self, name: str, text: str) -> None:
        """Somebody types a command; the card that it leads to is the story's."""
        before = len(self.slack.root_messages(CHANNEL))
        self.slack.person(name).command(text, channel=CHANNEL)
        self.until(lambda: len(self.slack.root_messages(CHANNEL)) > before, f"a card after {text!r}")
        self.thread_ts = self.slack.root_messages(CHANNEL)[-1].ts

    def types(self, name: str, text: str) -> None:
        """Somebody types a command that opens no card."""
        self.slack.person(name).command(text, channel=CHANNEL)

    def answer(self, name: str, text: str) -> str:
        """What somebody alone is told in answer to a command, as soon as it is more than that it is being worked on."""
        before = len(self._told(name))
        self.types(name, text)
        self.until(lambda: any(_is_answer(said) for said in self._told(name)[before:]), f"an answer to {text!r}")
        return "\n".join(self._told(name)[before:])

    def is_told(self, name: str, text: str, words: str) -> None:
        """The answer to somebody's command holds these words."""
        said = self.answer(name, text)
        self.check(words in said, f"the answer to {text!r} should hold {words!r}, and says: {said}")

    def whispers(self, name: str) -> str:
        """Everything that this person alone was told."""
        return "\n".join(self._told(name))

    def announced(self, words: str) -> str:
        """The time stamp of the newest message in the channel that holds these words, as soon as there is one."""

        def found() -> list[str]:
            return [m.ts for m in self.slack.root_messages(CHANNEL) if words in m.plain]

        self.until(lambda: bool(found()), f"{words!r} in the channel")
        return found()[-1]

    def presses(self, name: str, label: str) -> None:
        """Somebody presses a button of the thread, as soon as it is there."""
        self.until(lambda: self._offers(label), f"a button {label!r}")
        self.slack.person(name).click(label, channel=CHANNEL, thread_ts=self.thread_ts)

    def fills_in(self, name: str, **values: str) -> None:
        """Somebody submits the form in front of them, as soon as it is there."""
        person = self.slack.person(name)
        self.until(lambda: person.modal() is not None, f"a form for {name}")
        person.submit(values)

    def state_becomes(self, words: str) -> None:
        """The card says that state."""
        self.until(lambda: f"State: {words}" in self.card(), f"the state {words!r}")

    def thread_says(self, words: str) -> None:
        """A message of the thread holds these words."""
        self.until(lambda: words in self.thread(), f"{words!r} in the thread")

    def card(self) -> str:
        """What the card says now."""
        return self.slack.thread(CHANNEL, self._thread_ts())[0].plain

    def thread(self) -> str:
        """What the thread says now, all messages together."""
        messages = self.slack.thread(CHANNEL, self._thread_ts())
        return "\n".join(m.plain + "".join(f"[{f}]" for f in m.files) for m in messages)

    def channel(self) -> str:
        """What stands in the channel now, without the threads."""
        return "\n".join(m.plain for m in self.slack.root_messages(CHANNEL))

    def runs(self, endpoint: str) -> str:
        """The config that an endpoint is on."""
        return str(self.aws.endpoint(endpoint)["EndpointConfigName"])

    def executed_updates(self) -> int:
        """How many UpdateEndpoint calls took effect."""
        return sum(bool(call["executed"]) for call in self.aws.calls("UpdateEndpoint"))

    def dies_and_comes_back(self) -> None:
        """Every process of ours is killed at once and started anew."""
        self.stack.kill_everything_of_ours()
        self.stack.restart("bot")
        self.stack.restart("workers")

    def check(self, claim: bool, what: str) -> None:
        """The story is wrong if this does not hold."""
        if not claim:
            raise WentWrong(what)

    def until(self, condition: Callable[[], bool], what: str) -> None:
        """Wait for something to happen."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not condition():
            if time.monotonic() > deadline:
                raise WentWrong(f"{what} did not come within {PATIENCE_SECONDS:.0f} s")
            time.sleep(0.05)

    def settle(self) -> None:
        """Wait until the last news is in: nothing in the thread has changed for a moment."""
        last, since = self.thread(), time.monotonic()
        while time.monotonic() - since < QUIET_SECONDS:
            time.sleep(0.1)
            if (now := self.thread()) != last:
                last, since = now, time.monotonic()

    def _told(self, name: str) -> list[str]:
        return [message.plain for message in self.slack.person(name).ephemerals(CHANNEL)]

    def _offers(self, label: str) -> bool:
        return any(label in m.buttons for m in self.slack.thread(CHANNEL, self._thread_ts()))

    def _thread_ts(self) -> str:
        assert self.thread_ts is not None, "no card was posted yet"
        return self.thread_ts


def _is_answer(said: str) -> bool:
    return not said.startswith("Working on it")
