"""How the sample fleet behaves: the demand on its endpoints, and which model versions are worse or better."""

from __future__ import annotations

from typing import Any

from .traffic import Profile, Traits

STT_EN_V1 = "acme-stt-en-v1-0123456789abcdef0123456789abcdef"
STT_EN_V2 = "acme-stt-en-v2-fedcba9876543210fedcba9876543210"
STT_EN_V3 = "acme-stt-en-v3-00112233445566778899aabbccddeeff"
STT_FR_V1 = "acme-stt-fr-v1-ffeeddccbbaa99887766554433221100"

# How versions differ from their endpoint's normal behaviour, by the part of the package's ARN after `model-package/`.
BEHAVIOURS = {
    STT_EN_V3: Traits(latency_factor=1.29),
    "sentiment/4": Traits(latency_factor=0.97),
    "product-perception/2": Traits(error_ratio=0.05),
}

PROFILES = {
    "stt-prod": Profile("streaming", 3.0, 210_000.0, 0.30, session_seconds=22.0, busy_percent=52.0),
    "sentiment-prod": Profile("realtime", 12.0, 38_000.0, 0.40, session_seconds=0.05, busy_percent=41.0),
    "product-perception": Profile("realtime", 5.0, 95_000.0, 0.35, session_seconds=0.12, busy_percent=28.0),
    "credibility": Profile("serverless", 1.0, 160_000.0, 0.45, session_seconds=0.2),
}


def profile_for(endpoint: str, spec: dict[str, Any]) -> Profile:
    """The demand on an endpoint: its own, or a modest one of the kind that its config tells."""
    if endpoint in PROFILES:
        return PROFILES[endpoint]
    if "AsyncInferenceConfig" in spec:
        return Profile("async")
    serverless = any("ServerlessConfig" in variant for variant in spec["ProductionVariants"])
    return Profile("serverless" if serverless else "realtime")
