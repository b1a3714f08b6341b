"""Stories: the main job and its failures, driven without a browser through the same processes, told as transcripts."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from sandbox.stack import SAMPLE_FLEET, DidNotStart, Options, Stack

CHANNEL = "ml-deploys"
PATIENCE_SECONDS = 45.0
QUIET_SECONDS = 1.5
STORY_WATCH = ("duration: 20s", "duration: 8s")
"""Stories watch for a shorter time than the demo: nobody looks at the page meanwhile."""


class WentWrong(Exception):
    """The story did not end as it should; says where."""


@dataclass(frozen=True)
class Story:
    """One story: how it is told and what it shows."""

    name: str
    summary: str
    tell: Callable[[Scene], None]


class Scene:
    """The stack, and the thread that the story is about."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.slack, self.aws = stack.slack, stack.aws
        self.thread_ts: str | None = None

    def asks(self, name: str, text: str) -> None:
        """Somebody types a command; the card that it leads to is the story's."""
        before = len(self.slack.root_messages(CHANNEL))
        self.slack.person(name).command(text, channel=CHANNEL)
        self.until(lambda: len(self.slack.root_messages(CHANNEL)) > before, f"a card after {text!r}")
        self.thread_ts = self.slack.root_messages(CHANNEL)[-1].ts

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

    def runs(self, endpoint: str) -> str:
        """The config that an endpoint is on."""
        return str(self.aws.endpoint(endpoint)["EndpointConfigName"])

    def executed_updates(self) -> int:
        """How many UpdateEndpoint calls took effect."""
        return sum(bool(call["executed"]) for call in self.aws.calls("UpdateEndpoint"))

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

    def _offers(self, label: str) -> bool:
        return any(label in m.buttons for m in self.slack.thread(CHANNEL, self._thread_ts()))

    def _thread_ts(self) -> str:
        assert self.thread_ts is not None, "no card was posted yet"
        return self.thread_ts


def promote(scene: Scene) -> None:
    before = scene.runs("stt-prod")
    scene.asks("anna", "/endpoint promote stt-prod")
    scene.presses("ben", "Approve")
    scene.state_becomes("succeeded")
    scene.thread_says(".png")
    scene.check(scene.runs("stt-prod") != before, "the endpoint should be on the new config")
    scene.check(scene.executed_updates() == 1, "one approval should lead to one UpdateEndpoint")
    scene.presses("anna", "Roll back")
    scene.state_becomes("rolled back")
    scene.thread_says(f"InService on `{before}`")
    scene.check(scene.runs("stt-prod") == before, "the endpoint should be back on the config of before")


def reject(scene: Scene) -> None:
    scene.asks(
        "anna", "/endpoint promote sentiment-prod --instance-type ml.m5.2xlarge --reason 'bigger inputs since Monday'"
    )
    scene.presses("dave", "Approve")
    scene.until(lambda: bool(scene.slack.person("dave").ephemerals(CHANNEL)), "an answer to the outsider")
    scene.presses("ben", "Reject")
    scene.state_becomes("rejected")
    scene.fills_in("ben", Reason="Too risky before the demo. Ask again on Monday.")
    scene.thread_says("> Too risky before the demo.")
    scene.check(scene.executed_updates() == 0, "nothing should have been updated")


def silent_rollback(scene: Scene) -> None:
    before = scene.runs("stt-prod")
    scene.aws.scenario("silent-rollback", "stt-prod")
    scene.asks("anna", "/endpoint promote stt-prod")
    scene.presses("ben", "Approve")
    scene.state_becomes("rolled back by AWS")
    scene.check(scene.runs("stt-prod") == before, "SageMaker should be back on the config of before")


def no_capacity(scene: Scene) -> None:
    scene.aws.scenario("insufficient-capacity", "stt-prod")
    scene.asks("anna", "/endpoint promote stt-prod")
    scene.presses("ben", "Approve")
    scene.state_becomes("rolled back by AWS")
    scene.thread_says("InsufficientInstanceCapacity")


def killed_workers(scene: Scene) -> None:
    scene.asks("anna", "/endpoint promote stt-prod")
    scene.presses("ben", "Approve")
    scene.until(lambda: scene.executed_updates() == 1, "the UpdateEndpoint")
    scene.stack.kill_everything_of_ours()
    scene.stack.restart("bot")
    scene.stack.restart("workers")
    scene.state_becomes("succeeded")
    scene.check(scene.executed_updates() == 1, "a crash should not lead to a second UpdateEndpoint")


def lost_redis(scene: Scene) -> None:
    before = scene.runs("stt-prod")
    scene.asks("anna", "/endpoint promote stt-prod")
    scene.presses("ben", "Approve")
    scene.state_becomes("succeeded")
    scene.thread_says(".png")
    scene.stack.empty_redis()
    scene.presses("ben", "Roll back")
    scene.state_becomes("rolled back")
    scene.check(scene.runs("stt-prod") == before, "the tags alone should have led the way back")


STORIES: tuple[Story, ...] = (
    Story("promote", "the main job: promote, approve, update, watch, summary, roll back by one click", promote),
    Story("reject", "an outsider may not approve, an approver rejects and says why, nothing was touched", reject),
    Story("silent-rollback", "SageMaker goes back by itself and says nothing; the thread says it", silent_rollback),
    Story("no-capacity", "SageMaker finds no instances; the old fleet goes on", no_capacity),
    Story("killed-workers", "every process of ours is killed in the middle of an update, and goes on", killed_workers),
    Story("lost-redis", "Redis is emptied after a promotion; Roll back works from SageMaker's tags", lost_redis),
)


def run_story(name: str) -> int:
    """Tell one story; prints its thread and returns 0 only if it ended as it should."""
    story = next((s for s in STORIES if s.name == name), None)
    if story is None:
        listing = "\n".join(f"  {s.name:<16} {s.summary}" for s in STORIES)
        print(f"Stories, each told by: make story STORY=NAME\n{listing}")
        return 0 if name == "list" else 2
    began = time.monotonic()
    stack = Stack(Options())
    fleet = stack.folder / "fleet.yaml"
    fleet.write_text(SAMPLE_FLEET.read_text().replace(*STORY_WATCH))
    stack.options = replace(stack.options, fleet=fleet)
    try:
        with stack:
            stack.wait_until_ready()
            scene = Scene(stack)
            problem = None
            try:
                story.tell(scene)
                scene.settle()
            except WentWrong as exc:
                problem = exc
            print(stack.slack.transcript(CHANNEL, scene.thread_ts))
    except DidNotStart as exc:
        problem = WentWrong(str(exc))
    took = time.monotonic() - began
    if problem is not None:
        print(f"\nThe story {name!r} went wrong: {problem}. The logs are in {stack.folder}", file=sys.stderr)
        return 1
    shutil.rmtree(stack.folder)
    print(f"\nThe story {name!r} ended as it should, after {took:.0f} s.")
    return 0
