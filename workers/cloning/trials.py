"""The configs of a trial: A, which serves, with B beside it or as its shadow; and A's name alone, on what B runs.

B's variant is a clone of A's with the change in it. When B is kept, its successor bears A's name, so that autoscaling, alarms and
metrics of that name go on.
"""

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from bot.domain.content import content_hash_of
from bot.domain.endpoint import ConfigRecord, Document, ModelRecord
from bot.domain.plan import Difference
from bot.domain.trial import TRIAL_TAG, TrialAsk, TrialPlan, trial_on
from workers.cloning.bridging import single, weight_beside
from workers.cloning.containers import present_document
from workers.cloning.counts import (
    COUNT,
    PRODUCTION,
    SHADOW,
    WEIGHT,
    live_count,
    live_weight,
    with_live_counts,
)
from workers.cloning.differences import differences
from workers.cloning.drafting import Draft, DraftNames, flat
from workers.cloning.lineage import inherited
from workers.cloning.live import LiveEndpoint
from workers.cloning.naming import NAME_LIMIT, target_name

_B_SUFFIX = "-b"
_CONFIG_SUFFIX = "-ab"
_ALONE_SUFFIX = "-a"
_SAID_OTHERWISE = ("VariantName", "ModelName")
"""Members of a variant that the plan tells in other words."""


def trial_variant(variant: str) -> str:
    """What B's variant is called beside A's: `AllTraffic-b`. CloudWatch publishes its metrics under that name."""
    return f"{variant[: NAME_LIMIT - len(_B_SUFFIX)].rstrip('-')}{_B_SUFFIX}"


def live_trial(live: LiveEndpoint) -> TrialPlan | None:
    """The trial that an endpoint runs now."""
    return trial_on(live.config, live.snapshot)


def started(current: LiveEndpoint, draft: Draft, variant: str, ask: TrialAsk, names: DraftNames) -> Draft:
    """The draft of a trial: what runs, unchanged, and the drafted variant beside it.

    Beside A, B gets as many instances as A has, so that its weight can go up at any time. As a shadow its share never moves, and it
    gets as many instances as that share takes.

    Args:
        current: What runs. It can take a second variant; see `workers.planning.trials.refuse_unfit`.
        draft: The change of A, of which B becomes the clone.
        variant: A.
        ask: How B shall run.
        names: What the config is called and tagged after.
    """
    running = with_live_counts(current.config.document, current.snapshot)
    a = next(v for v in running[PRODUCTION] if v["VariantName"] == variant)
    coming = next(v for v in draft.config.variants() if v["VariantName"] == variant)
    weight = live_weight(current.snapshot, a)
    b = {**coming, "VariantName": trial_variant(variant)}
    if ask.shadow:
        # Undocumented: what is copied of the requests is taken to be the shadow's weight against its production variant's.
        b[WEIGHT] = single(weight * ask.share / 100)
        b[COUNT] = max(1, math.ceil(int(coming[COUNT]) * ask.share / 100))
    else:
        b[WEIGHT] = weight_beside(ask.share, weight, current.snapshot.name) if ask.share else 0.0
    document = {**running, PRODUCTION: [{**a, WEIGHT: weight}]}
    document |= {SHADOW: [b]} if ask.shadow else {PRODUCTION: [*document[PRODUCTION], b]}
    fingerprint = content_hash_of([draft.fingerprint, "trial", ask.share, ask.shadow])
    config = ConfigRecord(
        name=target_name(current.snapshot.name, names.rollout_id, fingerprint, suffix=_CONFIG_SUFFIX),
        arn="",
        document=document,
        tags=inherited(current.config.tags, {**names.tags, TRIAL_TAG: b["VariantName"]}),
    )
    added = _added(b, a, draft, ask) if draft.differences else ()
    return replace(draft, config=config, differences=tuple(added), fingerprint=fingerprint, counts_from_config=False)


def kept_b(current: LiveEndpoint, trial: TrialPlan, names: DraftNames) -> Draft:
    """The draft in which B serves alone, under A's name and with A's live count: it has to take all of the traffic."""
    document = current.config.document
    a = next(v for v in document[PRODUCTION] if v["VariantName"] == trial.a)
    b = next(v for v in (*document[PRODUCTION], *document.get(SHADOW, ())) if v["VariantName"] == trial.b)
    alone = {**b, "VariantName": trial.a, WEIGHT: trial.weight}
    if COUNT in a:
        alone[COUNT] = live_count(current.snapshot, trial.a) or a[COUNT]
    after: dict[str, Any] = {k: v for k, v in document.items() if k != SHADOW} | {PRODUCTION: [alone]}
    fingerprint = content_hash_of([current.snapshot.arn.lower(), current.config.name, "keep B", _unsized(alone)])
    return Draft(
        models=(),
        config=ConfigRecord(
            name=target_name(current.snapshot.name, names.rollout_id, fingerprint),
            arn="",
            document=after,
            tags=inherited(current.config.tags, names.tags),
        ),
        new_models={},
        differences=tuple(_moved(current, trial, a, b)),
        fingerprint=fingerprint,
        counts_from_config=False,
    )


def kept_a(current: LiveEndpoint, trial: TrialPlan, names: DraftNames) -> ConfigRecord:
    """A alone, as it runs now: where keeping B is undone to if the config from before the test is gone.

    It bears no lineage: nothing led to it, and what an endpoint on it ran before is not told by it.
    """
    document = with_live_counts(current.config.document, current.snapshot)
    a = next(v for v in document[PRODUCTION] if v["VariantName"] == trial.a)
    fingerprint = content_hash_of([current.snapshot.arn.lower(), current.config.name, "keep A", _unsized(a)])
    return ConfigRecord(
        name=target_name(current.snapshot.name, names.rollout_id, fingerprint, suffix=_ALONE_SUFFIX),
        arn="",
        document={k: v for k, v in document.items() if k != SHADOW} | {PRODUCTION: [{**a, WEIGHT: trial.weight}]},
        tags=inherited(current.config.tags, {}),
    )


def _added(b: Document, a: Document, draft: Draft, ask: TrialAsk) -> Iterator[Difference]:
    """B as something that is there only afterwards; of its model, what differs from A's."""
    name, how = b["VariantName"], "shadow of" if ask.shadow else "variant beside"
    took = f"copies of {ask.share} % of the requests" if ask.shadow else f"{ask.share} % of the traffic"
    yield Difference(path=name, before=None, after=f"a new {how} {a['VariantName']}, with {took}")
    yield from differences({}, {k: v for k, v in b.items() if k not in (*_SAID_OTHERWISE, WEIGHT)}, name)
    for difference in draft.differences:
        owner, _, rest = difference.path.partition(".")
        if owner == a["VariantName"] and rest.startswith("model"):
            yield difference.model_copy(update={"path": f"{name}.{rest}"})


def _moved(current: LiveEndpoint, trial: TrialPlan, a: Document, b: Document) -> Iterator[Difference]:
    """What becomes of A's variant, and that B's goes away."""
    old, new = (_runs(current.models.get(variant.get("ModelName", ""))) for variant in (a, b))
    yield from differences(old, new, f"{trial.a}.model")
    before, after = (
        {k: v for k, v in variant.items() if k not in (*_SAID_OTHERWISE, COUNT, WEIGHT)} for variant in (a, b)
    )
    yield from differences(before, after, trial.a)
    if not trial.shadow:
        share = trial.share
        yield Difference(
            path=f"{trial.a}.Share", before=f"{100 - share:.0f} % of the traffic", after="all of the traffic"
        )
    what = "a shadow" if trial.shadow else f"{trial.share:.0f} % of the traffic"
    yield Difference(path=trial.b, before=what, after=None)


def _runs(model: ModelRecord | None) -> dict[str, Any]:
    return flat(present_document(model)) if model is not None else {}


def _unsized(variant: Document) -> dict[str, Any]:
    """Without its count, which autoscaling may move before a crashed worker tries again."""
    return {member: value for member, value in variant.items() if member != COUNT}
