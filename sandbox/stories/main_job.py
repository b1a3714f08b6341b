"""The main job, and what may go wrong with it."""

from sandbox.stories.scene import CHANNEL, Scene, Story


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
    scene.dies_and_comes_back()
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


MAIN_JOB: tuple[Story, ...] = (
    Story("promote", "the main job: promote, approve, update, watch, summary, roll back by one click", promote),
    Story("reject", "an outsider may not approve, an approver rejects and says why, nothing was touched", reject),
    Story("silent-rollback", "SageMaker goes back by itself and says nothing; the thread says it", silent_rollback),
    Story("no-capacity", "SageMaker finds no instances; the old fleet goes on", no_capacity),
    Story("killed-workers", "every process of ours is killed in the middle of an update, and goes on", killed_workers),
    Story("lost-redis", "Redis is emptied after a promotion; Roll back works from SageMaker's tags", lost_redis),
)
