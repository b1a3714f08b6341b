"""Watches that are judged: what the bot does about a worse version by itself, and what it leaves to people."""

import sys

from sandbox.stories.golden_audio import SCRIPT
from sandbox.stories.scene import Scene, Story

AS_LONG_AS_THE_DEMO = ("duration: 8s", "duration: 20s")
BY_ITSELF = ("auto_rollback: hard", "auto_rollback: all")
NEVER_BY_ITSELF = ("auto_rollback: hard", "auto_rollback: off")
CHECKED = (
    "auto_rollback: hard",
    f"auto_rollback: hard\n    check: {{command: [{sys.executable}, {SCRIPT}], timeout: 20s}}",
)


def regression(scene: Scene) -> None:
    before = scene.runs("sentiment-prod")
    scene.aws.scenario("slower-version", "sentiment-prod", factor=1.4)
    scene.asks("anna", "/endpoint promote sentiment-prod --version 4")
    scene.presses("ben", "Approve")
    scene.state_becomes("rolled back")
    scene.check(scene.runs("sentiment-prod") == before, "the endpoint should be back on the config of before")
    scene.check(scene.executed_updates() == 2, "one update there, one back")
    scene.thread_says("REGRESSED")
    scene.thread_says(".png")
    scene.settle()
    first = scene.thread_ts
    scene.is_told("anna", "/endpoint status sentiment-prod", "HELD")

    scene.asks("anna", "/endpoint promote sentiment-prod --version 4")
    scene.thread_says("held")
    scene.presses("anna", "Cancel")
    scene.state_becomes("cancelled")

    scene.aws.scenario("version-unapproved", "sentiment-prod", version=5, status="Approved")
    scene.asks("anna", "/endpoint promote sentiment-prod --version 5")
    scene.presses("ben", "Approve")
    scene.state_becomes("succeeded")
    scene.thread_says("PASS")
    scene.check("HELD" not in scene.answer("anna", "/endpoint status sentiment-prod"), "another version should lift it")
    scene.thread_ts = first


def errors(scene: Scene) -> None:
    before = scene.runs("stt-prod")
    scene.aws.scenario("erroring-version", "stt-prod", ratio=0.2)
    scene.asks("anna", "/endpoint promote stt-prod")
    scene.presses("ben", "Approve")
    scene.state_becomes("rolled back")
    scene.thread_says("REGRESSED")
    scene.check(scene.runs("stt-prod") == before, "the endpoint should be back on the config of before")
    scene.check(scene.executed_updates() == 2, "one update there, one back")


def no_traffic(scene: Scene) -> None:
    scene.asks("anna", "/endpoint promote stt-prod")
    scene.thread_says("Way back")
    scene.aws.scenario("no-traffic", "stt-prod")
    scene.presses("ben", "Approve")
    scene.state_becomes("succeeded")
    scene.thread_says("INCONCLUSIVE")
    scene.thread_says("Nobody called stt-prod while it was watched.")
    scene.presses("anna", "Watch longer")
    scene.state_becomes("watching")
    scene.state_becomes("succeeded")
    scene.check(scene.executed_updates() == 1, "nothing should be rolled back for want of numbers")


def accept(scene: Scene) -> None:
    scene.aws.scenario("slower-version", "stt-prod", factor=1.5)
    scene.asks("anna", "/endpoint promote stt-prod")
    scene.presses("ben", "Approve")
    scene.thread_says("REGRESSED")
    scene.presses("ben", "Accept")
    scene.fills_in("ben", Reason="It understands Bavarian now; product took the latency.")
    scene.thread_says("> It understands Bavarian now")
    scene.state_becomes("succeeded")
    scene.check(scene.executed_updates() == 1, "what was accepted should stay")


def extend(scene: Scene) -> None:
    scene.asks("anna", "/endpoint promote stt-prod")
    scene.presses("ben", "Approve")
    scene.presses("anna", "Extend by 8 s")
    scene.thread_says("Extended by 8 s by @anna")
    scene.state_becomes("succeeded")
    scene.thread_says("PASS")


def check(scene: Scene) -> None:
    before = scene.runs("stt-prod")
    scene.asks("anna", "/endpoint promote stt-prod")
    scene.presses("ben", "Approve")
    scene.state_becomes("rolled back")
    scene.thread_says("0.081")
    scene.thread_says("0.134")
    scene.check(scene.runs("stt-prod") == before, "the endpoint should be back on the config of before")


def quarantine(scene: Scene) -> None:
    scene.aws.scenario("health-check-failure", "stt-prod")
    scene.asks("anna", "/endpoint promote stt-prod")
    scene.presses("ben", "Approve")
    scene.state_becomes("rolled back by AWS")
    scene.is_told("anna", "/endpoint status stt-prod", "QUARANTINED")
    scene.types("ben", "/endpoint unhold stt-prod")
    scene.until(lambda: "@ben lifted 1 hold" in scene.channel(), "the end of the quarantine")
    scene.check("QUARANTINED" not in scene.answer("anna", "/endpoint status stt-prod"), "unhold should have lifted it")


JUDGED: tuple[Story, ...] = (
    Story(
        "regression",
        "the new version is slower: the bot rolls back by itself and holds the version, until a newer one proves good",
        regression,
        (AS_LONG_AS_THE_DEMO, BY_ITSELF),
    ),
    Story("errors", "the new version fails: a limit is crossed, and the bot rolls back at once", errors),
    Story("no-traffic", "nobody calls the endpoint: INCONCLUSIVE, and somebody watches for longer", no_traffic),
    Story(
        "accept",
        "slower, but the bot may not roll back: somebody accepts it and says why",
        accept,
        (AS_LONG_AS_THE_DEMO, NEVER_BY_ITSELF),
    ),
    Story("extend", "somebody has the watch go on for longer", extend),
    Story("check", "a program finds the new version's answers worse, and the bot rolls back", check, (CHECKED,)),
    Story("quarantine", "SageMaker cannot start a version: it is quarantined until somebody lifts that", quarantine),
)
