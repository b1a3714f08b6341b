"""Whether the alarms that the watch heeds can speak against the new fleet: they exist, and do not ring already."""

from bot.domain.alarms import AlarmState
from bot.domain.kept_alarms import heeded_alarms
from bot.domain.phases import Kind
from bot.domain.plan import Finding
from bot.domain.preflight.facts import Facts
from bot.domain.preflight.findings import CheckName, ok, warning


def watch_alarms_can_speak(facts: Facts) -> Finding | None:
    """Nothing where the fleet file's watch names none. The watch goes on without one that cannot, so none of this is a blocker."""
    names = heeded_alarms(facts.spec) if facts.kind is Kind.UPDATE else facts.spec.watch.alarms
    if facts.kind not in (Kind.UPDATE, Kind.CREATE) or not names:
        return None
    if facts.watch_alarms is None:
        return warning(
            CheckName.WATCH_ALARMS,
            f"Whether the watch can heed {', '.join(names)} is unknown: AWS did not say.",
            "The workers' role needs cloudwatch:DescribeAlarms.",
        )
    # Of those that the bot keeps, one that is missing is made at the cutover.
    missing = [name for name in facts.spec.watch.alarms if name not in facts.watch_alarms]
    known = {name: facts.watch_alarms[name] for name in names if name in facts.watch_alarms}
    ringing = [name for name, alarm in known.items() if alarm.state is AlarmState.ALARM]
    if not missing and not ringing:
        return ok(CheckName.WATCH_ALARMS, f"The watch heeds {', '.join(known)}.") if known else None
    found, steps = [], []
    if missing:
        found.append(f"There is no alarm {' and no alarm '.join(missing)} in this account and region.")
        steps.append("Correct alarms in the fleet file's watch.")
    if ringing:
        is_are = "is" if len(ringing) == 1 else "are"
        found.append(f"{' and '.join(ringing)} {is_are} in ALARM already, which says nothing about the new fleet.")
        steps.append("Mend what rings, or watch the thread more closely.")
    return warning(CheckName.WATCH_ALARMS, " ".join(found), " ".join(steps))
