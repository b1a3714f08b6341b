"""Ports of an account about which nothing is known: every answer is "unknown" or "none"."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from bot.domain.alarms import Alarm
from bot.domain.errors import GatewayError
from bot.domain.scaling import ScalableTarget, Scaling


class NoAutoscaling:
    """Nothing is autoscaled."""

    def read(self, endpoint: str, variants: Sequence[str]) -> Scaling:
        return Scaling()

    def suspend(self, target: ScalableTarget) -> None:
        raise _unavailable("RegisterScalableTarget")

    def deregister(self, target: ScalableTarget) -> None:
        raise _unavailable("DeregisterScalableTarget")

    def restore(self, target: ScalableTarget) -> None:
        raise _unavailable("RegisterScalableTarget")


class NoAlarms:
    """There are no alarms, and none can be made."""

    def describe(self, names: Sequence[str]) -> Mapping[str, Alarm]:
        return {}

    def create(self, alarm: Alarm, tags: Mapping[str, str]) -> None:
        raise _unavailable("PutMetricAlarm")

    def delete(self, names: Sequence[str]) -> None:
        raise _unavailable("DeleteAlarms")

    def trip(self, name: str, reason: str) -> None:
        raise _unavailable("SetAlarmState")


class UnknownCapacity:
    """Neither quotas nor prices are known."""

    def limit(self, instance_type: str) -> int | None:
        return None

    def instances(self) -> Mapping[str, int]:
        return {}

    def hourly(self, instance_type: str) -> Decimal | None:
        return None


class UnknownMarket:
    """Neither subscriptions nor artifacts are known."""

    def is_active(self, product_id: str) -> bool | None:
        return None

    def size(self, url: str) -> int | None:
        return None


def _unavailable(operation: str) -> GatewayError:
    return GatewayError(operation, "NotImplemented", None, "not available in this version")
