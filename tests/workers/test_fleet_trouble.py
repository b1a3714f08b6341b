"""People are told while the fleet file has mistakes, and not any more when it has none."""

from __future__ import annotations

from pathlib import Path

from fakes.engine import FLEET, Engine

from bot.fleet_file import FleetFile
from workers.fleet_trouble import fleet_trouble, note_trouble


def test_status_says_that_the_file_has_mistakes_and_what_counts(tmp_path: Path):
    engine, seconds = Engine(), 0.0
    path = tmp_path / "fleet.yaml"
    path.write_text(FLEET)
    file = FleetFile(path, lambda: seconds)

    def written(text: str) -> None:
        nonlocal seconds
        path.write_text(text)
        for _ in range(2):
            seconds += 1
            file.refresh()
        note_trouble(engine.store.memory, file)

    written(FLEET + "x: 1\ny: 2\n")
    assert file.trouble is not None
    assert f"fleet.yaml has 2 mistakes since {file.trouble.since:%Y-%m-%d %H:%M} UTC; what counts" in engine.ask(
        "status"
    )
    assert "fleet.yaml has 2 mistakes" in fleet_trouble(engine.store)
    written(FLEET)
    assert fleet_trouble(engine.store) == ""
    assert "mistake" not in engine.ask("status")
