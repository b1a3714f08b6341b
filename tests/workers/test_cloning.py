"""Cloning: everything is carried over, only what was asked for changes, and no secret is ever shown."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from fakes.live import (
    BY_IMAGE,
    NAMES,
    NEW,
    NOW,
    OLD,
    SIMPLE,
    by_package,
    live,
    marketplace_package,
    model,
    paths,
    registry_package,
    variant,
)

from bot.domain.commands import Change
from bot.domain.endpoint import ModelPackage
from bot.domain.errors import InvariantError, UsageError
from bot.domain.phases import Kind
from bot.domain.plan import Difference
from bot.domain.rollout import Rollout, open_rollout
from bot.domain.rollout_parts import Pace, Terms, Thread
from bot.domain.serverless import ServerlessSize
from bot.domain.watchplan import WatchPlan
from workers.cloning import (
    MASK,
    DraftNames,
    LiveEndpoint,
    draft,
    lineage_tags,
    masked,
    models_named_by,
    target_name,
)


def refusal(current: LiveEndpoint, change: Change, package: ModelPackage | None = None, **options: Any) -> str:
    with pytest.raises(UsageError) as caught:
        draft(current, change, package, NAMES, **options)
    assert "Nothing was started." in caught.value.user_message
    return caught.value.user_message


# by package


def test_new_package_makes_a_new_model_and_a_config_that_runs_it() -> None:
    result = draft(SIMPLE, Change(version=4), NEW, NAMES)
    (made,) = result.models
    assert made.document == {"PrimaryContainer": by_package(NEW, Environment={"A": "1"}), "ExecutionRoleArn": "role"}
    assert result.config.document == {"ProductionVariants": [variant(model_name=made.name)]}
    assert result.new_models == {"m1": made.name}
    assert paths(result) == {"AllTraffic.model.ModelPackageName": (OLD.arn, NEW.arn)}
    assert not result.counts_from_config


def test_container_by_image_that_moves_to_a_package_loses_image_and_model_data() -> None:
    result = draft(BY_IMAGE, Change(package=NEW.arn), NEW, NAMES)
    assert result.models[0].document["PrimaryContainer"] == by_package(NEW, Environment={"A": "1"})
    assert paths(result)["AllTraffic.model.Image"] == ("repo:1", None)


def test_image_that_describe_shows_beside_a_package_is_neither_sent_nor_called_a_difference() -> None:
    shown = live(
        [variant()], model("m1", by_package(OLD, Image="repo:of-the-package", ContainerHostname="h")), packages=(OLD,)
    )
    result = draft(shown, Change(env={"B": "2"}), None, NAMES)
    assert result.models[0].document["PrimaryContainer"] == by_package(
        OLD, ContainerHostname="h", Environment={"B": "2"}
    )
    assert paths(result) == {"AllTraffic.model.Environment.B": (None, "2")}


def test_marketplace_package_forces_network_isolation() -> None:
    old, new = marketplace_package("acme-v1"), marketplace_package("acme-v2")
    current = live([variant()], model("m1", by_package(old)), packages=(old,))
    result = draft(current, Change(package=new.arn), new, NAMES)
    assert result.models[0].document["EnableNetworkIsolation"] is True
    assert paths(result)["AllTraffic.model.EnableNetworkIsolation"] == (None, "true")


def test_package_arn_in_another_case_is_the_same_package() -> None:
    upper = registry_package(3, group="Sentiment")
    current = live([variant()], model("m1", {"ModelPackageName": upper.arn.lower()}), packages=(upper,))
    result = draft(current, Change(version=3), upper, NAMES)
    assert result.models == ()
    assert result.differences == ()


def test_a_package_that_nobody_looked_up_is_our_bug() -> None:
    with pytest.raises(InvariantError):
        draft(SIMPLE, Change(version=4), None, NAMES)


# by image and environment


def test_image_is_replaced_and_the_rest_of_the_container_kept() -> None:
    result = draft(BY_IMAGE, Change(image="repo:2"), None, NAMES)
    assert result.models[0].document["PrimaryContainer"] == {
        "Image": "repo:2",
        "ModelDataUrl": "s3://b/m.tar.gz",
        "Environment": {"A": "1"},
    }
    assert paths(result) == {"AllTraffic.model.Image": ("repo:1", "repo:2")}


def test_image_of_a_container_by_package_cannot_be_replaced() -> None:
    assert OLD.arn in refusal(SIMPLE, Change(image="repo:2"))


def test_environment_is_merged_and_unset() -> None:
    current = live([variant()], model("m1", {"Image": "r", "Environment": {"A": "1", "B": "2", "C": "3"}}))
    result = draft(current, Change(env={"A": "9", "D": "4"}, unset=("B",)), None, NAMES)
    assert result.models[0].document["PrimaryContainer"]["Environment"] == {"A": "9", "C": "3", "D": "4"}
    assert paths(result) == {
        "AllTraffic.model.Environment.A": ("1", "9"),
        "AllTraffic.model.Environment.B": ("2", None),
        "AllTraffic.model.Environment.D": (None, "4"),
    }


def test_removing_what_is_not_set_answers_with_the_nearest_name() -> None:
    current = live([variant()], model("m1", {"Image": "r", "Environment": {"ENGINE_MAX_ACTIVE_REQUESTS": "120"}}))
    assert "Did you mean ENGINE_MAX_ACTIVE_REQUESTS?" in refusal(current, Change(unset=("ENGINE_MAX_ACTIVE_REQUEST",)))


def test_environment_that_is_set_to_what_it_is_changes_nothing() -> None:
    result = draft(SIMPLE, Change(env={"A": "1"}), None, NAMES)
    assert result.models == ()
    assert result.differences == ()
    assert result.config.document == SIMPLE.config.document


@pytest.mark.parametrize(
    ("env", "words"),
    [
        ({f"K{n}": "v" for n in range(100)}, "101 environment variables"),
        ({f"K{n}": "v" * 1000 for n in range(40)}, "32,768"),
        ({"K": "ü" * 600}, "1024 bytes"),
    ],
    ids=["entries", "total", "bytes of one value"],
)
def test_environment_beyond_sagemakers_limits_is_refused(env: dict[str, str], words: str) -> None:
    assert words in refusal(BY_IMAGE, Change(env=env))


# pipelines

TOKENIZER = {"Image": "tokenizer:1", "ContainerHostname": "tokenizer"}


def test_in_a_pipeline_the_container_of_the_same_package_group_is_replaced() -> None:
    current = live([variant()], model("m1", TOKENIZER, by_package(OLD, ContainerHostname="model")), packages=(OLD,))
    result = draft(current, Change(version=4), NEW, NAMES)
    assert result.models[0].document["Containers"] == [TOKENIZER, by_package(NEW, ContainerHostname="model")]
    assert paths(result) == {"AllTraffic.model.Containers[model].ModelPackageName": (OLD.arn, NEW.arn)}


def test_in_a_pipeline_the_container_of_the_same_marketplace_product_is_replaced() -> None:
    old, new = marketplace_package("acme-v1"), marketplace_package("acme-v2")
    current = live([variant()], model("m1", by_package(old), TOKENIZER), packages=(old,))
    assert (
        draft(current, Change(package=new.arn), new, NAMES).models[0].document["Containers"][0]["ModelPackageName"]
        == new.arn
    )


@pytest.mark.parametrize(
    ("containers", "words"),
    [((TOKENIZER, TOKENIZER), "none of them runs"), ((by_package(OLD), by_package(OLD)), "2 of them run")],
)
def test_ambiguous_pipeline_is_refused(containers: tuple[dict[str, Any], ...], words: str) -> None:
    assert words in refusal(live([variant()], model("m1", *containers), packages=(OLD,)), Change(version=4), NEW)


@pytest.mark.parametrize("change", [Change(image="x:2"), Change(env={"A": "1"})])
def test_image_or_environment_of_a_pipeline_is_refused(change: Change) -> None:
    assert "pipeline of 2 containers" in refusal(live([variant()], model("m1", TOKENIZER, TOKENIZER)), change)


# variants, pools and shadows


def test_the_variant_its_pools_and_its_shadow_follow_and_nothing_else() -> None:
    pools = [
        {"InstanceType": "ml.g5.xlarge", "Priority": 1, "ModelNameOverride": "m1"},
        {"InstanceType": "ml.g6.xlarge", "Priority": 2},
    ]
    pooled = {"VariantName": "A", "ModelName": "m1", "InstancePools": pools, "InitialInstanceCount": 1}
    current = live(
        [pooled, variant("B"), variant("C", "m2")],
        model("m1", by_package(OLD)),
        model("m2", {"Image": "r"}),
        packages=(OLD,),
        ShadowProductionVariants=[variant("S"), variant("T", "m2")],
    )
    result = draft(current, Change(version=4), NEW, NAMES, variant="A")
    new = result.new_models["m1"]
    assert result.config.document["ProductionVariants"] == [
        {**pooled, "ModelName": new, "InstancePools": [{**pools[0], "ModelNameOverride": new}, pools[1]]},
        variant("B", "m1"),
        variant("C", "m2"),
    ]
    assert result.config.document["ShadowProductionVariants"] == [variant("S", new), variant("T", "m2")]
    assert set(paths(result)) == {"A, A (ml.g5.xlarge), S.model.ModelPackageName"}


def test_every_model_that_a_config_names_is_found() -> None:
    pool = {"InstanceType": "ml.g6.xlarge", "Priority": 1, "ModelNameOverride": "m2"}
    current = live([variant("A"), variant("B", InstancePools=[pool])], ShadowProductionVariants=[variant("S", "m3")])
    assert models_named_by(current.config) == ("m1", "m3", "m2")


def test_a_pools_own_model_of_the_same_family_gets_its_own_clone() -> None:
    pools = [{"InstanceType": "ml.g6.xlarge", "Priority": 1, "ModelNameOverride": "m2"}]
    pooled = {"VariantName": "A", "ModelName": "m1", "InstancePools": pools}
    current = live(
        [pooled], model("m1", by_package(OLD)), model("m2", by_package(OLD, Environment={"G": "6"})), packages=(OLD,)
    )
    result = draft(current, Change(version=4), NEW, NAMES)
    assert len({m.name for m in result.models}) == 2
    assert result.models[1].document["PrimaryContainer"] == by_package(NEW, Environment={"G": "6"})


def test_a_pools_own_model_of_another_family_is_refused() -> None:
    pools = [{"InstanceType": "ml.g6.xlarge", "Priority": 1, "ModelNameOverride": "m2"}]
    pooled = {"VariantName": "A", "ModelName": "m1", "InstancePools": pools}
    current = live([pooled], model("m1", by_package(OLD)), model("m2", {"Image": "x"}), packages=(OLD,))
    assert "instance pool" in refusal(current, Change(version=4), NEW)


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ({"ServerlessConfig": {"MemorySizeInMB": 1024, "MaxConcurrency": 1}}, "serverless"),
        ({"InstancePools": []}, "instance pools"),
    ],
)
def test_instance_type_of_a_variant_without_a_single_one_is_refused(members: dict[str, Any], words: str) -> None:
    bare = {"VariantName": "AllTraffic", "ModelName": "m1", **members}
    assert words in refusal(live([bare], model("m1", by_package(OLD))), Change(instance_type="ml.m5.large"))


def test_instance_count_of_a_serverless_variant_is_refused() -> None:
    bare = {
        "VariantName": "AllTraffic",
        "ModelName": "m1",
        "ServerlessConfig": {"MemorySizeInMB": 1024, "MaxConcurrency": 1},
    }
    assert "no instance count" in refusal(live([bare], model("m1", by_package(OLD))), Change(count=2))


def serverless(**size: int) -> LiveEndpoint:
    bare = {"VariantName": "AllTraffic", "ModelName": "m1", "ServerlessConfig": size}
    return live([bare], model("m1", by_package(OLD)), packages=(OLD,))


def test_another_serverless_size_makes_a_config_that_differs_in_nothing_else() -> None:
    current = serverless(MemorySizeInMB=1024, MaxConcurrency=5, ProvisionedConcurrency=2)
    result = draft(current, Change(serverless=ServerlessSize(memory_mb=3072, max_concurrency=20)), None, NAMES)
    assert result.models == ()
    assert result.config.variants() == (
        {
            "VariantName": "AllTraffic",
            "ModelName": "m1",
            "ServerlessConfig": {"MemorySizeInMB": 3072, "MaxConcurrency": 20, "ProvisionedConcurrency": 2},
        },
    )
    assert paths(result) == {
        "AllTraffic.ServerlessConfig.MemorySizeInMB": ("1024", "3072"),
        "AllTraffic.ServerlessConfig.MaxConcurrency": ("5", "20"),
    }
    assert not result.counts_from_config


def test_each_serverless_size_has_a_fingerprint_and_a_config_of_its_own() -> None:
    current = serverless(MemorySizeInMB=1024, MaxConcurrency=5)
    made = [draft(current, Change(serverless=ServerlessSize(max_concurrency=n)), None, NAMES) for n in (6, 7, 7)]
    assert made[0].fingerprint != made[1].fingerprint == made[2].fingerprint
    assert made[0].config.name != made[1].config.name == made[2].config.name


def test_the_serverless_size_that_there_is_changes_nothing() -> None:
    current = serverless(MemorySizeInMB=1024, MaxConcurrency=5)
    assert draft(current, Change(serverless=ServerlessSize(max_concurrency=5)), None, NAMES).differences == ()


def test_a_serverless_size_of_a_variant_on_instances_is_refused() -> None:
    assert "runs on instances" in refusal(SIMPLE, Change(serverless=ServerlessSize(memory_mb=1024)))


def test_several_variants_without_a_word_which_one_are_refused() -> None:
    current = live([variant("A"), variant("B")], model("m1", by_package(OLD)), packages=(OLD,))
    assert "(A, B)" in refusal(current, Change(version=4), NEW)


def test_a_variant_that_is_not_there_is_refused_with_those_that_are() -> None:
    assert "there is: AllTraffic" in refusal(SIMPLE, Change(version=4), NEW, variant="Main")


def test_deleted_model_cannot_be_cloned() -> None:
    assert "was deleted" in refusal(live([variant()]), Change(version=4), NEW)


def test_inference_component_endpoints_are_refused_for_a_model_change() -> None:
    bare = {"VariantName": "AllTraffic", "InitialInstanceCount": 1, "InstanceType": "ml.g5.xlarge"}
    assert "inference components" in refusal(live([bare]), Change(version=4), NEW)


# counts


def test_live_counts_are_carried_and_are_no_difference() -> None:
    current = live(
        [variant("A"), variant("B", "m2")], model("m1", by_package(OLD)), packages=(OLD,), counts={"A": 5, "B": 0}
    )
    result = draft(current, Change(version=4), NEW, NAMES, variant="A")
    assert [v["InitialInstanceCount"] for v in result.config.variants()] == [5, 2]
    assert set(paths(result)) == {"A.model.ModelPackageName"}


def test_asked_count_is_held_against_the_live_one() -> None:
    current = live([variant()], model("m1", by_package(OLD)), counts={"AllTraffic": 5})
    result = draft(current, Change(count=3), None, NAMES)
    assert result.config.variants()[0]["InitialInstanceCount"] == 3
    assert paths(result) == {"AllTraffic.InitialInstanceCount": ("5", "3")}
    assert result.counts_from_config
    assert draft(current, Change(count=5), None, NAMES).differences == ()


def test_autoscaling_does_not_move_the_fingerprint_of_a_change_that_asks_for_no_count() -> None:
    two, five = (
        live([variant()], model("m1", by_package(OLD)), packages=(OLD,), counts={"AllTraffic": n}) for n in (2, 5)
    )
    assert (
        draft(two, Change(version=4), NEW, NAMES).fingerprint == draft(five, Change(version=4), NEW, NAMES).fingerprint
    )
    assert draft(two, Change(count=9), None, NAMES).fingerprint != draft(five, Change(count=9), None, NAMES).fingerprint


# fingerprint, names, tags


def test_fingerprint_moves_with_everything_that_would_run_and_everything_that_runs() -> None:
    base = draft(SIMPLE, Change(version=4), NEW, NAMES).fingerprint
    other_env = live(
        [variant()], model("m1", by_package(OLD, Environment={"A": "2"}), ExecutionRoleArn="role"), packages=(OLD,)
    )
    other_variant = live([variant(VolumeSizeInGB=9)], *SIMPLE.models.values(), packages=(OLD,))
    prints = {
        base,
        draft(SIMPLE, Change(version=5), registry_package(5), NAMES).fingerprint,
        draft(SIMPLE, Change(version=4, env={"S": "x"}), NEW, NAMES).fingerprint,
        draft(SIMPLE, Change(version=4, instance_type="ml.m5.large"), NEW, NAMES).fingerprint,
        draft(other_env, Change(version=4), NEW, NAMES).fingerprint,
        draft(other_variant, Change(version=4), NEW, NAMES).fingerprint,
    }
    assert len(prints) == 6
    assert all(len(p) == 16 and int(p, 16) >= 0 for p in prints)


def test_fingerprint_does_not_depend_on_rollout_or_tags() -> None:
    other = DraftNames(rollout_id="zzz", tags={})
    assert (
        draft(SIMPLE, Change(version=4), NEW, NAMES).fingerprint
        == draft(SIMPLE, Change(version=4), NEW, other).fingerprint
    )


@pytest.mark.parametrize("endpoint", ["a", "stt-prod", "x" * 39 + "-yyyy", "e" * 63])
@pytest.mark.parametrize("suffix", ["", "-2"])
def test_target_name_is_one_that_sagemaker_takes(endpoint: str, suffix: str) -> None:
    name = target_name(endpoint, "r7k2", "0123456789abcdef", suffix=suffix)
    assert len(name) <= 63
    assert "--" not in name
    assert name.endswith(f"-r7k2-012345{suffix}")
    assert endpoint[:20].rstrip("-") == name[: len(endpoint[:20].rstrip("-"))]


def test_target_name_stays_within_the_limit_with_a_long_rollout_id() -> None:
    assert len(target_name("e" * 63, "0" * 64, "0123456789abcdef")) == 63


def rollout(thread: Thread, requester: str = "U0ANNA") -> Rollout:
    second = timedelta(seconds=1)
    return open_rollout(
        id="r7k2",
        kind=Kind.UPDATE,
        terms=Terms(
            endpoint="stt-prod",
            region="us-east-1",
            pace=Pace(poll=second, settle=second),
            watch=WatchPlan(duration=second, warm_up=second, metric_period=second, baseline=second),
            expires_after=second,
        ),
        requester=requester,
        thread=thread,
        now=NOW,
    )


def test_lineage_tags_tell_the_way_back() -> None:
    tags = lineage_tags(rollout(Thread(channel_id="C123", thread_ts="1700000000.000100")), previous_config="stt-v1")
    assert tags == {
        "rollout:id": "r7k2",
        "rollout:previous-config": "stt-v1",
        "rollout:requested-by": "U0ANNA",
        "rollout:thread": "C123:1700000000.000100",
    }


def test_lineage_tags_stay_within_sagemakers_alphabet_and_length() -> None:
    tags = lineage_tags(rollout(Thread(channel_id="C123"), requester="anna <ü>#" + "x" * 300), previous_config="c")
    assert tags["rollout:requested-by"].startswith("anna _ü__x")
    assert len(tags["rollout:requested-by"]) == 256
    assert tags["rollout:thread"] == "C123"


def test_tags_are_cloned_under_the_new_lineage() -> None:
    old_lineage = {"rollout:id": "old", "rollout:note": "old", "team": "speech"}
    current = live([variant()], model("m1", by_package(OLD), tags=old_lineage), packages=(OLD,), tags=old_lineage)
    result = draft(current, Change(version=4), NEW, NAMES)
    assert result.config.tags == {**NAMES.tags, "team": "speech"}
    assert result.models[0].tags == result.config.tags


MANY_TAGS = {f"t{n:02}": "v" for n in range(50)}


def test_tags_for_which_there_is_no_room_are_said() -> None:
    current = live([variant()], model("m1", by_package(OLD), tags=MANY_TAGS), packages=(OLD,), tags=MANY_TAGS)
    result = draft(current, Change(version=4), NEW, NAMES)
    assert len(result.config.tags) == 50
    assert set(NAMES.tags) <= set(result.config.tags)
    assert paths(result)["config.Tags.t49"] == ("v", None)
    assert paths(result)["AllTraffic.model.Tags.t49"] == ("v", None)


def test_nothing_is_lost_where_nothing_changes() -> None:
    current = live([variant()], model("m1", by_package(OLD), tags=MANY_TAGS), packages=(OLD,), tags=MANY_TAGS)
    assert draft(current, Change(version=3), OLD, NAMES).differences == ()


# what SageMaker shows and botocore does not know yet


def unknown(current: LiveEndpoint, config: tuple[str, ...] = (), model: tuple[str, ...] = ()) -> LiveEndpoint:
    models = {name: m.model_copy(update={"left_out": model}) for name, m in current.models.items()}
    return replace(current, config=current.config.model_copy(update={"left_out": config}), models=models)


@pytest.mark.parametrize("path", ["ProductionVariants[0].TomorrowsSetting", "DataCaptureConfig.TomorrowsSetting"])
def test_a_setting_that_a_copy_would_lose_is_refused_by_name(path: str) -> None:
    for change in (Change(version=4), Change(count=3)):
        text = refusal(unknown(SIMPLE, config=(path,)), change, NEW if change.version else None)
        assert path in text
        assert "Update boto3" in text


def test_a_models_unknown_setting_is_refused_where_the_model_is_replaced() -> None:
    current = unknown(SIMPLE, model=("PrimaryContainer.TomorrowsSetting",))
    assert "PrimaryContainer.TomorrowsSetting" in refusal(current, Change(version=4), NEW)
    assert draft(current, Change(count=3), None, NAMES).models == ()


def test_what_may_be_no_setting_is_told_as_lost() -> None:
    current = unknown(SIMPLE, config=("TomorrowsMember",), model=("OtherMember",))
    lost = paths(draft(current, Change(version=4), NEW, NAMES))
    assert lost["config.TomorrowsMember"][1] is None
    assert lost["AllTraffic.model.OtherMember"][1] is None
    assert draft(current, Change(version=3), OLD, NAMES).differences == ()


# secrets


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("API_KEY", "x"),
        ("license_file", "abc"),
        ("HF_TOKEN", "short"),
        ("DB", "postgres://user:pw@db.internal/x"),
        ("X", "xoxb-123-abc"),
        ("X", "AKIAIOSFODNN7EXAMPLE"),
        ("X", "eyJhbGciOiJIUzI1NiJ9.e30.abc"),
        ("X", "123e4567-e89b-12d3-a456-426614174000"),
        ("X", "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"),
        ("X", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
        ("OPTS", '{"api_key": "x"}'),
        ("URL", "https://x.example/?token=abc"),
        ("HEADER", "Bearer abcdefghij"),
    ],
)
def test_what_looks_like_a_secret_is_masked_whole(key: str, value: str) -> None:
    assert masked(key, value) == MASK


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("ENGINE_MAX_ACTIVE_REQUESTS", "120"),
        ("LOG_LEVEL", "debug"),
        ("MODEL", "s3://bucket/models/sentiment-v2/model.tar.gz"),
        ("URL", "https://example.com/v1/models"),
        ("REGION", "us-east-1"),
        (
            "",
            "123456789012.dkr.ecr.us-east-1.amazonaws.com/stt@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        ),
        ("", "arn:aws:sagemaker:us-east-1:865070037744:model-package/acme-stt-en-v1-0123456789abcdef0123456789abcdef"),
    ],
)
def test_what_does_not_look_like_a_secret_is_shown(key: str, value: str) -> None:
    assert masked(key, value) == value


def test_differences_say_that_a_secret_changed_and_no_part_of_it() -> None:
    current = live(
        [variant()], model("m1", {"Image": "r", "Environment": {"API_KEY": "old-secret", "GONE_KEY": "bye"}})
    )
    result = draft(current, Change(env={"API_KEY": "new-secret", "NEW_TOKEN": "hi"}, unset=("GONE_KEY",)), None, NAMES)
    assert paths(result) == {
        "AllTraffic.model.Environment.API_KEY": (MASK, f"{MASK} (changed)"),
        "AllTraffic.model.Environment.GONE_KEY": (MASK, None),
        "AllTraffic.model.Environment.NEW_TOKEN": (None, MASK),
    }


def test_differences_are_values_that_travel_as_json() -> None:
    (difference,) = draft(SIMPLE, Change(version=4), NEW, NAMES).differences
    assert Difference.model_validate_json(difference.model_dump_json()) == difference
