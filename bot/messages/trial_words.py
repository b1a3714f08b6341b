"""What a rollout does to a trial, in a few words: for cards, plans, progress and ends."""

from bot.domain.phases import Kind
from bot.domain.plan import Plan
from bot.domain.rollout import Rollout
from bot.domain.trial import Side, TrialAsk, TrialStep
from bot.messages.blocks import escape


def trial_in_short(plan: Plan, kind: Kind) -> str:
    """The change that a plan is about. Not escaped."""
    trial = plan.trial
    assert trial is not None
    if kind is Kind.WEIGHTS:
        return f"{trial.share:.0f} % of the traffic to {trial.b}"
    if plan.weights_from_config:
        return f"keep {plan.target_label}, which was tried out"
    if trial.shadow:
        return f"{plan.target_label} as a shadow of {plan.current_label}, with copies of {trial.share:.0f} % of the requests"
    return f"{plan.target_label} beside {plan.current_label}, with {trial.share:.0f} % of the traffic"


def asked_in_short(ask: TrialAsk) -> str:
    """The same before there is a plan."""
    match ask.step:
        case TrialStep.START if ask.shadow:
            return "try out a version as a shadow"
        case TrialStep.START:
            return f"try out a version with {ask.share} % of the traffic"
        case TrialStep.WEIGHT:
            return f"{ask.share} % of the traffic to the version that is tried out"
        case TrialStep.KEEP_A:
            return "end the A/B test: keep A, which served before"
        case TrialStep.KEEP_B:
            return "end the A/B test: keep B, which was tried out"


def trial_headline(rollout: Rollout) -> str | None:
    """How a rollout ended that has to do with a trial, in a line; None where the usual words say it."""
    trial, watch = rollout.plan.trial if rollout.plan is not None else None, rollout.trial_watch
    if trial is None:
        return None
    if rollout.kind is Kind.WEIGHTS:
        return f"{escape(trial.b)} serves {trial.share:.0f} % of the traffic."
    if watch is None:
        return None
    if watch.end is not None:
        return f"The test is over: {kept_words(watch.end.kept)}."
    if trial.shadow:
        return f"{escape(trial.b)} runs as a shadow; the thread compares both."
    if watch.share == 0:
        return f"Both versions run, and {escape(trial.b)} gets no traffic; the thread compares them."
    return f"Both versions serve, {escape(trial.b)} with {watch.share:.0f} % of the traffic; the thread compares them."


def kept_words(kept: Side | None) -> str:
    """Which version serves alone now."""
    match kept:
        case "A":
            return "A serves alone, as before"
        case "B":
            return "B was kept, and serves alone"
        case None:
            return "somebody led the endpoint elsewhere"
