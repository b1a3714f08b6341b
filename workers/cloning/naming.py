"""Names of what a rollout creates: told apart by rollout and fingerprint, so that creating twice is creating once."""

import re

NAME_LIMIT = 63
"""SageMaker's limit for names of endpoint configs and models."""

_ENDPOINT_SHARE = 40
_FINGERPRINT_SHARE = 6


def target_name(endpoint: str, rollout_id: str, fingerprint: str, *, suffix: str = "") -> str:
    """`<endpoint>-<rollout id>-<start of the fingerprint><suffix>`, as SageMaker allows it: 63 letters, digits and inner hyphens.

    Args:
        endpoint: The endpoint's name; cut where it is long, for what comes behind must stay whole.
        rollout_id: The rollout's id.
        fingerprint: The draft's fingerprint in hex.
        suffix: Tells several models of one draft apart.
    """
    identity = f"-{rollout_id}-{fingerprint[:_FINGERPRINT_SHARE]}{suffix}"
    identity = re.sub(r"[^a-zA-Z0-9-]", "-", identity)[-NAME_LIMIT:]
    beginning = name_part(endpoint)[: NAME_LIMIT - len(identity)].rstrip("-")
    return f"{beginning}{identity}".lstrip("-")


def name_part(endpoint: str) -> str:
    """What such a name has of the endpoint's own name."""
    return endpoint[:_ENDPOINT_SHARE].rstrip("-")
