"""Plans that can be trusted: every strategy, plans that were overtaken, autoscaling that survives, locks, and the right time."""

from typing import Any

from sandbox.stories.scene import Scene, Story

TWO_VARIANT = "--strategy two-variant --size 20% --bake 10s"


def canary(scene: Scene) -> None:
    _guarded(scene, "--strategy canary --size 25% --bake 10m", "CANARY")


def linear(scene: Scene) -> None:
    _guarded(scene, "--strategy linear --size 50% --bake 10m", "LINEAR")


def rolling(scene: Scene) -> None:
    _guarded(scene, "--strategy rolling --size 50% --bake 10m", None)


def two_variant(scene: Scene) -> None:
    before = scene.runs("sentiment-prod")
    scene.asks("anna", f"/endpoint promote sentiment-prod --version 4 {TWO_VARIANT}")
    scene.presses("ben", "Approve")
    scene.thread_says("Both compared until")
    scene.check(scene.runs("sentiment-prod").endswith("-bridge"), "both variants should run on the config in between")
    scene.check(set(_weights(scene)) == {"AllTraffic", "AllTraffic-next"}, "both variants should serve")
    scene.state_becomes("succeeded")
    scene.check(scene.executed_updates() == 2, "one update to the bridge, one to the target config")
    scene.check(_weights(scene) == {"AllTraffic": 1.0}, "the new fleet should bear the old variant's name and weight")
    scene.check(scene.runs("sentiment-prod") != before, "the endpoint should be on the target config")


def two_variant_slow(scene: Scene) -> None:
    before = scene.runs("sentiment-prod")
    scene.aws.scenario("slower-version", "sentiment-prod", factor=3)
    scene.asks("anna", f"/endpoint promote sentiment-prod --version 4 {TWO_VARIANT}")
    scene.presses("ben", "Approve")
    scene.thread_says("back by itself")
    scene.until(lambda: _weights(scene).get("AllTraffic-next") == 0.0, "the traffic's move back")
    scene.check(scene.runs("sentiment-prod").endswith("-bridge"), "the traffic should move back before the config")
    scene.state_becomes("rolled back")
    scene.check(scene.runs("sentiment-prod") == before, "the endpoint should be back on the config of before")
    scene.check(_weights(scene) == {"AllTraffic": 1.0}, "only the old variant should be left")
    scene.thread_says("Autoscaling is as it was before")


def canary_alarm(scene: Scene) -> None:
    before = scene.runs("sentiment-prod")
    scene.aws.scenario("erroring-version", "sentiment-prod", ratio=0.5)
    scene.asks("anna", "/endpoint promote sentiment-prod --version 4 --strategy canary --size 25% --bake 1h")
    scene.presses("ben", "Approve")
    scene.state_becomes("rolled back by AWS")
    scene.check(scene.runs("sentiment-prod") == before, "the alarm should have brought the old fleet back")
    scene.thread_says("Autoscaling is as it was before")
    scene.until(lambda: not _own_alarms(scene), "the end of this rollout's alarms")


def abort(scene: Scene) -> None:
    before = scene.runs("sentiment-prod")
    scene.asks("anna", "/endpoint promote sentiment-prod --version 4 --strategy canary --size 25% --bake 1h")
    scene.presses("ben", "Approve")
    scene.thread_says("Baking")
    scene.presses("anna", "Abort")
    scene.state_becomes("rolled back by AWS")
    scene.thread_says("aborted by @anna")
    scene.check(scene.runs("sentiment-prod") == before, "the tripped alarm should have brought the old fleet back")


def drift(scene: Scene) -> None:
    scene.asks("anna", "/endpoint promote stt-prod --reason 'the new acoustic model'")
    scene.thread_says("Way back")
    scene.aws.scenario("foreign-update", "stt-prod", finished=True)
    scene.presses("ben", "Approve")
    scene.thread_says("drawn up again")
    scene.check(scene.executed_updates() == 0, "nothing should run from a plan that does not hold any more")
    scene.state_becomes("awaiting approval")
    scene.presses("ben", "Approve")
    scene.state_becomes("succeeded")
    scene.check(scene.executed_updates() == 1, "the fresh plan should have run once")


def autoscaled(scene: Scene) -> None:
    before = _scaling(scene)
    scene.check(bool(before), "sentiment-prod should be autoscaled")
    scene.asks("anna", "/endpoint promote sentiment-prod --instance-type ml.m5.2xlarge")
    scene.presses("ben", "Approve")
    scene.until(lambda: scene.executed_updates() == 1, "the UpdateEndpoint")
    scene.check(not _scaling(scene), "SageMaker takes another instance type only while nothing scales the variant")
    scene.dies_and_comes_back()
    scene.thread_says("Autoscaling is as it was before")
    scene.state_becomes("succeeded")
    scene.check(_scaling(scene) == before, "targets, policies and scheduled actions should be as they were")
    scene.check(_counts(scene) == {"AllTraffic": 4}, "the live instance count should have survived")


def scale(scene: Scene) -> None:
    scene.asks("anna", "/endpoint scale product-perception --count 2 --reason 'a busy week'")
    scene.presses("ben", "Approve")
    scene.state_becomes("succeeded")
    scene.thread_says("runs 2 instances")


def schedule(scene: Scene) -> None:
    scene.asks("anna", "/endpoint promote product-perception --at +20s")
    scene.presses("ben", "Approve")
    scene.state_becomes("scheduled")
    scene.state_becomes("succeeded")


def freeze(scene: Scene) -> None:
    scene.asks("anna", "/endpoint promote stt-prod")
    scene.types("ben", "/endpoint freeze --reason 'incident 4711'")
    scene.until(lambda: "incident 4711" in scene.channel(), "the freeze")
    scene.presses("ben", "Approve")
    scene.until(lambda: "incident 4711" in scene.whispers("ben"), "the refusal of the approval")
    scene.types("anna", "/endpoint promote sentiment-prod")
    scene.until(lambda: "incident 4711" in scene.whispers("anna"), "the refusal of a new change")
    scene.check(scene.executed_updates() == 0, "nothing should have been updated")
    scene.types("ben", "/endpoint thaw")
    scene.until(lambda: "lifted" in scene.channel(), "the thaw")
    scene.presses("ben", "Approve")
    scene.state_becomes("succeeded")


def _guarded(scene: Scene, options: str, routing: str | None) -> None:
    """An update that SageMaker shifts step by step, under alarms that exist only for it."""
    before = _scaling(scene)
    scene.asks("anna", f"/endpoint promote sentiment-prod --version 4 {options}")
    scene.presses("ben", "Approve")
    scene.until(lambda: scene.executed_updates() == 1, "the UpdateEndpoint")
    sent = scene.aws.calls("UpdateEndpoint")[-1]["parameters"]["DeploymentConfig"]
    asked = sent.get("BlueGreenUpdatePolicy", {}).get("TrafficRoutingConfiguration", {}).get("Type")
    scene.check(asked == routing, f"SageMaker should have been asked for {routing or 'rolling'}, not {asked}")
    names = [alarm["AlarmName"] for alarm in sent["AutoRollbackConfiguration"]["Alarms"]]
    scene.check(set(names) <= set(_own_alarms(scene)), "the alarms should exist before SageMaker is told of them")
    scene.state_becomes("succeeded")
    scene.until(lambda: not _own_alarms(scene), "the end of this rollout's alarms")
    scene.check(_scaling(scene) == before, "autoscaling should be as it was")


def _weights(scene: Scene) -> dict[str, float]:
    variants = scene.aws.endpoint("sentiment-prod")["ProductionVariants"]
    return {v["VariantName"]: v["CurrentWeight"] for v in variants}


def _own_alarms(scene: Scene) -> list[str]:
    return [name for name in scene.aws.alarms() if name.startswith("bot-")]


def _scaling(scene: Scene) -> Any:
    """Targets, policies and scheduled actions, without what is another one for each registration."""
    seen = scene.aws.endpoint("sentiment-prod")
    kinds = ("scalable_targets", "scaling_policies", "scheduled_actions")
    return [_lasting(seen[kind]) for kind in kinds] if seen["scalable_targets"] else None


def _lasting(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _lasting(v) for k, v in value.items() if not k.endswith(("Time", "ARN", "Arn")) and k != "Alarms"}
    return [_lasting(item) for item in value] if isinstance(value, list) else value


def _counts(scene: Scene) -> dict[str, int]:
    variants = scene.aws.endpoint("sentiment-prod")["ProductionVariants"]
    return {v["VariantName"]: v["CurrentInstanceCount"] for v in variants}


TRUST: tuple[Story, ...] = (
    Story("canary", "a quarter of the fleet first, under alarms that exist for this rollout only", canary),
    Story("canary-alarm", "the new version fails under the canary; the alarm brings the old fleet back", canary_alarm),
    Story("linear", "half of the fleet, then the rest", linear),
    Story("rolling", "batch by batch, with no second fleet", rolling),
    Story("two-variant", "old and new side by side, compared, then all of the traffic by weight", two_variant),
    Story("two-variant-slow", "the second variant is slower: its traffic goes back by weight", two_variant_slow),
    Story("abort", "somebody stops a canary by having our alarm tripped", abort),
    Story("drift", "the endpoint changes under a waiting plan: nothing runs, and a fresh plan takes its place", drift),
    Story(
        "autoscaled",
        "another instance type of an autoscaled endpoint; killed in the middle, nothing is lost",
        autoscaled,
    ),
    Story("scale", "another instance count, without a new fleet", scale),
    Story("schedule", "approved now, carried out at the time that was asked for", schedule),
    Story("freeze", "while everything is frozen no change starts and none is approved", freeze),
)
