"""A plan knows what only the description of a package says: how large its model is, and which instances it supports."""

from fakes.engine import Engine, a_package
from fakes.records import ENDPOINT

from bot.domain.plan import Finding, Level

DATA = "s3://models/sentiment/4/model.tar.gz"


def startup(engine: Engine) -> Finding:
    engine.registry.packages = [
        package.model_copy(update={"model_data": (DATA,)}) if package.arn == a_package(4).arn else package
        for package in engine.registry.packages
    ]
    plan = engine.rollout(engine.promote()).plan
    assert plan is not None
    return next(finding for finding in plan.findings if finding.check == "startup")


def test_a_package_that_is_too_large_for_the_time_outs_is_warned_about(engine: Engine) -> None:
    engine.artifacts.sizes[DATA] = 200 * 1024**3
    assert startup(engine).level is Level.WARNING


def test_a_small_package_fits(engine: Engine) -> None:
    engine.artifacts.sizes[DATA] = 1024**2
    assert startup(engine).level is Level.OK


def test_a_version_found_in_a_list_is_described_before_anything_is_concluded_from_it(engine: Engine) -> None:
    for command in ("--version 4", "--version latest"):
        engine.type(f"plan {ENDPOINT} {command}")
    described = [call[1] for call in engine.registry.calls if call[0] == "describe_package"]
    assert {a_package(4).arn, a_package(5).arn} <= set(described)
