"""Whether the machine image that instances boot fits their hardware and what shall run on it."""

import re
from collections.abc import Iterator, Mapping

from bot.domain.endpoint import Document
from bot.domain.phases import Kind
from bot.domain.plan import Finding
from bot.domain.preflight.facts import Facts
from bot.domain.preflight.findings import CheckName, warning

_AMIS: Mapping[str, tuple[str, int]] = {
    "al2-ami-sagemaker-inference-gpu-2": ("NVIDIA driver 535, CUDA 12.2", 535),
    "al2-ami-sagemaker-inference-gpu-2-1": ("NVIDIA driver 535, CUDA 12.2", 535),
    "al2-ami-sagemaker-inference-gpu-3-1": ("NVIDIA driver 550, CUDA 12.4", 550),
    "al2023-ami-sagemaker-inference-gpu-4-1": ("NVIDIA driver 580, CUDA 13.0", 580),
    "al2-ami-sagemaker-inference-neuron-2": ("Neuron driver 2.19", 0),
}
"""What each AMI brings, and its NVIDIA driver (SageMaker API, ProductionVariant.InferenceAmiVersion)."""

_GPU = re.compile(r"ml\.[gp]\d")
_NEURON = re.compile(r"ml\.(?:inf2|trn)")
_BLACKWELL = re.compile(r"ml\.(?:g7e?|p6)")
_FIRST_BLACKWELL_DRIVER = 570


def ami_fits(facts: Facts) -> Finding | None:
    """An AMI for other hardware never comes into service, and an old one often not with a newer image."""
    if facts.kind is Kind.SCALE or facts.target_config is None:
        return None
    chosen = [v for v in facts.target_config.variants() if v.get("InferenceAmiVersion") in _AMIS]
    wrong = [sentence for variant in chosen for sentence in _misfits(variant)]
    if wrong:
        return warning(
            CheckName.INFERENCE_AMI,
            " ".join(wrong),
            "Such instances may never come into service. Correct the config first.",
        )
    if chosen and facts.kind is Kind.UPDATE and _brings_another_image(facts):
        kept = " and ".join(f"{v['InferenceAmiVersion']} ({_AMIS[v['InferenceAmiVersion']][0]})" for v in chosen)
        return warning(
            CheckName.INFERENCE_AMI,
            f"The image changes, and InferenceAmiVersion stays {kept}.",
            "Make sure that the new version's documentation is content with that driver: with a wrong one it never comes into service.",
        )
    return None


def _misfits(variant: Document) -> Iterator[str]:
    ami = variant["InferenceAmiVersion"]
    for instance_type in _types(variant):
        wanted = _NEURON if "neuron" in ami else _GPU
        if not wanted.match(instance_type):
            yield f"InferenceAmiVersion {ami} of {variant['VariantName']} is not for {instance_type}."
        elif _BLACKWELL.match(instance_type) and _AMIS[ami][1] < _FIRST_BLACKWELL_DRIVER:
            yield (
                f"InferenceAmiVersion {ami} of {variant['VariantName']} has {_AMIS[ami][0]}, and the GPUs of {instance_type} need "
                f"driver {_FIRST_BLACKWELL_DRIVER} or newer."
            )


def _types(variant: Document) -> list[str]:
    pools = [pool["InstanceType"] for pool in variant.get("InstancePools", ())]
    return pools or [t for t in (variant.get("InstanceType"),) if t]


def _brings_another_image(facts: Facts) -> bool:
    if facts.package is not None:
        return all(p.arn != facts.package.arn for p in facts.running)
    return any(d.path.endswith(".Image") for d in facts.differences)
