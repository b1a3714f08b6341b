"""Two versions side by side: as an A/B test whose weights are moved live, and as a shadow whose answers nobody sees."""

from sandbox.stories.scene import Scene, Story

A, B = "AllTraffic", "AllTraffic-b"


def ab(scene: Scene) -> None:
    before = scene.runs("sentiment-prod")
    scene.asks("anna", "/endpoint ab start sentiment-prod --version 4 --weight 20 --reason 'is it as fast?'")
    scene.presses("ben", "Approve")
    scene.state_becomes("succeeded")
    scene.check(set(_weights(scene)) == {A, B}, "both versions should serve")
    test = scene.thread_ts
    scene.thread_says("PASS")

    scene.asks("anna", "/endpoint promote sentiment-prod --version 5")
    scene.state_becomes("blocked")
    scene.thread_says("ab finish sentiment-prod --keep B")

    scene.asks("anna", "/endpoint ab weight sentiment-prod --weight 50")
    scene.presses("ben", "Approve")
    scene.state_becomes("succeeded")
    scene.check(_weights(scene) == {A: 1.0, B: 1.0}, "the weights should have moved live")
    scene.check(scene.executed_updates() == 1, "moving weights should need no UpdateEndpoint")

    scene.asks("anna", "/endpoint ab finish sentiment-prod --keep B")
    scene.presses("ben", "Approve")
    scene.state_becomes("succeeded")
    scene.check(_weights(scene) == {A: 1.0}, "B should serve alone, under A's name")
    scene.check(scene.runs("sentiment-prod") != before, "the endpoint should run what was tried out")
    scene.thread_ts = test
    scene.thread_says("B was kept, and serves alone")


def ab_worse(scene: Scene) -> None:
    before = scene.runs("sentiment-prod")
    scene.aws.scenario("erroring-version", "sentiment-prod", ratio=0.2)
    scene.asks("anna", "/endpoint ab start sentiment-prod --version 4 --weight 50")
    scene.presses("ben", "Approve")
    scene.until(lambda: _weights(scene).get(B) == 0.0, "the end of B's traffic")
    scene.thread_says("the bot took the traffic of AllTraffic-b away by itself")
    test = scene.thread_ts
    scene.asks("anna", "/endpoint ab finish sentiment-prod --keep A")
    scene.state_becomes("rolled back")
    scene.check(scene.runs("sentiment-prod") == before, "the endpoint should be back on the config of before")
    scene.is_told("anna", "/endpoint status sentiment-prod", "HELD")
    scene.thread_ts = test
    scene.thread_says("A serves alone, as before")


def shadow(scene: Scene) -> None:
    before = scene.runs("sentiment-prod")
    scene.aws.scenario("slower-version", "sentiment-prod", factor=3)
    scene.asks("anna", "/endpoint ab start sentiment-prod --version 4 --weight 100 --shadow")
    scene.presses("ben", "Approve")
    scene.state_becomes("succeeded")
    scene.check(set(_weights(scene)) == {A}, "callers should be served by A alone")
    scene.thread_says("REGRESSED")
    scene.is_told("anna", "/endpoint ab weight sentiment-prod --weight 50", "cannot be moved live")
    test = scene.thread_ts
    scene.asks("anna", "/endpoint ab finish sentiment-prod --keep A")
    scene.state_becomes("rolled back")
    scene.check(scene.runs("sentiment-prod") == before, "the endpoint should be back on the config of before")
    scene.thread_ts = test
    scene.thread_says("A serves alone, as before")


def _weights(scene: Scene) -> dict[str, float]:
    variants = scene.aws.endpoint("sentiment-prod")["description"]["ProductionVariants"]
    return {v["VariantName"]: v["CurrentWeight"] for v in variants}


TRIALS: tuple[Story, ...] = (
    Story("ab", "an A/B test: both versions compared live, weights moved, the better one kept", ab),
    Story("ab-worse", "the version that is tried out fails: its traffic is taken away at once", ab_worse),
    Story("shadow", "a slower version runs as a shadow: it is found out, and no caller has noticed", shadow),
)
