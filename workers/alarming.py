"""Alarms on AWS: those of one rollout, and those that stand beside an endpoint. Whatever is tried here may be tried again."""

from collections.abc import Callable, Mapping

from bot.domain.errors import AlarmsMissing, ResourceMissing
from bot.domain.phases import Kind
from bot.domain.reconcile import Action
from bot.domain.rollout import Rollout
from workers.cloning import creation_tags, lineage_tags
from workers.world import Aws

ABORT_REASON = "Abort was pressed in Slack"
"""What CloudWatch's history says of an alarm that we trip."""


def create_alarms(aws: Aws, rollout: Rollout) -> None:
    """Create the rollout's own, then look: SageMaker goes back by nothing if an alarm that it was given does not exist."""
    assert rollout.plan is not None
    tags = lineage_tags(rollout, previous_config=rollout.plan.current_config)
    for alarm in rollout.plan.alarms:
        aws.alarms.create(alarm, tags)
    _refuse_missing(aws, [alarm.name for alarm in rollout.plan.alarms])


def trip_alarms(aws: Aws, rollout: Rollout) -> None:
    """Any of ours will do; one that is gone does not keep another from being tripped."""
    assert rollout.plan is not None
    for place, alarm in enumerate(rollout.plan.alarms, start=1):
        try:
            aws.alarms.trip(alarm.name, ABORT_REASON)
            return
        except ResourceMissing:
            if place == len(rollout.plan.alarms):
                raise


def delete_alarms(aws: Aws, rollout: Rollout) -> None:
    """Delete the rollout's own: nothing is left that they could be about."""
    assert rollout.plan is not None
    aws.alarms.delete([alarm.name for alarm in rollout.plan.alarms])


def set_kept_alarms(aws: Aws, rollout: Rollout) -> None:
    """Make the alarms beside the endpoint what the plan says, then look whether they are there."""
    assert rollout.plan is not None
    is_new = rollout.kind is Kind.CREATE
    tags = creation_tags(rollout) if is_new else lineage_tags(rollout, previous_config=rollout.plan.current_config)
    for alarm in rollout.plan.kept_alarms:
        aws.alarms.put(alarm, tags)
    if rollout.plan.dropped_alarms:
        aws.alarms.delete(rollout.plan.dropped_alarms)
    _refuse_missing(aws, [alarm.name for alarm in rollout.plan.kept_alarms])


def _refuse_missing(aws: Aws, names: list[str]) -> None:
    missing = sorted(set(names) - set(aws.alarms.describe(names))) if names else []
    if missing:
        raise AlarmsMissing(missing)


ALARM_ACTIONS: Mapping[Action, Callable[[Aws, Rollout], None]] = {
    Action.CREATE_ALARMS: create_alarms,
    Action.TRIP_ALARM: trip_alarms,
    Action.DELETE_ALARMS: delete_alarms,
    Action.SET_ALARMS: set_kept_alarms,
}
"""What each action on alarms does."""
