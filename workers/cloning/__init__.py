"""The draft of a change: new model and config documents cloned from what runs, and what differs between the two.

Pure: no AWS, no clock. The same live documents and the same change always give the same draft with the same fingerprint, so
a worker that takes over drafts again instead of trusting a copy.
"""

from bot.domain.masking import MASK, masked
from workers.cloning.bridging import BRIDGE_SUFFIX, bridge, bridge_variant, with_live_weights
from workers.cloning.drafting import Draft, DraftNames, draft
from workers.cloning.lineage import lineage_tags
from workers.cloning.live import LiveEndpoint, models_named_by
from workers.cloning.naming import target_name

__all__ = [
    "BRIDGE_SUFFIX",
    "MASK",
    "Draft",
    "DraftNames",
    "LiveEndpoint",
    "bridge",
    "bridge_variant",
    "draft",
    "lineage_tags",
    "masked",
    "models_named_by",
    "target_name",
    "with_live_weights",
]
