"""What becomes of the alarms beside the endpoint: made or mended with it, deleted with it."""

from bot.domain.kept_alarms import rule_words
from bot.domain.phases import Kind
from bot.domain.plan import Finding
from bot.domain.preflight.facts import Facts
from bot.domain.preflight.findings import CheckName, ok, warning


def alarms_are_set(facts: Facts) -> Finding | None:
    """Nothing where none is declared, and where they are all as declared."""
    change = facts.alarm_change
    if change is None:
        return _unknown(facts)
    if facts.kind is Kind.TEARDOWN:
        return _deleted(change.drop)
    told = []
    if change.put:
        listed = "; ".join(f"{alarm.name}: {rule_words(alarm)}" for alarm in change.put)
        told.append(f"{_alarms(len(change.put))} set as soon as it is InService: {listed}.{_who(facts)}")
    if change.drop:
        told.append(
            f"{_alarms(len(change.drop))} deleted, because the fleet file declares no such: {', '.join(change.drop)}."
        )
    return ok(CheckName.ENDPOINT_ALARMS, " ".join(told)) if told else None


def _unknown(facts: Facts) -> Finding:
    """They are looked for again at the next rollout, so nothing has to wait for them."""
    left = "some may be left over" if facts.kind is Kind.TEARDOWN else "they stay as they are"
    return warning(
        CheckName.ENDPOINT_ALARMS,
        f"Which alarms it has could not be read, so {left}.",
        "The workers' role needs cloudwatch:DescribeAlarms.",
    )


def _deleted(names: tuple[str, ...]) -> Finding | None:
    return (
        ok(CheckName.ENDPOINT_ALARMS, f"{_alarms(len(names))} deleted with it: {', '.join(names)}.") if names else None
    )


def _alarms(number: int) -> str:
    return "1 alarm is" if number == 1 else f"{number} alarms are"


def _who(facts: Facts) -> str:
    topics = facts.spec.alarms.notify if facts.spec.alarms is not None else ()
    if not topics:
        return " They tell nobody by themselves: give notify in the fleet file."
    return f" They tell {' and '.join(topic.rpartition(':')[2] for topic in topics)}."
