"""What an approver has to know of a test that runs: how B does beside A so far, and that an end of the endpoint ends it."""

from dataclasses import dataclass

from bot.domain.plan import Finding
from bot.domain.preflight.findings import CheckName, ok, warning
from bot.domain.starting import written
from bot.domain.trial import TrialPlan, TrialWatch, was_found_worse
from bot.domain.verdict import VerdictKind


@dataclass(frozen=True)
class RunningTrial:
    """A test that an endpoint runs, and what is known of it."""

    trial: TrialPlan
    watch: TrialWatch | None
    """The comparison; None where nobody makes one, as after the store was emptied."""


def comparison_so_far(running: RunningTrial | None, endpoint: str) -> Finding | None:
    """What the comparison says, to whoever approves more requests for B."""
    if running is None:
        return None
    watch, check = running.watch, CheckName.AB_TEST
    if watch is None:
        return warning(
            check,
            "How B does beside A is not known: the store was emptied since the test began, and nobody has compared them since.",
            f"metrics {endpoint} shows what CloudWatch has. The comparison begins anew within minutes.",
        )
    if was_found_worse(watch):
        return warning(
            check, _worse(watch), f"To end the test with A, which served before: ab finish {endpoint} --keep A"
        )
    if watch.verdict is None:
        return warning(check, "There are no numbers of the test yet: B has not been compared with A.")
    return ok(check, f"The test says {watch.verdict.kind} so far. {watch.verdict.evidence}".strip())


def ends_with_endpoint(running: RunningTrial | None) -> Finding | None:
    """To whoever approves that the endpoint is deleted."""
    if running is None:
        return None
    trial = running.trial
    runs = (
        f"A shadow runs: {trial.b} gets copies of the requests of {trial.a}."
        if trial.shadow
        else f"An A/B test runs: {trial.b} serves {trial.share:.0f} % of the traffic beside {trial.a}."
    )
    return warning(CheckName.AB_TEST, f"{runs} It ends with the endpoint, without either being kept.")


def _worse(watch: TrialWatch) -> str:
    """What was found, what the bot did about it, and whether the numbers still say so."""
    verdict, stop = watch.verdict, watch.stop
    is_worse_still = verdict is not None and verdict.kind is VerdictKind.REGRESSED
    evidence = verdict.evidence if verdict is not None and is_worse_still else watch.worse_because
    told = f"B does worse than A. {evidence}" if is_worse_still else f"B did worse than A. {evidence}"
    done = f" The bot took its traffic away {written(stop.decided_at)}." if stop is not None else ""
    if watch.resumed_at is not None:
        done += f" People gave it traffic again {written(watch.resumed_at)}."
    since = (
        f" By now the test says {verdict.kind}. {verdict.evidence}"
        if verdict is not None and not is_worse_still
        else ""
    )
    return f"{told.strip()}{done}{since}".strip()
