"""Which version a variant runs, whatever stands beside it."""

import pytest
from fakes.live import by_package, live, marketplace_package, model, registry_package, variant

from bot.domain.fleet import EndpointSpec, parse_fleet
from workers.cloning import package_behind, running_package

HASH = "0" * 32
MARKET = marketplace_package(f"acme-stt-en-v2-{HASH}")
UNLISTED = marketplace_package(f"acme-stt-en-v4-{HASH}")
OTHER = marketplace_package(f"acme-filter-v9-{HASH}", product="prod-2")
VERSION, NEXT, HELPER = registry_package(3), registry_package(4), registry_package(1, "tokenizer")


def spec_of(source: str) -> EndpointSpec:
    text = f"version: 1\ndefaults: {{approval: {{users: [U0BEN]}}}}\nendpoints: {{e: {{{source}}}}}\n"
    return parse_fleet(text, "fleet.yaml").endpoint("e")


SENTIMENT = spec_of("model_package_group: sentiment")
TRACK = spec_of(f"track: ['{MARKET.arn}'], track_pattern: acme-stt-en-v*")


@pytest.mark.parametrize(
    ("spec", "containers", "known", "runs"),
    [
        (SENTIMENT, [VERSION], [VERSION], VERSION),
        (SENTIMENT, [HELPER, VERSION], [HELPER, VERSION], VERSION),
        (SENTIMENT, [HELPER, VERSION], [HELPER], VERSION),  # the registry forgot it; the model names it all the same
        (TRACK, [OTHER, MARKET], [OTHER, MARKET], MARKET),
        (TRACK, [OTHER, UNLISTED], [OTHER, UNLISTED], UNLISTED),
        (TRACK, [VERSION, HELPER], [HELPER], HELPER),
        (TRACK, [VERSION, HELPER], [], VERSION),
    ],
)
def test_of_a_pipeline_the_declared_product_counts(spec, containers, known, runs):
    found = package_behind(spec, model("m1", *map(by_package, containers)), {p.arn: p for p in known})
    assert found is not None
    assert (found.arn, found.package) == (runs.arn, runs if runs in known else None)


def test_a_package_is_known_by_its_name_and_in_any_case():
    named = {"ModelPackageName": MARKET.name.upper()}
    found = package_behind(TRACK, model("m1", named), {MARKET.arn: MARKET})
    assert found is not None
    assert found.arn == MARKET.arn


def test_in_a_test_of_two_versions_each_variant_runs_its_own():
    there = live(
        [variant("AllTraffic", "m1"), variant("B", "m2")],
        model("m1", by_package(VERSION)),
        model("m2", by_package(NEXT)),
        packages=(NEXT, VERSION),
    )
    declared, b = running_package(there, SENTIMENT), running_package(there, SENTIMENT, "B")
    assert declared is not None
    assert b is not None
    assert (declared.arn, b.arn) == (VERSION.arn, NEXT.arn)


def test_a_shadow_runs_its_version_too():
    there = live(
        [variant("AllTraffic", "m1")],
        model("m1", by_package(VERSION)),
        model("m2", by_package(NEXT)),
        packages=(VERSION, NEXT),
        ShadowProductionVariants=[variant("B", "m2")],
    )
    shadow = running_package(there, SENTIMENT, "B")
    assert shadow is not None
    assert shadow.package == NEXT


def test_an_image_and_a_model_that_is_gone_are_no_version():
    assert running_package(live([variant()], model("m1", {"Image": "repo:1"})), SENTIMENT) is None
    assert running_package(live([variant()]), SENTIMENT) is None
