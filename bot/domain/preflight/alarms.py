"""Whether the alarms that shall send the traffic back can do so: they exist, look at this endpoint, and in time."""

from collections.abc import Iterator
from datetime import timedelta

from bot.domain.alarms import Alarm, AlarmKind, AlarmState
from bot.domain.durations import say_duration
from bot.domain.guardrails import left_out
from bot.domain.phases import Kind
from bot.domain.plan import Finding, Level
from bot.domain.preflight.facts import Facts
from bot.domain.preflight.findings import CheckName, blocker, ok, warning

_CORRECT = "Correct alarms in the fleet file's strategy, or ask for --strategy all-at-once --bake 0s."


def alarms_can_be_relied_on(facts: Facts) -> Finding | None:
    """The alarms that people named, and those that the bot would make; nothing where SageMaker watches none."""
    if facts.kind is not Kind.UPDATE or not facts.strategy.bakes or facts.shape is None or facts.shape.is_unguarded:
        return None
    found = (*_about_standing(facts), *_about_room(facts))
    blockers = [f for f in found if f.level is Level.BLOCKER]
    worst = blockers or found
    if not worst:
        return ok(CheckName.ALARMS, _watched_by(facts))
    say = blocker if blockers else warning
    return say(
        CheckName.ALARMS,
        " ".join(f.text for f in worst),
        " ".join(dict.fromkeys(f.next_step for f in worst if f.next_step)),
    )


def _about_standing(facts: Facts) -> Iterator[Finding]:
    names = facts.strategy.alarms
    if facts.standing_alarms is None:
        yield warning(
            CheckName.ALARMS,
            f"Whether {_listed(names)} can be relied on is unknown: AWS did not say.",
            "The workers' role needs cloudwatch:DescribeAlarms.",
        )
        return
    for name in names:
        alarm = facts.standing_alarms.get(name)
        if alarm is None:
            yield blocker(CheckName.ALARMS, f"There is no alarm {name} in this account and region.", _CORRECT)
        else:
            yield from _about_subject(alarm, facts)
            yield from _about_span(alarm, facts.strategy.bake)
            yield from _about_state(alarm)


def _about_subject(alarm: Alarm, facts: Facts) -> Iterator[Finding]:
    """Its dimensions must name this endpoint, a variant of it, and no config that the new fleet does not have."""
    mine, target = facts.snapshot.name, facts.target_config
    if alarm.endpoint is None:
        what = "is a composite alarm" if alarm.kind is AlarmKind.COMPOSITE else "names no endpoint in its dimensions"
        yield warning(
            CheckName.ALARMS,
            f"The alarm {alarm.name} {what}: whether it is about {mine} cannot be told.",
            "Make sure that it goes off when this endpoint is ill, and only then.",
        )
        return
    if alarm.endpoint != mine:
        yield blocker(
            CheckName.ALARMS, f"The alarm {alarm.name} is about the endpoint {alarm.endpoint}, not {mine}.", _CORRECT
        )
        return
    variant, config = alarm.dimensions.get("VariantName"), alarm.dimensions.get("EndpointConfigName")
    if target is not None and variant is not None and variant not in {v["VariantName"] for v in target.variants()}:
        yield blocker(
            CheckName.ALARMS,
            f"The alarm {alarm.name} is about the variant {variant}, which the target config does not have.",
            _CORRECT,
        )
    if config is not None and config != facts.target_config_name:
        yield blocker(
            CheckName.ALARMS,
            f"The alarm {alarm.name} looks at the config {config} only, so it never sees the new fleet.",
            _CORRECT,
        )


def _about_span(alarm: Alarm, bake: timedelta) -> Iterator[Finding]:
    if alarm.span is not None and alarm.span > bake:
        yield blocker(
            CheckName.ALARMS,
            f"The alarm {alarm.name} looks at {say_duration(alarm.span)}, which is longer than the bake of "
            f"{say_duration(bake)}: it could not go off in time.",
            "Ask for a longer --bake, or shorten the alarm.",
        )


def _about_state(alarm: Alarm) -> Iterator[Finding]:
    if alarm.state is AlarmState.ALARM:
        yield blocker(
            CheckName.ALARMS,
            f"The alarm {alarm.name} is in ALARM already: SageMaker would roll back at once.",
            "Mend what it is about first, or leave it out.",
        )
    elif alarm.state is AlarmState.INSUFFICIENT_DATA:
        yield warning(
            CheckName.ALARMS,
            f"The alarm {alarm.name} has no data (INSUFFICIENT_DATA): while that stays so it stops nothing.",
            "Check its metric and its dimensions.",
        )


def _about_room(facts: Facts) -> Iterator[Finding]:
    if facts.target_config is None:
        return
    cut = left_out(facts.own_alarms, facts.spec, facts.target_config)
    if cut > 0:
        yield warning(
            CheckName.ALARMS,
            f"SageMaker watches 10 alarms at most, so {cut} of the bot's own {'is' if cut == 1 else 'are'} left out.",
            "Name fewer alarms in the fleet file's strategy.",
        )


def _watched_by(facts: Facts) -> str:
    own, standing = facts.own_alarms, facts.strategy.alarms
    ours = f"{len(own)} alarm{'' if len(own) == 1 else 's'} on the new fleet alone, made for this rollout"
    also = f", and {_listed(standing)}" if standing else ""
    return f"SageMaker goes back by itself on {ours}{also}."


def _listed(names: tuple[str, ...]) -> str:
    return f"the alarm{'' if len(names) == 1 else 's'} {', '.join(names)}"
