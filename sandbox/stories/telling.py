"""Tells a story: starts the stack, lets it happen, prints its threads."""

import shutil
import sys
import time
from dataclasses import replace

from sandbox.stack import COMPANY_FLEET, SAMPLE_FLEET, DidNotStart, Options, Stack
from sandbox.stories.company import COMPANY
from sandbox.stories.judged import JUDGED
from sandbox.stories.main_job import MAIN_JOB
from sandbox.stories.scene import CHANNEL, Scene, Story, WentWrong
from sandbox.stories.trials import TRIALS
from sandbox.stories.trust import TRUST

STORIES: tuple[Story, ...] = (*MAIN_JOB, *JUDGED, *TRUST, *COMPANY, *TRIALS)

FLEETS = {"sample": SAMPLE_FLEET, "company": COMPANY_FLEET}

STORY_WATCH = ("duration: 20s", "duration: 8s")
"""Stories watch for a shorter time than the demo: nobody looks at the page meanwhile."""


def run_story(name: str) -> int:
    """Tell one story; prints its threads and returns 0 only if it ended as it should."""
    story = next((s for s in STORIES if s.name == name), None)
    if story is None:
        listing = "\n".join(f"  {s.name:<16} {s.summary}" for s in STORIES)
        print(f"Stories, each told by: make story STORY=NAME\n{listing}")
        return 0 if name == "list" else 2
    began = time.monotonic()
    stack = Stack(Options())
    fleet = stack.folder / "fleet.yaml"
    text = FLEETS[story.estate].read_text()
    for old, new in (STORY_WATCH, *story.fleet):
        text = text.replace(old, new)
    fleet.write_text(text)
    stack.options = replace(stack.options, fleet=fleet, estate=story.estate)
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
            for thread_ts in (*scene.told_before, scene.thread_ts):
                print(stack.slack.transcript(CHANNEL, thread_ts))
    except DidNotStart as exc:
        problem = WentWrong(str(exc))
    took = time.monotonic() - began
    if problem is not None:
        print(f"\nThe story {name!r} went wrong: {problem}. The logs are in {stack.folder}", file=sys.stderr)
        return 1
    shutil.rmtree(stack.folder)
    print(f"\nThe story {name!r} ended as it should, after {took:.0f} s.")
    return 0
