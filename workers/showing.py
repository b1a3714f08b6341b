"""Shows an endpoint's latency, errors and traffic over any stretch of time: in words, and in Slack as a chart."""

import logging
from dataclasses import dataclass
from datetime import timedelta

from bot.domain import commands
from bot.domain.errand import CommandErrand
from bot.domain.errors import SlackRefused, TransientError
from bot.domain.fleet import EndpointSpec
from bot.domain.phases import Kind
from bot.domain.rollout import Rollout
from bot.domain.signals import latency_metric
from bot.domain.verdict import Window
from bot.messages.overview import Overview, headlines, render_overview
from workers.answering import Answering
from workers.ports import Subject
from workers.rollbacks import watch_of
from workers.watching.comparing import chart_period
from workers.watching.windows import LONGEST_FINE_HISTORY, MINUTE, floor
from workers.world import World

log = logging.getLogger(__name__)

MOST_ROLLOUTS = 50
"""Of an endpoint's last rollouts, so many are looked at for cutovers within the window."""


@dataclass(frozen=True)
class Showing:
    """Carries out metrics. It reads, and changes nothing."""

    world: World
    answering: Answering

    def show(self, errand: CommandErrand, command: commands.Metrics) -> None:
        """Measure, draw, and answer where it was asked; the chart cannot be whispered, so everybody there sees both."""
        spec = self.world.fleet.endpoint(command.endpoint)
        overview = self._measure(spec, command.since)
        note = self._chart(errand, overview, spec)
        self.answering.answer(errand.reply, render_overview(overview, note), in_channel=True)

    def _measure(self, spec: EndpointSpec, since: timedelta) -> Overview:
        aws = self.world.aws(spec)
        snapshot = aws.endpoints.describe(spec.name)
        subject = Subject.of(spec, (variant.name for variant in snapshot.variants))
        window, period = self._window(spec, since)
        return Overview(
            endpoint=spec.name,
            metric=latency_metric(spec.kind),
            whole=aws.metrics.measure(subject, window),
            points=aws.metrics.series(subject, window, period),
            period=period,
            rollouts=self._replaced(spec.name, window),
        )

    def _window(self, spec: EndpointSpec, since: timedelta) -> tuple[Window, timedelta]:
        """The last whole periods. CloudWatch keeps periods below a minute for three hours only."""
        now = self.world.clock()
        finest = min(spec.watch.metric_period, MINUTE) if since <= LONGEST_FINE_HISTORY else MINUTE
        period = chart_period(finest, Window(start=now - since, end=now))
        end = floor(now, period)
        return Window(start=end - max(since // period, 1) * period, end=end), period

    def _replaced(self, endpoint: str, window: Window) -> tuple[Rollout, ...]:
        recent = self.world.store.rollouts.recent(endpoint, limit=MOST_ROLLOUTS)
        found = [
            r for r in recent if r.kind not in (Kind.SCALE, Kind.WEIGHTS, Kind.AUTOSCALE) and _is_within(r, window)
        ]
        return tuple(sorted(found, key=lambda r: r.cutover_at or r.created_at))

    def _chart(self, errand: CommandErrand, overview: Overview, spec: EndpointSpec) -> str:
        """Put the picture where it was asked for; returns what is to be said where that is not possible."""
        reply = errand.reply
        if overview.is_empty:
            return ""
        if reply.terminal is not None or reply.channel_id is None:
            return "The chart is drawn in Slack only."
        try:
            self.world.slack.upload(
                reply.channel_id,
                reply.thread_ts,
                filename=f"{overview.endpoint}-{overview.window.end:%Y%m%d-%H%M}.png",
                content=draw(overview, spec),
                title=f"{overview.endpoint}: {headlines(overview)[0]}",
                alt_text=f"{overview.endpoint}. {'; '.join(headlines(overview))}",
            )
        except SlackRefused as exc:
            log.info("errand %s: no chart: %s", errand.id, exc)
            return f"The chart could not be put here: invite the bot with `/invite @{self.world.slack.own_name()}`, then ask again."
        except TransientError as exc:
            log.warning("errand %s: no chart: %s", errand.id, exc)
            return "Slack did not take the chart; ask again in a minute."
        return ""


def draw(overview: Overview, spec: EndpointSpec) -> bytes:
    """The chart, as PNG.

    matplotlib is imported here, because it takes a second of CPU and most processes never draw.
    """
    from workers.charts import render_overview as render_picture

    return render_picture(
        overview.points,
        title=overview.endpoint,
        lines=headlines(overview),
        metric=overview.metric,
        window=overview.window,
        period=overview.period,
        watch=watch_of(spec),
        cutovers=[r.cutover_at for r in overview.rollouts if r.cutover_at is not None],
    )


def _is_within(rollout: Rollout, window: Window) -> bool:
    return rollout.cutover_at is not None and window.start <= rollout.cutover_at < window.end
