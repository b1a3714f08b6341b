"""What versions are worth: the metrics that the registry and MLflow hold about them."""

from workers.merits.comparing import Merits

__all__ = ["Merits"]
