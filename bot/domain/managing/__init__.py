"""What the endpoint manager does, decided without a clock and without asking anybody: from how things stand to the next move."""

from bot.domain.managing.desired import beyond_change, desired_change

__all__ = ["beyond_change", "desired_change"]
