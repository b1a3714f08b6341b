"""A/B tests: two versions side by side on one endpoint."""

from workers.trials.following import TrialLooks
from workers.trials.opening import Trials

__all__ = ["TrialLooks", "Trials"]
