"""The config between two others: the present variants beside the new one, which takes a share of the traffic.

With both side by side under one endpoint, weights move traffic within seconds, and going back needs no new fleet. When the new
variant has proved itself, the endpoint goes on to the draft's own config, in which it bears the present variant's name.
"""

import struct
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from bot.domain.content import content_hash_of
from bot.domain.endpoint import ConfigRecord, Document
from bot.domain.errors import InvariantError, UsageError
from workers.cloning.counts import (
    COUNT,
    DEFAULT_WEIGHT,
    PRODUCTION,
    SHADOW,
    WEIGHT,
    live_weight,
    with_live_counts,
)
from workers.cloning.drafting import Draft, DraftNames
from workers.cloning.lineage import inherited
from workers.cloning.live import LiveEndpoint
from workers.cloning.naming import NAME_LIMIT, target_name

VARIANTS_LIMIT = 10
"""SageMaker's limit of production variants in one config."""

BRIDGE_SUFFIX = "-bridge"
"""What the name of every config in between ends with."""

_SUFFIX = "-next"


def bridge_variant(variant: str) -> str:
    """What the new variant is called while it runs beside the present one: `AllTraffic-next`."""
    return f"{variant[: NAME_LIMIT - len(_SUFFIX)].rstrip('-')}{_SUFFIX}"


def bridge(current: LiveEndpoint, draft: Draft, variant: str, share_percent: float, names: DraftNames) -> ConfigRecord:
    """The config that runs everything that runs now, and beside it one more variant with the draft's settings.

    Present variants keep their settings; their counts and weights are the live ones, so the share is right whether UpdateEndpoint
    retains live weights or takes them from the config. The new variant starts with as many instances as the draft asks for: it
    must be able to take all of the variant's traffic when the weights move.

    Args:
        current: What runs.
        draft: The change, drafted from `current`.
        variant: The production variant that the draft changes.
        share_percent: How much of the endpoint's whole traffic the new variant gets, above 0 and below 100.
        names: What the draft's resources are called and tagged after.

    Raises:
        UsageError: two variants cannot run side by side here; the message says why, and that nothing was started.
    """
    present = current.config.variants()
    coming = next((v for v in draft.config.variants() if v["VariantName"] == variant), None)
    if coming is None:
        raise InvariantError(f"the draft {draft.config.name} has no variant {variant!r}")
    _check_possible(current, coming)
    weights = {v["VariantName"]: live_weight(current.snapshot, v) for v in present}
    if any(weights.values()) and not weights[variant]:
        raise _impossible(current.snapshot.name, f"sends no traffic to {variant} (its weight is 0)")
    new = {
        **coming,
        "VariantName": bridge_variant(variant),
        WEIGHT: weight_beside(share_percent, sum(weights.values()), current.snapshot.name),
    }
    running = with_live_counts(current.config.document, current.snapshot)
    beside = [_with_weight(v, weights[v["VariantName"]]) for v in running[PRODUCTION]]
    document = {**running, PRODUCTION: [*beside, new]}
    return ConfigRecord(
        name=target_name(current.snapshot.name, names.rollout_id, _content(draft, document), suffix=BRIDGE_SUFFIX),
        arn="",
        document=document,
        tags=inherited(current.config.tags, names.tags),
    )


def with_live_weights(draft: Draft, current: LiveEndpoint) -> Draft:
    """The draft whose config names the live weights, for an update that takes weights from it instead of retaining live ones."""
    variants = [_with_weight(v, live_weight(current.snapshot, v)) for v in draft.config.variants()]
    config = draft.config.model_copy(update={"document": {**draft.config.document, PRODUCTION: variants}})
    return replace(draft, config=config)


def _check_possible(current: LiveEndpoint, coming: Document) -> None:
    present, endpoint = current.config.variants(), current.snapshot.name
    if any("ServerlessConfig" in v for v in (*present, coming)):
        raise _impossible(endpoint, "is serverless, and SageMaker allows serverless endpoints only one variant")
    if any("ModelName" not in v for v in (*present, coming)):
        raise _impossible(endpoint, "hosts inference components, whose traffic does not follow the weights of variants")
    if current.config.document.get(SHADOW):
        raise _impossible(
            endpoint, "has a shadow variant, beside which SageMaker allows exactly one production variant"
        )
    if len(present) >= VARIANTS_LIMIT:
        raise _impossible(endpoint, f"has {len(present)} production variants already, as many as SageMaker allows")
    taken = bridge_variant(coming["VariantName"])
    if taken in (v["VariantName"] for v in present):
        raise _impossible(
            endpoint, f"has a variant {taken} already, perhaps of an earlier change that was not finished"
        )


def _impossible(endpoint: str, because: str) -> UsageError:
    return UsageError(
        f"{endpoint} {because}. So the new fleet cannot run as a second variant. Ask for another strategy. "
        "Nothing was started."
    )


def weight_beside(share_percent: float, others: float, endpoint: str) -> float:
    """The weight beside `others` that is `share_percent` of the whole."""
    if not 0 < share_percent < 100:
        raise UsageError(
            f"A second variant can take more than 0 % and less than 100 % of the traffic, not {share_percent:g} %. "
            "Nothing was started."
        )
    if not others:
        raise _impossible(endpoint, "sends no traffic to any of its variants (all weights are 0)")
    return single(others * share_percent / (100 - share_percent))


def _with_weight(variant: Document, live: float) -> Document:
    """The variant on its live weight; left alone where that is the one of its config."""
    unmoved = single(live) == single(variant.get(WEIGHT, DEFAULT_WEIGHT))
    return variant if unmoved else {**variant, WEIGHT: live}


def single(weight: float) -> float:
    """The weight as SageMaker keeps it, in single precision: what it shows later then equals what was sent."""
    (kept,) = struct.unpack("f", struct.pack("f", weight))
    return float(kept)


def _content(draft: Draft, document: Document) -> str:
    """Hex digits over all that would run, except instance counts, which autoscaling may move before a crashed worker tries again."""
    seen = {**document, PRODUCTION: _without_counts(document[PRODUCTION])}
    return content_hash_of([draft.fingerprint, seen])


def _without_counts(variants: Sequence[Document]) -> list[dict[str, Any]]:
    return [{member: value for member, value in v.items() if member != COUNT} for v in variants]
