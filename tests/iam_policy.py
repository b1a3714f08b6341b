"""iam-policy.json with its placeholders filled in, and what it allows."""

from __future__ import annotations

import json
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

POLICY = Path(__file__).parent.parent / "iam-policy.json"
ACCOUNT, REGION = "123456789012", "us-east-1"
BUCKET = "acme-ml-registry"
"""Where the sample fleet has its model data."""


def policy() -> list[dict[str, Any]]:
    text = POLICY.read_text(encoding="utf-8").replace("OTHER_ACCOUNT", "210987654321")
    filled = text.replace("REGION", REGION).replace("ACCOUNT", ACCOUNT).replace("EXECUTION_ROLE", "sagemaker-execution")
    filled = filled.replace("MODEL_BUCKET", BUCKET).replace("EVENT_QUEUE", "sagemaker-events")
    statements = json.loads(filled)["Statement"]
    assert isinstance(statements, list)
    return statements


def listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def allows(action: str, arn: str) -> bool:
    """As IAM decides, as far as this policy needs it: no Deny, no NotAction, `*` and `?` in resources."""
    return any(
        action in listed(statement["Action"]) and any(fnmatchcase(arn, r) for r in listed(statement["Resource"]))
        for statement in policy()
    )
