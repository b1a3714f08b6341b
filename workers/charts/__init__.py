"""Charts as PNG: of a watch, before and after its cutover, and of any stretch of time."""

from workers.charts.before_after import render_chart
from workers.charts.canvas import HEIGHT_PX, WIDTH_PX
from workers.charts.overview import render_overview

__all__ = ["HEIGHT_PX", "WIDTH_PX", "render_chart", "render_overview"]
