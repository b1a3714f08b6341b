"""The chart of a data_visualization block, which slack_sdk does not know yet."""

from __future__ import annotations

from typing import Any

from sandbox.slack.blocks.schema import Report, by_type, items, shape, string

LABEL = string(20)


def _number(report: Report, value: Any, pointer: str) -> None:
    if not isinstance(value, int | float) or isinstance(value, bool):
        report.add(pointer, "must be a number", "invalid_type")


def _positive(report: Report, value: Any, pointer: str) -> None:
    if not isinstance(value, int | float) or isinstance(value, bool) or value <= 0:
        report.add(pointer, "must be more than 0")


def _every_series_has_every_category(report: Report, chart: Any, pointer: str) -> None:
    categories = (chart.get("axis_config") or {}).get("categories")
    if not isinstance(categories, list):
        return
    for index, series in enumerate(chart.get("series") or []):
        points = series.get("data") if isinstance(series, dict) else None
        labels = [point.get("label") for point in points or [] if isinstance(point, dict)]
        if sorted(map(str, labels)) != sorted(map(str, categories)):
            report.add(f"{pointer}/series/{index}/data", "must have every category exactly once")


POINT = shape({"label": LABEL, "value": _number}, ["label", "value"])
SERIES = shape({"name": LABEL, "data": items(POINT, 1, 20)}, ["name", "data"])
AXES = shape({"categories": items(LABEL, 1, 20), "x_label": string(50), "y_label": string(50)}, ["categories"])
WITH_AXES = shape(
    {"series": items(SERIES, 1, 12), "axis_config": AXES}, ["series", "axis_config"], _every_series_has_every_category
)
SEGMENT = shape({"label": LABEL, "value": _positive}, ["label", "value"])
CHART = by_type(
    {
        "line": WITH_AXES,
        "bar": WITH_AXES,
        "area": WITH_AXES,
        "pie": shape({"segments": items(SEGMENT, 1, 12)}, ["segments"]),
    }
)
