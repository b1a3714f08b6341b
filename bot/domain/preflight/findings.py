"""The closed list of checks, and short ways to say what one of them found."""

from enum import StrEnum

from bot.domain.plan import Finding, Level


class CheckName(StrEnum):
    """Every check. The value is what is stored; with spaces for underscores it is what people read."""

    SOMETHING_CHANGES = "something_changes"
    NAME_IS_FREE = "name_is_free"  # nothing but a Failed endpoint has the name of a new one
    WHAT_STAYS = "what_stays"  # after a teardown
    IN_SERVICE = "in_service"
    DECLARED_VARIANT = "declared_variant"
    VARIANT_NAMES = "variant_names"
    LIVE_COUNT = "live_count"  # a change of live counts can be made
    CONVERSION = "conversion"  # instances to serverless capacity, or back
    SERVERLESS_SIZE = "serverless_size"
    VERSION_STATUS = "version_status"  # Approved and Completed, as far as it has such a state
    RUNNING_VERSION = "running_version"  # what runs now is still approved
    TRACK = "track"
    SUBSCRIPTION = "subscription"
    INSTANCE_TYPE = "instance_type"
    QUOTA = "quota"
    SERVERLESS_QUOTA = "serverless_quota"  # of requests at once, over all serverless endpoints
    STRATEGY = "strategy"
    ALARMS = "alarms"
    WATCH_ALARMS = "watch_alarms"  # those that the watch heeds after the cutover
    ENDPOINT_ALARMS = "endpoint_alarms"  # those that stand beside the endpoint
    KEPT_COUNTS = "kept_counts"  # live counts survive the update
    AUTOSCALING = "autoscaling"
    SCALING_OFF = "scaling_off"  # autoscaling that was asked for is gone, or stands still
    SCALING_PAUSE = "scaling_pause"  # nothing scales while the update runs
    SCALING_TARGET = "scaling_target"  # a value per instance, and other instances
    IMAGE_TAGS = "image_tags"
    INFERENCE_AMI = "inference_ami"
    STARTUP = "startup"
    HOLDS = "holds"  # the version was rolled back, refused, or somebody holds the endpoint
    FAILED_BEFORE = "failed_before"
    ROLLED_BACK_FROM = "rolled_back_from"
    APPROVERS = "approvers"
    CHANGE_WINDOW = "change_window"
    TRAFFIC = "traffic"
    CONNECTIONS = "connections"
    AB_TEST = "ab_test"  # what a running test says of B
    WAY_BACK = "way_back"


MOVING = frozenset(
    {
        CheckName.IN_SERVICE,
        CheckName.SCALING_PAUSE,
        CheckName.CHANGE_WINDOW,
        CheckName.TRAFFIC,
        CheckName.CONNECTIONS,
        CheckName.WATCH_ALARMS,  # the plan rests on none of them
        CheckName.ENDPOINT_ALARMS,
    }
)
"""Checks that move by nature: no plan is void because one of them changed."""


def ok(check: CheckName, text: str) -> Finding:
    """As it should be."""
    return Finding(check=check, level=Level.OK, text=text)


def warning(check: CheckName, text: str, next_step: str = "") -> Finding:
    """An approver should know it."""
    return Finding(check=check, level=Level.WARNING, text=text, next_step=next_step)


def blocker(check: CheckName, text: str, next_step: str) -> Finding:
    """Nobody may approve until it is mended."""
    return Finding(check=check, level=Level.BLOCKER, text=text, next_step=next_step)
