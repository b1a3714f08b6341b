"""The company's fleet with the manager at work: what it does by itself, and where it stops."""

from sandbox.stories.scene import Scene, Story

REACHED, WORSE, BESIDE = ("intent-staging", "intent-eu"), "intent-us", "intent-ap"
NOT_REACHED = ("intent-kiosk", "intent-voice")


def fleet(scene: Scene) -> None:
    """Version 4 of `intent` is approved in Slack and rolls out in a wave. On one endpoint it is slower than on all others."""
    before = {name: scene.runs(name) for name in (*REACHED, WORSE, BESIDE, *NOT_REACHED)}
    scene.aws.scenario("slower-version", WORSE, factor=1.7)
    scene.is_told("anna", "/endpoint status", f"{WORSE}: UP_TO_DATE")
    scene.goes_on_in(scene.announced("intent version 4"))
    scene.presses("ben", "Approve version")
    scene.goes_on_in(scene.announced("Wave intent"))
    for name in REACHED:
        scene.until(lambda name=name: scene.runs(name) != before[name], f"version 4 on {name}")
    scene.state_becomes("stopped")
    scene.thread_says(f"Stopped at {WORSE}")
    scene.thread_says(f"{WORSE}: rolled back, on intent version 3")
    scene.check(scene.runs(WORSE) == before[WORSE], f"{WORSE} should be back on the config of before")
    scene.until(lambda: scene.runs(BESIDE) != before[BESIDE], f"version 4 on {BESIDE}, which was under way already")
    for name in NOT_REACHED:
        scene.check(scene.runs(name) == before[name], f"{name} should not have been touched")
        scene.is_told("anna", f"/endpoint status {name}", "HELD")
    scene.is_told("anna", f"/endpoint status {WORSE}", "HELD")
    scene.goes_on_in(scene.announced(f"{WORSE}: intent version 3"))
    scene.state_becomes("rolled back")


COMPANY: tuple[Story, ...] = (
    Story(
        "fleet",
        "24 endpoints: a version is approved and rolls out in a wave, until one endpoint gets worse: it goes back, the rest is held",
        fleet,
        estate="company",
    ),
)
