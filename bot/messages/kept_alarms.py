"""The words of the alarms that stand beside an endpoint: in plans, in the steps, at the end, and in its status."""

from collections.abc import Sequence

from bot.domain.alarms import Alarm, AlarmState
from bot.domain.kept_alarms import ceiling_of_metric, rule_words
from bot.domain.phases import Kind
from bot.domain.plan import Plan
from bot.domain.rollout import Rollout
from bot.messages.blocks import code, escape, listed
from bot.messages.words import count, moment

_STATES = {
    AlarmState.OK: "OK",
    AlarmState.ALARM: "*in ALARM*",
    AlarmState.INSUFFICIENT_DATA: "no data yet",
}


def alarms_in_plan(kind: Kind, plan: Plan) -> str:
    """What becomes of them, in a sentence; empty where nothing does."""
    told = []
    if plan.kept_alarms:
        when = "when it is InService" if kind is Kind.CREATE else "when the new fleet serves"
        rules = "; ".join(escape(ceiling_of_metric(alarm)) for alarm in plan.kept_alarms)
        told.append(
            f"{count(len(plan.kept_alarms), 'alarm')} {_are(plan.kept_alarms)} set {when}: {rules}.{_telling(plan.kept_alarms)}"
        )
    if plan.dropped_alarms:
        when = "with it" if kind is Kind.TEARDOWN else "then, too"
        told.append(f"{count(len(plan.dropped_alarms), 'alarm')} {_are(plan.dropped_alarms)} deleted {when}.")
    return " ".join(told)


def alarms_step(plan: Plan) -> str:
    """The step that sets or deletes them; empty where there is none."""
    if plan.kept_alarms:
        return f"{count(len(plan.kept_alarms), 'alarm')} of the endpoint set"
    return f"{count(len(plan.dropped_alarms), 'alarm')} of the endpoint deleted" if plan.dropped_alarms else ""


def alarms_at_end(rollout: Rollout) -> str:
    """What there is of them now, in a sentence; empty where there is nothing to tell, or it went wrong and is told elsewhere."""
    plan = rollout.plan
    if plan is None or not rollout.kept_alarms_set or rollout.kept_alarms_refused:
        return ""
    if plan.kept_alarms:
        names = ", ".join(code(alarm.name) for alarm in plan.kept_alarms)
        watch = "watches" if len(plan.kept_alarms) == 1 else "watch"
        return f"{count(len(plan.kept_alarms), 'alarm')} {watch} it: {names}.{_telling(plan.kept_alarms)}"
    return (
        f"Its {count(len(plan.dropped_alarms), 'alarm')} {_are(plan.dropped_alarms)} deleted, too."
        if plan.dropped_alarms
        else ""
    )


def alarm_lines(alarms: Sequence[Alarm]) -> str:
    """Those that stand, each with its state."""
    return listed([_line(alarm) for alarm in alarms])


def _line(alarm: Alarm) -> str:
    since = f" since {moment(alarm.since)}" if alarm.since is not None else ""
    told = ", ".join(escape(topic.rpartition(":")[2]) for topic in alarm.notify) or "nobody"
    return f"{code(alarm.name)}: {_STATES[alarm.state]}{since}; {escape(rule_words(alarm))}; tells {told}"


def _telling(alarms: Sequence[Alarm]) -> str:
    """Whom they tell: all of an endpoint's have the same topics."""
    topics = " and ".join(escape(topic.rpartition(":")[2]) for topic in alarms[0].notify)
    return (
        f" {'It tells' if len(alarms) == 1 else 'They tell'} {topics}."
        if topics
        else " Nobody is told but those who look."
    )


def _are(of: Sequence[object]) -> str:
    return "is" if len(of) == 1 else "are"
