"""The calls by which an endpoint begins and ceases to exist. Each may be tried again after a crash."""

import hashlib
import logging
from datetime import datetime

from bot.domain.collecting import is_ours
from bot.domain.endpoint import ConfigRecord, EndpointStatus
from bot.domain.errors import GatewayError, ResourceExists, ResourceMissing, TransientError
from bot.domain.rollout import Rollout
from bot.domain.under_way import note_of, tags_of_note
from workers.cloning import creation_tags
from workers.cloning.lineage import inherited, torn_down_tags
from workers.cloning.naming import target_name
from workers.world import Aws

log = logging.getLogger(__name__)


def clear_failed(aws: Aws, rollout: Rollout) -> None:
    """Delete the Failed endpoint whose name is wanted, after a look at it; nothing that works is ever deleted here."""
    try:
        if aws.endpoints.describe(rollout.endpoint).status is EndpointStatus.FAILED:
            aws.endpoints.delete(rollout.endpoint)
    except ResourceMissing:
        log.info("%s is gone already", rollout.endpoint)


def create_endpoint(aws: Aws, rollout: Rollout) -> None:
    """CreateEndpoint. An endpoint of that name with our own tag is ours, from a call whose answer was lost."""
    try:
        note = note_of(rollout)
        tags = {**creation_tags(rollout), **(tags_of_note(note) if note is not None else {})}
        aws.endpoints.create(rollout.endpoint, rollout.target_config, tags)
    except ResourceExists:
        if not _is_ours(aws, rollout):
            raise


def _is_ours(aws: Aws, rollout: Rollout) -> bool:
    try:
        found = aws.endpoints.describe(rollout.endpoint)
        return aws.endpoints.tags(found.arn).get("rollout:id") == rollout.id
    except ResourceMissing as exc:  # SageMaker reads its own writes late
        cause = f"SageMaker does not show {rollout.endpoint} yet"
        raise TransientError("CreateEndpoint", cause, outcome_unknown=True) from exc


def delete_endpoint(aws: Aws, rollout: Rollout, now: datetime) -> None:
    """DeleteEndpoint, after a note on a config that stays, since when nothing runs it. Gone already is fine."""
    assert rollout.plan is not None
    try:
        _note_teardown(aws, aws.endpoints.describe_config(rollout.plan.current_config), rollout, now)
    except GatewayError as exc:  # then the store alone knows
        log.warning("no config bears a note that %s was torn down: %s", rollout.endpoint, exc)
    try:
        aws.endpoints.delete(rollout.endpoint)
    except ResourceMissing:
        log.info("%s is gone already", rollout.endpoint)


def _note_teardown(aws: Aws, config: ConfigRecord, rollout: Rollout, now: datetime) -> None:
    """Leave the note where it is found again by the endpoint's name: a config that people named is copied under a name of ours."""
    note = torn_down_tags(rollout, now)
    if is_ours(config.name) or config.left_out:  # a copy would not be the same where SageMaker takes less than it shows
        aws.endpoints.change_tags(config.arn, note)
        return
    name = target_name(rollout.endpoint, rollout.id, hashlib.sha256(config.name.encode()).hexdigest())
    tags = inherited(config.tags, {**creation_tags(rollout), **note})
    aws.endpoints.create_config(config.model_copy(update={"name": name, "arn": "", "tags": tags}))
