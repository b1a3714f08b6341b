"""Cloning over endpoints drawn from botocore's shapes: keeps what it must, changes what was asked, and AWS takes the result.

Every example goes the way of a real plan: created in the stand-in, described, read by the gateway, drafted, created again.
What is expected comes from a second, naive reading of the change: copy everything, then set what was asked for.
"""

import copy
import json
import random
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from types import MappingProxyType
from typing import Any

import pytest
from botocore.model import Shape
from fakes.documents import (
    ACME_NEXT,
    ACME_TYPES,
    MARKER,
    NOT_DRAWN,
    SECRETS,
    SENTIMENT_NEXT,
    DrawnEndpoint,
    endpoints,
    service_model,
)
from fakes.live import NAMES
from fakes.local_sagemaker import PACKAGES, LocalSageMaker
from hypothesis import HealthCheck, assume, event, given, settings
from hypothesis import strategies as st

from bot.domain.commands import Change
from bot.domain.endpoint import ModelPackage, VariantState
from workers.cloning import Draft, LiveEndpoint, bridge, draft

AWS = LocalSageMaker()
TARGET = "V1"

drawn_from_shapes = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))

Path = tuple[str | int, ...]


# what is drawn


@dataclass(frozen=True)
class Case:
    """An endpoint that runs, and a change that somebody asks for."""

    drawn: DrawnEndpoint
    live: LiveEndpoint
    change: Change

    @property
    def package(self) -> ModelPackage | None:
        return PACKAGES[self.change.package] if self.change.package else None

    def drafted(self) -> Draft:
        return draft(self.live, self.change, self.package, NAMES, variant=TARGET)

    def after(self, made: Draft) -> LiveEndpoint:
        """What runs when the draft has been rolled out, as SageMaker would show it then."""
        counts = {v["VariantName"]: v.get("InitialInstanceCount") for v in made.config.variants()}
        states = tuple(s.model_copy(update={"desired_count": counts[s.name]}) for s in self.live.snapshot.variants)
        snapshot = self.live.snapshot.model_copy(update={"config_name": made.config.name, "variants": states})
        models = {**self.live.models, **{m.name: m for m in made.models}}
        return LiveEndpoint(snapshot, made.config, models, self.live.packages)


@st.composite
def shown_by_describe(draw: st.DrawFn) -> Any:
    """What a real Describe adds: members that Create refuses, empty ones, a package's own files."""
    adds = draw(st.sampled_from([True, True, False]))

    def shown(kind: str, answer: dict[str, Any]) -> dict[str, Any]:
        answer = copy.deepcopy(answer)
        if not adds:
            return answer
        if kind == "EndpointConfig":
            for variant in (*answer["ProductionVariants"], *answer.get("ShadowProductionVariants", ())):
                variant["AcceleratorType"] = "ml.eia2.medium"
                if "ServerlessConfig" in variant:
                    variant["VolumeSizeInGB"] = 30
            return {"DataCaptureConfig": {}, "ShadowProductionVariants": []} | answer
        for container in (answer.get("PrimaryContainer", {}), *answer.get("Containers", ())):
            if "ModelPackageName" in container:
                container |= {"Image": "registry/of-the-package:3", "ModelDataUrl": "s3://of-the-package/3"}
        return {
            "Containers": [],
            "DeploymentRecommendation": {"RecommendationStatus": "COMPLETED"},
            "VpcConfig": {},
        } | answer

    return shown


@st.composite
def changes(draw: st.DrawFn, drawn: DrawnEndpoint) -> Change:
    """Something to ask of the variant TARGET that fits it."""
    variant, kind = drawn.config["ProductionVariants"][0], drawn.model_kinds["m1"]
    asked: dict[str, Any] = {}
    packages = [c for c in containers(drawn.models["m1"]) if "ModelPackageName" in c]
    if packages and draw(st.booleans()):
        asked["package"] = ACME_NEXT if kind == "marketplace" else SENTIMENT_NEXT
    if kind in ("image", "multi-model") and draw(st.booleans()):
        asked["image"] = draw(st.sampled_from(["registry/serve:2", containers(drawn.models["m1"])[0]["Image"]]))
    if "PrimaryContainer" in drawn.models["m1"] and draw(st.booleans()):
        present = containers(drawn.models["m1"])[0].get("Environment", {})
        plain = draw(
            st.dictionaries(st.sampled_from(["A", "NEW", "LOG_LEVEL"]), st.sampled_from(["", "x"]), max_size=2)
        )
        asked["env"] = plain | {name: f"{MARKER}-new" for name in draw(st.sets(st.sampled_from(SECRETS)))}
        gone = draw(st.sets(st.sampled_from(sorted(present)), max_size=2)) if present else set()
        asked["unset"] = tuple(sorted(gone - asked["env"].keys()))
    if "InstanceType" in variant and draw(st.booleans()):
        asked["instance_type"] = draw(st.sampled_from([*ACME_TYPES, variant["InstanceType"]]))
    if "ServerlessConfig" not in variant and (draw(st.booleans()) or not any(asked.values())):
        asked["count"] = draw(st.integers(1, 9))
    return Change(**asked)


@st.composite
def cases(draw: st.DrawFn, **restrictions: Any) -> Case:
    drawn = draw(endpoints(**restrictions))
    counts = st.none() if drawn.kind == "serverless" else st.integers(0, 9)
    states = (
        VariantState(name=v["VariantName"], desired_count=draw(counts), weight=draw(st.sampled_from([None, 1.0, 2.5])))
        for v in drawn.config["ProductionVariants"]
    )
    tags = draw(st.sampled_from([{}, {"team": "speech", "rollout:id": "old"}]))
    live = AWS.put(drawn, tags, draw(shown_by_describe()), states)
    event(f"{drawn.kind}, {drawn.model_kinds['m1']}")
    return Case(drawn, live, draw(changes(drawn)))


# a second, naive reading of what is wanted


def containers(model: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [model["PrimaryContainer"]] if "PrimaryContainer" in model else list(model["Containers"])


def expected_config(case: Case) -> dict[str, Any]:
    """What was created at first, with live counts and what was asked for; model names as they were."""
    wanted = copy.deepcopy(case.drawn.config)
    live = {s.name: s.desired_count for s in case.live.snapshot.variants}
    for variant in wanted["ProductionVariants"]:
        if "InitialInstanceCount" in variant and live[variant["VariantName"]]:
            variant["InitialInstanceCount"] = live[variant["VariantName"]]
    first = wanted["ProductionVariants"][0]
    if case.change.instance_type:
        first["InstanceType"] = case.change.instance_type
    if case.change.count:
        first["InitialInstanceCount"] = case.change.count
    return wanted


def expected_model(case: Case, name: str) -> dict[str, Any]:
    """What was created at first, with what was asked for."""
    wanted = copy.deepcopy(case.drawn.models[name])
    change = case.change
    family = [c for c in containers(wanted) if "ModelPackageName" in c]
    meant = family[0] if family else containers(wanted)[0]
    if change.package:
        meant["ModelPackageName"] = change.package
    if change.image:
        meant["Image"] = change.image
    if change.env or change.unset:
        environment = {**meant.get("Environment", {}), **change.env}
        meant["Environment"] = {k: v for k, v in environment.items() if k not in change.unset}
    return wanted


def put_back(document: Any, renamed: Mapping[str, str]) -> Any:
    """The document with the names of new models replaced by those of the models that they were cloned from."""
    old = {new: before for before, new in renamed.items()}
    if isinstance(document, Mapping):
        return {
            k: old.get(v, v) if k in ("ModelName", "ModelNameOverride") else put_back(v, renamed)
            for k, v in document.items()
        }
    return [put_back(item, renamed) for item in document] if isinstance(document, list | tuple) else document


def without_default(model: Mapping[str, Any]) -> dict[str, Any]:
    """Describe answers EnableNetworkIsolation whether it was sent or not; off and absent are the same."""
    return {k: v for k, v in model.items() if (k, v) != ("EnableNetworkIsolation", False)}


# keeps and changes


@drawn_from_shapes
@given(cases())
def test_a_draft_keeps_every_member_and_changes_only_what_was_asked(case: Case) -> None:
    before = copy.deepcopy((case.live.config.document, case.live.models))
    made = case.drafted()
    assert put_back(made.config.document, made.new_models) == expected_config(case)
    for old, new in made.new_models.items():
        (document,) = (m.document for m in made.models if m.name == new)
        assert without_default(document) == without_default(expected_model(case, old))
    assert (case.live.config.document, case.live.models) == before, "what was cloned from must stay untouched"


@drawn_from_shapes
@given(cases(kinds=("several", "shadow")))
def test_only_the_meant_variant_and_a_shadow_of_its_model_move_to_new_models(case: Case) -> None:
    made = case.drafted()
    assume(made.models)
    for old, new in zip(case.live.config.variants(), made.config.variants(), strict=True):
        if old["VariantName"] != TARGET:
            assert new["ModelName"] == old["ModelName"]
    shadows = [d.document.get("ShadowProductionVariants", []) for d in (case.live.config, made.config)]
    for old, new in zip(*shadows, strict=True):
        assert new["ModelName"] == made.new_models.get(old["ModelName"], old["ModelName"])
    assert made.config.variants()[0]["ModelName"] == made.new_models.get("m1", "m1")


@drawn_from_shapes
@given(cases())
def test_sagemaker_takes_every_draft_and_then_shows_what_was_drafted(case: Case) -> None:
    made, gateway = case.drafted(), AWS.gateway()
    for _ in range(2):  # whoever takes over from a crashed worker creates the same again
        for model in made.models:
            gateway.create_model(model)
        gateway.create_config(made.config)
    found = gateway.describe_config(made.config.name)
    assert found.document == made.config.document
    assert found.tags == made.config.tags
    assert not [key for key in made.config.tags if key.lower().startswith("aws:")]


@drawn_from_shapes
@given(cases() | cases(kinds=("serverless",)))
def test_a_draft_never_carries_what_create_refuses(case: Case) -> None:
    made = case.drafted()
    refused = {"EndpointConfigArn", "ModelArn", "CreationTime", "DeploymentRecommendation", "AcceleratorType"}
    for document in (made.config.document, *(m.document for m in made.models)):
        assert not {str(step) for path, _ in leaves(document) for step in path} & refused
    for variant in made.config.variants():
        assert not {"ServerlessConfig", "VolumeSizeInGB"} <= variant.keys()
    for model in made.models:
        assert ("PrimaryContainer" in model.document) is not ("Containers" in model.document)
        for container in model.containers():
            assert not ("ModelPackageName" in container and {"Image", "ModelDataUrl"} & container.keys())


@drawn_from_shapes
@given(cases(), st.integers(1, 9))
def test_a_count_changes_counts_and_nothing_else(case: Case, count: int) -> None:
    if case.drawn.kind == "serverless":
        return
    made = Case(case.drawn, case.live, Change(count=count)).drafted()
    assert made.models == ()
    assert made.counts_from_config
    for old, new in zip(case.live.config.variants(), made.config.variants(), strict=True):
        assert {**old, "InitialInstanceCount": 0} == {**new, "InitialInstanceCount": 0}
    assert made.config.variants()[0]["InitialInstanceCount"] == count
    assert {d.path for d in made.differences} <= {f"{TARGET}.InitialInstanceCount"}


@drawn_from_shapes
@given(cases(), st.integers(0, 10**6))
def test_a_setting_that_aws_invents_tomorrow_is_carried_wherever_it_stands(case: Case, choice: int) -> None:
    """With a botocore that knows it, nothing here has to be told about it."""
    documents = {"": case.live.config.document, **{name: m.document for name, m in case.live.models.items()}}
    every = [(owner, path) for owner, document in documents.items() for path in structures(document)]
    owner, path = every[choice % len(every)]
    tomorrow = with_tomorrows_setting(documents[owner], path)
    if owner:
        models = {**case.live.models, owner: case.live.models[owner].model_copy(update={"document": tomorrow})}
        other = Case(case.drawn, replace(case.live, models=models), case.change).drafted()
        if owner not in other.new_models:
            return
        place = list(other.new_models).index(owner)
        assert other.models[place].document == with_tomorrows_setting(case.drafted().models[place].document, path)
    else:
        config = case.live.config.model_copy(update={"document": tomorrow})
        other = Case(case.drawn, replace(case.live, config=config), case.change).drafted()
        made = case.drafted()
        wanted = with_tomorrows_setting(put_back(made.config.document, made.new_models), path)
        assert put_back(other.config.document, other.new_models) == wanted


def structures(value: Any, path: Path = ()) -> Iterator[Path]:
    """The way to every structure of a document; an environment is a map of names that people chose."""
    if isinstance(value, Mapping):
        yield path
        for key, item in value.items():
            if key != "Environment":
                yield from structures(item, (*path, key))
    elif isinstance(value, list):
        for place, item in enumerate(value):
            yield from structures(item, (*path, place))


def with_tomorrows_setting(document: Mapping[str, Any], path: Path) -> dict[str, Any]:
    changed = copy.deepcopy(dict(document))
    at: Any = changed
    for step in path:
        at = at[step]
    at["TomorrowsSetting"] = {"Strength": 11}
    return changed


# differences


@drawn_from_shapes
@given(cases())
def test_differences_name_exactly_what_changes(case: Case) -> None:
    made = case.drafted()
    wanted = {}
    change, first = case.change, case.drawn.config["ProductionVariants"][0]
    if change.instance_type and change.instance_type != first["InstanceType"]:
        wanted[TARGET, "InstanceType"] = (first["InstanceType"], change.instance_type)
    present = case.live.snapshot.variants[0].desired_count or first.get("InitialInstanceCount")
    if change.count and change.count != present:
        wanted[TARGET, "InitialInstanceCount"] = (str(present), str(change.count))
    for name in made.new_models:
        old, new = (dict(leaves(d)) for d in (case.drawn.models[name], expected_model(case, name)))
        for path in {*old, *new}:
            if old.get(path) != new.get(path):
                wanted[name, str(path[-1])] = (old.get(path), new.get(path))
    found = {place(d.path): (d.before, d.after) for d in made.differences}
    assert found.keys() == wanted.keys()
    for at, (before, after) in wanted.items():
        if at[1] not in SECRETS and MARKER not in f"{before}{after}":
            assert found[at] == (before, after)


def place(path: str) -> tuple[str, str]:
    """Whose field a difference is about (the variant, or a model by its old name), and which field."""
    owner, _, in_the_model = path.partition(".model.")
    field = path.rpartition(".")[2]
    if not in_the_model:
        return TARGET, field
    return ("m1-pool" if owner.startswith(f"{TARGET} (") else "m1"), field


@drawn_from_shapes
@given(cases(single_containers=True))
def test_no_secret_is_in_any_difference(case: Case) -> None:
    shown = json.dumps([d.model_dump() for d in case.drafted().differences])
    secrets = {v for m in case.drawn.models.values() for c in containers(m) for v in c.get("Environment", {}).values()}
    for value in secrets | set(case.change.env.values()):
        if MARKER in value:
            assert value not in shown


# fingerprint


@drawn_from_shapes
@given(cases(), st.randoms(use_true_random=False))
def test_fingerprint_is_that_of_the_content_in_whatever_order_and_type(case: Case, chance: random.Random) -> None:
    ordered = {"Containers", "FeatureHeaders", "FeatureTypes", "LabelHeaders"}

    def again(value: Any, member: str = "") -> Any:
        if isinstance(value, Mapping):
            items = [(k, again(v, k)) for k, v in value.items()]
            chance.shuffle(items)
            return chance.choice([dict, OrderedDict, lambda i: MappingProxyType(dict(i))])(items)
        if isinstance(value, list | tuple):
            items = [again(v) for v in value]
            # The variant that is meant stays first, for this test speaks of it as the first.
            chance.shuffle(items) if member not in ordered else None
            return chance.choice([list, tuple])(items)
        return value

    other = LiveEndpoint(
        case.live.snapshot,
        case.live.config.model_construct(**{**dict(case.live.config), "document": again(case.live.config.document)}),
        {n: m.model_construct(**{**dict(m), "document": again(m.document)}) for n, m in case.live.models.items()},
        case.live.packages,
    )
    assert Case(case.drawn, other, case.change).drafted().fingerprint == case.drafted().fingerprint


NAMES_OF_OTHERS = {"VariantName", "ModelName", "ModelNameOverride", "ModelPackageName"}
"""Members that say what is meant: with another value, the change would mean something else or nothing."""


@drawn_from_shapes
@given(cases(), st.integers(0, 10**6))
def test_fingerprint_moves_with_every_member_of_the_config_and_of_each_model(case: Case, choice: int) -> None:
    config, documents = (
        copy.deepcopy(case.live.config.document),
        {n: copy.deepcopy(m.document) for n, m in case.live.models.items()},
    )
    every = [
        (owner, path)
        for owner in (config, *documents.values())
        for path, _ in leaves(owner)
        if not NAMES_OF_OTHERS & set(path) and path[-1] not in case.change.unset
    ]
    owner, path = every[choice % len(every)]
    place: Any = owner
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = perturbed(place[path[-1]])
    other = LiveEndpoint(
        case.live.snapshot,
        case.live.config.model_copy(update={"document": config}),
        {n: m.model_copy(update={"document": documents[n]}) for n, m in case.live.models.items()},
        case.live.packages,
    )
    assert Case(case.drawn, other, case.change).drafted().fingerprint != case.drafted().fingerprint


def perturbed(value: Any) -> Any:
    if isinstance(value, bool):
        return not value
    return value + ("x" if isinstance(value, str) else 1)


# there and back


@drawn_from_shapes
@given(cases())
def test_drafting_is_deterministic(case: Case) -> None:
    assert case.drafted() == case.drafted()


@drawn_from_shapes
@given(cases())
def test_asking_again_for_what_runs_by_then_changes_nothing(case: Case) -> None:
    made = case.drafted()
    there = case.after(made)
    again = Case(case.drawn, there, case.change.model_copy(update={"unset": ()})).drafted()
    assert again.models == ()
    assert again.differences == ()
    assert again.config.document == made.config.document


@drawn_from_shapes
@given(cases())
def test_the_inverse_change_gives_back_an_equal_document(case: Case) -> None:
    made = case.drafted()
    there = case.after(made)
    back = Case(case.drawn, there, inverse(case)).drafted()
    (restored,) = (put_back(put_back(back.config.document, back.new_models), made.new_models),)
    assert restored == expected_config(Case(case.drawn, case.live, Change()))
    for old, new in made.new_models.items():
        record = next((m for m in back.models if m.name == back.new_models.get(new)), there.models[new])
        assert without_empty_environment(record.document) == without_empty_environment(case.drawn.models[old])


def inverse(case: Case) -> Change:
    """The change that undoes another one."""
    first, change = case.drawn.config["ProductionVariants"][0], case.change
    meant = containers(case.drawn.models["m1"])
    old = next((c for c in meant if "ModelPackageName" in c), meant[0])
    before = old.get("Environment", {})
    live = case.live.snapshot.variants[0].desired_count
    return Change(
        package=old["ModelPackageName"] if change.package else None,
        image=old["Image"] if change.image else None,
        env={k: v for k, v in before.items() if k in change.env or k in change.unset},
        unset=tuple(k for k in change.env if k not in before),
        instance_type=first["InstanceType"] if change.instance_type else None,
        count=(live or first["InitialInstanceCount"]) if change.count else None,
    )


def without_empty_environment(model: Mapping[str, Any]) -> dict[str, Any]:
    """An environment that was emptied and one that was never there are the same to a container."""
    document = copy.deepcopy(without_default(model))
    for container in containers(document):
        if container.get("Environment") == {}:
            del container["Environment"]
    return document


# the bridge


@drawn_from_shapes
@given(cases(kinds=("one", "several", "async")), st.floats(0.5, 99))
def test_a_bridge_runs_all_that_runs_and_one_variant_more_with_its_share(case: Case, share: float) -> None:
    assume(has_traffic(case))
    made = case.drafted()
    config = bridge(case.live, made, TARGET, share, NAMES)
    *present, new = config.variants()
    counts = {s.name: s.desired_count for s in case.live.snapshot.variants}
    for old, kept in zip(case.live.config.variants(), present, strict=True):
        assert kept.get("InitialVariantWeight", 1.0) == weights(case)[old["VariantName"]]
        assert kept["InitialInstanceCount"] == (counts[old["VariantName"]] or old["InitialInstanceCount"])
        assert untouched(kept) == untouched(old)
    assert untouched(new) == untouched(made.config.variants()[0])
    assert new["InitialInstanceCount"] == made.config.variants()[0]["InitialInstanceCount"]
    everything = sum(v.get("InitialVariantWeight", 1.0) for v in config.variants())
    assert new["InitialVariantWeight"] / everything == pytest.approx(share / 100, rel=1e-6)
    for member in (*config.document, *case.live.config.document):
        if member != "ProductionVariants":
            assert config.document[member] == case.live.config.document[member]


def weights(case: Case) -> dict[str, float]:
    configured = {v["VariantName"]: v.get("InitialVariantWeight", 1.0) for v in case.drawn.config["ProductionVariants"]}
    return configured | {s.name: s.weight for s in case.live.snapshot.variants if s.weight is not None}


def has_traffic(case: Case) -> bool:
    """The variant that is changed has some: a share of nothing could not be moved to another variant."""
    return weights(case)[TARGET] > 0


def untouched(variant: Mapping[str, Any]) -> dict[str, Any]:
    """What a bridge may not touch of a variant."""
    return {
        k: v for k, v in variant.items() if k not in ("VariantName", "InitialInstanceCount", "InitialVariantWeight")
    }


@drawn_from_shapes
@given(cases(kinds=("one", "several", "async")), st.integers(1, 99))
def test_sagemaker_takes_every_bridge(case: Case, share: int) -> None:
    assume(has_traffic(case))
    made, gateway = case.drafted(), AWS.gateway()
    for model in made.models:
        gateway.create_model(model)
    config = bridge(case.live, made, TARGET, share, NAMES)
    for _ in range(2):
        gateway.create_config(config)
    assert gateway.describe_config(config.name).document == config.document


# what is drawn covers what botocore knows


NOT_TOGETHER = {
    "CreateEndpointConfig": {
        # Variants of a shadow test run on instances of one type each here, so that some variants are simple.
        "ShadowProductionVariants.InstancePools.InstanceType",
        "ShadowProductionVariants.InstancePools.ModelNameOverride",
        "ShadowProductionVariants.InstancePools.Priority",
        # Shadow tests exclude serverless endpoints.
        "ShadowProductionVariants.ServerlessConfig.MaxConcurrency",
        "ShadowProductionVariants.ServerlessConfig.MemorySizeInMB",
        "ShadowProductionVariants.ServerlessConfig.ProvisionedConcurrency",
    },
    # A container that holds many models is not one of a pipeline here.
    "CreateModel": {"Containers.MultiModelConfig.ModelCacheSetting"},
}


@cache
def paths_drawn() -> Mapping[str, set[str]]:
    """Paths of all plain values in many drawn documents, by the operation that takes them."""
    seen: dict[str, set[str]] = {operation: set() for operation in NOT_TOGETHER}

    @settings(drawn_from_shapes, max_examples=600, derandomize=True, database=None)
    @given(endpoints())
    def look(drawn: DrawnEndpoint) -> None:
        for operation, documents in (("CreateEndpointConfig", [drawn.config]), ("CreateModel", drawn.models.values())):
            for document in documents:
                seen[operation].update(".".join(s for s in path if isinstance(s, str)) for path, _ in leaves(document))

    look()
    return seen


@pytest.mark.parametrize("operation", NOT_TOGETHER)
def test_every_member_that_botocore_knows_is_drawn(operation: str) -> None:
    known = {
        path
        for path in members(service_model().operation_model(operation).input_shape)
        if path.split(".")[0] not in ("EndpointConfigName", "ModelName", "Tags")
        and not NOT_DRAWN.keys() & {*path.split(".")}
    }
    seen = paths_drawn()[operation]
    missing = {path for path in known if not any(s == path or s.startswith(f"{path}.") for s in seen)}
    assert missing == NOT_TOGETHER[operation]


def members(shape: Shape, path: str = "") -> Iterator[str]:
    """Paths of all members of a shape that hold a plain value."""
    if shape.type_name == "structure":
        for name, member in shape.members.items():
            yield from members(member, f"{path}.{name}" if path else name)
    elif shape.type_name == "list":
        yield from members(shape.member, path)
    else:
        yield path


def leaves(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Every plain value of a document, with the way to it."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from leaves(item, (*path, key))
    elif isinstance(value, list | tuple):
        for place, item in enumerate(value):
            yield from leaves(item, (*path, place))
    else:
        yield path, value
