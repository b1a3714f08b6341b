"""Application Auto Scaling: what scales a variant is read, stopped, taken away, and put back whole."""

import logging
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bot.domain.endpoint import Document
from bot.domain.errors import GatewayError, ResourceMissing
from bot.domain.scaling import SUSPENDED_SWITCHES, ScalableTarget, Scaling, metric_of
from workers.gateways.aws_errors import Subject, translated
from workers.gateways.shapes import sendable
from workers.ports import Clock

log = logging.getLogger(__name__)

NAMESPACE = "sagemaker"
DIMENSIONS = frozenset({"sagemaker:variant:DesiredInstanceCount", "sagemaker:variant:DesiredProvisionedConcurrency"})
"""What of a variant can be scaled: its instances or, of a serverless one, the concurrency that is kept warm."""

DESCRIBE_ONLY = frozenset(
    {"Alarms", "CreationTime", "PolicyARN", "PredictedCapacity", "ScalableTargetARN", "ScheduledActionARN"}
)
"""Members that no Put or Register operation takes, by design; anything else that is left out goes into the log."""

_SERVICE_LINKED = ":role/aws-service-role/"
_IDS_PER_CALL = 50


class ApplicationAutoscaling:
    """`ports.Autoscaling` for one account and region."""

    def __init__(self, client: Any, clock: Clock) -> None:
        """Take a boto3 `application-autoscaling` client, which may retry by itself (every call may be repeated), and the time."""
        self._client = client
        self._clock = clock

    def read(self, endpoint: str, variants: Sequence[str]) -> Scaling:
        """What scales these variants, in documents of nothing but JSON that the Put operations take."""
        names = {f"endpoint/{endpoint}/variant/{variant}": variant for variant in variants}
        ids = list(names)
        found = [
            target
            for start in range(0, len(ids), _IDS_PER_CALL)
            for target in self._list("ScalableTargets", ResourceIds=ids[start : start + _IDS_PER_CALL])
            if target["ScalableDimension"] in DIMENSIONS
        ]
        found.sort(key=lambda target: ids.index(target["ResourceId"]))
        return Scaling(targets=tuple(self._target(names[target["ResourceId"]], target) for target in found))

    def suspend(self, target: ScalableTarget) -> None:
        """Stop every kind of scaling; limits and policies stay as they are."""
        self._set_suspended(target, dict.fromkeys(SUSPENDED_SWITCHES, True))

    def deregister(self, target: ScalableTarget) -> None:
        """Take the target away, which deletes its policies and scheduled actions too. Gone already is fine."""
        try:
            with translated("DeregisterScalableTarget", _subject(target)):
                self._client.deregister_scalable_target(**_identity(target.document))
        except ResourceMissing:
            log.info("%s was no scalable target any more", target.document["ResourceId"])

    def put(self, target: ScalableTarget) -> None:
        """Make it so, and delete target tracking that is not among its policies. The same again does no harm.

        Raises:
            GatewayError: something was refused; what came before it is in place.
        """
        self._register(target, **target.document)
        there = self._documents("PutScalingPolicy", self._children("ScalingPolicies", target.document))
        known = {policy["PolicyName"]: policy for policy in there}
        wanted = {policy["PolicyName"] for policy in target.policies}
        changed = [("PutScalingPolicy", p) for p in target.policies if known.get(p["PolicyName"]) != p]
        self._put_all(target, [*changed, *self._missing_actions(target)])
        for policy in there:  # last, so that there is no moment without any
            if policy["PolicyName"] not in wanted and metric_of(policy) is not None:
                with translated("DeleteScalingPolicy", _subject(target)):
                    self._client.delete_scaling_policy(**_identity(target.document), PolicyName=policy["PolicyName"])

    def restore(self, target: ScalableTarget) -> None:
        """Put back what is missing of what was read, and the suspended state.

        What is there is left alone: a limit or a policy that somebody set while the target was stopped or away is newer than what was
        read. Run again after a crash, this goes on where it ended.

        Raises:
            GatewayError: a policy or a scheduled action was refused; everything else has been put back.
        """
        there = [
            t for t in self._list("ScalableTargets", ResourceIds=[target.document["ResourceId"]]) if _is(t, target)
        ]
        if there:
            self._set_suspended(target, target.document.get("SuspendedState", {}))
        else:
            self._register(target, **target.document)
        policies = {policy["PolicyName"] for policy in self._children("ScalingPolicies", target.document)}
        missing = [("PutScalingPolicy", p) for p in target.policies if p["PolicyName"] not in policies]
        self._put_all(target, [*missing, *self._missing_actions(target)])

    def _missing_actions(self, target: ScalableTarget) -> list[tuple[str, Document]]:
        """Its scheduled actions that are not there and may still run."""
        there = {action["ScheduledActionName"] for action in self._children("ScheduledActions", target.document)}
        now = self._clock()
        return [
            ("PutScheduledAction", action)
            for action in target.scheduled
            if action["ScheduledActionName"] not in there and not is_over(action, now)
        ]

    def _put_all(self, target: ScalableTarget, missing: Iterable[tuple[str, Document]]) -> None:
        """Put each of them; one that is refused does not keep the others from being put, and is raised at the end."""
        refusals = [refusal for operation, document in missing if (refusal := self._put(operation, target, document))]
        if refusals:
            raise refusals[0]

    def _target(self, variant: str, target: Document) -> ScalableTarget:
        policies, actions = self._children("ScalingPolicies", target), self._children("ScheduledActions", target)
        return ScalableTarget(
            variant=variant,
            document=self._register_document(target),
            policies=self._documents("PutScalingPolicy", policies),
            scheduled=self._documents("PutScheduledAction", actions),
            step_alarms=_alarms_of_step_scaling(policies),
        )

    def _put(self, operation: str, target: ScalableTarget, document: Document) -> GatewayError | None:
        puts: dict[str, Callable[..., Any]] = {
            "PutScalingPolicy": self._client.put_scaling_policy,
            "PutScheduledAction": self._client.put_scheduled_action,
        }
        try:
            with translated(operation, _subject(target)):
                puts[operation](ServiceNamespace=NAMESPACE, **document)
        except GatewayError as error:
            return error
        return None

    def _set_suspended(self, target: ScalableTarget, state: Mapping[str, bool]) -> None:
        # Whatever is not sent stays as it is.
        identity = {member: target.document[member] for member in ("ResourceId", "ScalableDimension")}
        self._register(target, **identity, SuspendedState=dict(state))

    def _register(self, target: ScalableTarget, **document: Any) -> None:
        with translated("RegisterScalableTarget", _subject(target)):
            self._client.register_scalable_target(ServiceNamespace=NAMESPACE, **document)

    def _children(self, result: str, target: Document) -> list[Document]:
        return self._list(result, ResourceId=target["ResourceId"], ScalableDimension=target["ScalableDimension"])

    def _list(self, result: str, **which: Any) -> list[Document]:
        operation, paginator = _LISTS[result]
        with translated(operation, Subject("scaling of", str(which))):
            pages = self._client.get_paginator(paginator).paginate(ServiceNamespace=NAMESPACE, **which)
            return [item for page in pages for item in page[result]]

    def _register_document(self, target: Document) -> Document:
        (document,) = self._documents("RegisterScalableTarget", [target])
        # Application Auto Scaling gives targets its own role by itself; to name it, the bot would need permission to pass it on.
        own_role = _SERVICE_LINKED in target.get("RoleARN", "")
        return {member: content for member, content in document.items() if member != "RoleARN" or not own_role}

    def _documents(self, operation: str, answers: Iterable[Document]) -> tuple[Document, ...]:
        shape = self._client.meta.service_model.operation_model(operation).input_shape
        documents = []
        for answer in answers:
            document, left_out = sendable(answer, shape)
            document.pop("ServiceNamespace", None)
            if unexpected := [path for path in left_out if path not in DESCRIBE_ONLY]:
                log.warning("%s has members that %s does not take: %s", answer["ResourceId"], operation, unexpected)
            documents.append(_as_json(document))
        return tuple(documents)


_LISTS = {
    "ScalableTargets": ("DescribeScalableTargets", "describe_scalable_targets"),
    "ScalingPolicies": ("DescribeScalingPolicies", "describe_scaling_policies"),
    "ScheduledActions": ("DescribeScheduledActions", "describe_scheduled_actions"),
}
"""What a list is called in its answer, and which operation and paginator give it."""


def is_over(action: Document, now: datetime) -> bool:
    """Whether a scheduled action will never run again, so that Application Auto Scaling would refuse to take it back."""
    if "EndTime" in action and datetime.fromisoformat(action["EndTime"]) <= now:
        return True
    once = re.fullmatch(r"at\((?P<moment>[^)]+)\)", action.get("Schedule", ""))
    if once is None:
        return False
    try:
        zone = ZoneInfo(action.get("Timezone", "UTC"))
        return datetime.fromisoformat(once["moment"]).replace(tzinfo=zone) <= now
    except (ValueError, ZoneInfoNotFoundError):
        return False  # Application Auto Scaling knows better what it once accepted


def _alarms_of_step_scaling(policies: Iterable[Document]) -> tuple[str, ...]:
    steps = (policy for policy in policies if policy["PolicyType"] == "StepScaling")
    return tuple(sorted({alarm["AlarmName"] for policy in steps for alarm in policy.get("Alarms", ())}))


def _identity(document: Document) -> dict[str, Any]:
    return {
        "ServiceNamespace": NAMESPACE,
        "ResourceId": document["ResourceId"],
        "ScalableDimension": document["ScalableDimension"],
    }


def _is(answer: Document, target: ScalableTarget) -> bool:
    return bool(answer["ScalableDimension"] == target.document["ScalableDimension"])


def _subject(target: ScalableTarget) -> Subject:
    return Subject("scalable target", target.document["ResourceId"])


def _as_json(value: Any) -> Any:
    """The same with instants as texts, which botocore takes as well: documents wait in Redis as JSON."""
    if isinstance(value, Mapping):
        return {key: _as_json(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_as_json(item) for item in value]
    return value.astimezone(UTC).isoformat() if isinstance(value, datetime) else value
