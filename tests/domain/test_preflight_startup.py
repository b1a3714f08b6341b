"""Preflight of what new instances boot, pull and load."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from fakes.facts import ROLLBACK, SCALE, UPDATE, a_config, a_package, found
from fakes.records import TARGET

from bot.domain.plan import Difference, Level
from bot.domain.preflight import Facts
from bot.domain.preflight.facts import Artifact, Image

GB = 1_000_000_000


def loading(size: int | None, download: int | None = None, startup: int | None = None) -> Facts:
    artifact = Artifact(
        variant="AllTraffic",
        model="stt-v4",
        size=size,
        download_timeout=None if download is None else timedelta(seconds=download),
        startup_timeout=None if startup is None else timedelta(seconds=startup),
    )
    return replace(UPDATE, artifacts=(artifact,))


@pytest.mark.parametrize(
    ("facts", "level", "words"),
    [
        (loading(5 * GB), Level.OK, "Start-up time-outs fit the models' sizes: stt-v4 5.0 GB."),
        (loading(47 * GB), Level.OK, "stt-v4 47 GB"),
        (
            loading(49 * GB),
            Level.WARNING,
            "loading it can take about 4 min 5 s, and SageMaker waits 4 min (SageMaker's default)",
        ),
        (loading(49 * GB, startup=600), Level.OK, "stt-v4 49 GB"),
        (loading(61 * GB, startup=3600), Level.WARNING, "about 10 min, and it has no time-out of its own."),
        (loading(61 * GB, 900, 3600), Level.OK, "stt-v4 61 GB"),
        (loading(61 * GB, 600, 3600), Level.WARNING, "about 10 min, and its time-out is 10 min."),
        (loading(150 * GB, 3600, 600), Level.WARNING, "about 12 min, and SageMaker waits 10 min for an answer."),
        (loading(None, 3601), Level.BLOCKER, "ModelDataDownloadTimeoutInSeconds of AllTraffic is 3601."),
        (loading(1, None, 7200), Level.BLOCKER, "ContainerStartupHealthCheckTimeoutInSeconds of AllTraffic is 7200."),
    ],
)
def test_timeouts_are_held_against_the_size_of_the_model(facts: Facts, level: Level, words: str) -> None:
    finding = found(facts)["startup"]
    assert finding.level is level
    assert words in finding.text


@pytest.mark.parametrize("facts", [UPDATE, loading(None), replace(loading(90 * GB), kind=SCALE.kind)])
def test_nothing_is_said_of_sizes_that_nobody_knows_or_loads(facts: Facts) -> None:
    assert "startup" not in found(facts)


OLD_AMI, NEW_AMI = "al2-ami-sagemaker-inference-gpu-2", "al2023-ami-sagemaker-inference-gpu-4-1"
NEURON = "al2-ami-sagemaker-inference-neuron-2"


def booting(ami: str | None, instance_type: str | None = "ml.g5.2xlarge", **fields: Any) -> Facts:
    config = a_config(TARGET, "AllTraffic", InferenceAmiVersion=ami, InstanceType=instance_type, **fields)
    return replace(UPDATE, target_config=config, running=(a_package(),))


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        (booting(OLD_AMI, "ml.m5.xlarge"), f"InferenceAmiVersion {OLD_AMI} of AllTraffic is not for ml.m5.xlarge."),
        (booting(OLD_AMI, "ml.inf2.xlarge"), "is not for ml.inf2.xlarge."),
        (booting(NEURON, "ml.g5.xlarge"), "is not for ml.g5.xlarge."),
        (booting(NEURON, "ml.inf1.xlarge"), "is not for ml.inf1.xlarge."),
        (booting(OLD_AMI, "ml.g7e.2xlarge"), "the GPUs of ml.g7e.2xlarge need driver 570 or newer."),
        (booting(OLD_AMI, None, InstancePools=[{"InstanceType": "ml.c5.large"}]), "is not for ml.c5.large."),
    ],
)
def test_an_ami_for_other_hardware_is_told(facts: Facts, words: str) -> None:
    finding = found(facts)["inference_ami"]
    assert finding.level is Level.WARNING
    assert words in finding.text
    assert finding.next_step.startswith("Such instances may never come into service.")


def test_a_new_image_on_an_old_ami_is_told() -> None:
    older = replace(booting(OLD_AMI), running=(a_package(arn="arn:v3"),))
    new_image = replace(
        booting(OLD_AMI),
        package=None,
        differences=(Difference(path="AllTraffic.model.PrimaryContainer.Image", before="a", after="b"),),
    )
    for facts in (older, new_image):
        text = found(facts)["inference_ami"].text
        assert text == f"The image changes, and InferenceAmiVersion stays {OLD_AMI} (NVIDIA driver 535, CUDA 12.2)."


@pytest.mark.parametrize(
    "facts",
    [
        UPDATE,
        booting(OLD_AMI),
        replace(booting(OLD_AMI), package=None),
        booting(NEW_AMI, "ml.g7e.2xlarge"),
        booting(NEURON, "ml.trn1.2xlarge"),
        booting("an-ami-of-tomorrow", "ml.m5.xlarge"),
        booting(OLD_AMI, None),
        replace(booting(OLD_AMI), kind=ROLLBACK.kind, running=()),
        replace(booting(OLD_AMI, "ml.m5.xlarge"), kind=SCALE.kind),
        replace(UPDATE, target_config=None),
    ],
)
def test_an_ami_of_which_nothing_bad_is_known_is_not_spoken_of(facts: Facts) -> None:
    assert "inference_ami" not in found(facts)


DIGEST = "sha256:" + "ab12" * 16


def running(specified: str, digest: str | None = DIGEST, *, stays: bool = True) -> Facts:
    return replace(UPDATE, images=(Image(variant="AllTraffic", specified=specified, digest=digest, stays=stays),))


@pytest.mark.parametrize(
    ("specified", "digest", "level", "words"),
    [
        (
            "1.dkr.ecr/stt:latest",
            DIGEST,
            Level.WARNING,
            "AllTraffic runs stt:latest, which was sha256:ab12ab12ab12… when",
        ),
        (
            "1.dkr.ecr/stt",
            f"1.dkr.ecr/stt@{DIGEST}",
            Level.WARNING,
            "AllTraffic runs stt:latest (it names no tag), which was",
        ),
        (
            "1.dkr.ecr/stt:Prod",
            None,
            Level.WARNING,
            "AllTraffic runs stt:Prod; which image that was could not be told.",
        ),
        ("host:5000/stt:2.1-gpu", DIGEST, Level.OK, "AllTraffic runs stt:2.1-gpu, which was sha256:ab12ab12ab12… when"),
    ],
)
def test_a_tag_is_looked_up_again(specified: str, digest: str | None, level: Level, words: str) -> None:
    finding = found(running(specified, digest))["image_tags"]
    assert finding.level is level
    assert finding.text.startswith(words)
    assert ("another image may start" in finding.text) is (level is Level.WARNING)


@pytest.mark.parametrize("facts", [running(f"1.dkr.ecr/stt@{DIGEST}"), running("stt:latest", stays=False), UPDATE])
def test_an_image_that_cannot_move_is_not_spoken_of(facts: Facts) -> None:
    assert "image_tags" not in found(facts)
