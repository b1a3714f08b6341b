"""Prints the fleet file's JSON Schema: `python -m bot.domain.fleet > fleet.schema.json`."""

import json

from bot.domain.fleet.schema import fleet_schema

print(json.dumps(fleet_schema(), indent=2, ensure_ascii=False))
