"""The app as its manifest declares it: commands, shortcuts, events and scopes. What it does not ask for, it does not get."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from sandbox.slack.people import AppConfig


def read_manifest(path: Path) -> AppConfig:
    """Reads a Slack app manifest, YAML or JSON.

    Raises:
        ValueError: it is no manifest.
    """
    manifest = yaml.safe_load(path.read_text(encoding="utf-8"))
    if not isinstance(manifest, dict) or "features" not in manifest:
        raise ValueError(f"{path} is no app manifest: it has no features")
    features: dict[str, Any] = manifest["features"]
    scopes = manifest.get("oauth_config", {}).get("scopes", {}).get("bot", [])
    events = manifest.get("settings", {}).get("event_subscriptions", {}).get("bot_events", [])
    return AppConfig(
        commands=tuple(features.get("slash_commands", ())),
        shortcuts=tuple(features.get("shortcuts", ())),
        scopes=tuple(scopes),
        events=tuple(events),
    )
