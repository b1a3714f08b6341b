"""The draft of a change: new model and config documents cloned from what runs, and what differs between the two.

Pure: no AWS, no clock. The same live documents and the same change always give the same draft with the same fingerprint, so
a worker that takes over drafts again instead of trusting a copy.
"""

from bot.domain.masking import MASK, masked
from workers.cloning.bridging import BRIDGE_SUFFIX, bridge, bridge_variant, with_live_weights
from workers.cloning.creating import Creation, creation
from workers.cloning.drafting import Draft, DraftNames, draft
from workers.cloning.lineage import WAVE_TAG, creation_tags, lineage_tags
from workers.cloning.live import LiveEndpoint, models_named_by
from workers.cloning.naming import target_name
from workers.cloning.running import RunningPackage, model_of, package_behind, running_package
from workers.cloning.trials import kept_a, kept_b, live_trial, started, trial_variant

__all__ = [
    "BRIDGE_SUFFIX",
    "MASK",
    "WAVE_TAG",
    "Creation",
    "Draft",
    "DraftNames",
    "LiveEndpoint",
    "RunningPackage",
    "bridge",
    "bridge_variant",
    "creation",
    "creation_tags",
    "draft",
    "kept_a",
    "kept_b",
    "lineage_tags",
    "live_trial",
    "masked",
    "model_of",
    "models_named_by",
    "package_behind",
    "running_package",
    "started",
    "target_name",
    "trial_variant",
    "with_live_weights",
]
