"""The shapes of names and values that AWS and Slack accept, as types for pydantic models.

Patterns and lengths are those of botocore's SageMaker model (EndpointName, VersionedArnOrName, EnvironmentKey, …). A
refused value answers with a sentence that a person can act on, and each type tells JSON Schema its pattern.
"""

import re
from typing import Annotated

from pydantic import AfterValidator, StringConstraints, WithJsonSchema

_ECHO_LIMIT = 60  # characters of somebody's input that an error repeats

_LOOKALIKES = {"*": "∗", "_": "ˍ", "~": "∼", "`": "ˋ"}
_MARK = re.compile(r"`|(?<!\w)[*_~]+|[*_~]+(?!\w)")
_REFERENCE = re.compile(r"<(?=[@#!])")


def mention(user_id: str) -> str:
    """Somebody in a message: a Slack user as a mention, anybody else (a terminal, AWS, the bot itself) by name."""
    if user_id.startswith("terminal:"):
        return f"{user_id.removeprefix('terminal:')} (terminal)"
    return {"aws": "SageMaker", "bot": "the bot"}.get(user_id, f"<@{user_id}>")


def quoted(value: str) -> str:
    """Somebody's input in quotes, for an error: shortened, and without what could break a line."""
    visible = "".join(character if character.isprintable() else "·" for character in value)
    return f"“{literal(visible if len(visible) <= _ECHO_LIMIT else visible[: _ECHO_LIMIT - 1] + '…')}”"


def unmarked(text: str) -> str:
    """Somebody's words, which read the same but make nothing bold.

    mrkdwn has no escape for its marks, so look-alikes take the place of those at the edge of a word, where Slack heeds them; marks
    within a word (`stt_prod`, `2*3`) stay. `as_typed` turns them back, for terminals.
    """
    return _MARK.sub(lambda marks: "".join(_LOOKALIKES[mark] for mark in marks[0]), text)


def literal(text: str) -> str:
    """Somebody's words for a sentence of ours, in which mentions are alive: `unmarked`, and calling nobody."""
    return _REFERENCE.sub("‹", unmarked(text))


def as_typed(text: str) -> str:
    """The inverse of `literal` and of `unmarked`."""
    return text.translate(_TYPED)


_TYPED = str.maketrans({lookalike: mark for mark, lookalike in _LOOKALIKES.items()} | {"‹": "<"})


class _Shape:
    """A check that a text has a pattern, and the sentence for one that has not."""

    def __init__(self, pattern: str, rule: str) -> None:
        self._pattern = re.compile(pattern, re.ASCII)
        self._rule = rule

    def __call__(self, value: str) -> str:
        if not self._pattern.fullmatch(value):
            raise ValueError(f"{quoted(value)} {self._rule}")
        return value

    @property
    def schema(self) -> WithJsonSchema:
        return WithJsonSchema({"type": "string", "pattern": f"^({self._pattern.pattern})$"})


_NAME = r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}"
_PACKAGE = r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}(/[1-9][0-9]{0,8})?"
_ARN = r"arn:aws[a-z-]*:sagemaker:[a-z0-9-]{9,16}:[0-9]{12}"

_sagemaker_name = _Shape(_NAME, "is no SageMaker name: those have letters, digits and inner hyphens, 63 at most")
_instance_type = _Shape(r"ml\.[a-z0-9-]+\.[a-z0-9-]+", "is no instance type: those look like ml.g5.2xlarge")
_package_arn = _Shape(
    rf"{_ARN}:model-package/{_PACKAGE}",
    "is no model package ARN: those look like arn:aws:sagemaker:us-east-1:123456789012:model-package/NAME",
)
_package_group = _Shape(
    rf"({_ARN}:model-package-group/)?{_NAME}", "is no model package group: give its name, or its ARN in another account"
)
_package_pattern = _Shape(
    r"[a-zA-Z0-9][a-zA-Z0-9-]{0,61}\*",
    "is no pattern of package names: write the name up to its version, then a star, as in acme-stt-en-v*",
)
_image = _Shape(r"\S{1,255}", "is no image URI: those have no spaces and 255 characters at most")
_environment_key = _Shape(
    r"[a-zA-Z_][a-zA-Z0-9_]{0,1023}",
    "cannot name an environment variable: letters, digits and underscores only, and no digit first",
)
_endpoint_word = _Shape(r"[^\s-]\S{0,62}", "cannot be an endpoint's name")
_wave = _Shape(
    r"[a-zA-Z0-9][a-zA-Z0-9_-]{0,62}", "cannot name a wave: letters, digits, hyphens and underscores, 63 at most"
)
_queue = _Shape(
    r"https?://[^\s/]+/\S+",
    "is no URL of an SQS queue: those look like https://sqs.us-east-1.amazonaws.com/123456789012/sagemaker-events",
)
_file = _Shape(r"[^\x00-\x1f]{1,1000}", "is no path of a file")
_rollout_id = _Shape(r"[a-zA-Z0-9][a-zA-Z0-9_-]{0,63}", "is no rollout id: it stands on the rollout's card")
_alarm = _Shape(r"[^\x00-\x1f]{1,255}", "cannot be a CloudWatch alarm's name: those have 1 to 255 characters")
_role = _Shape(r"arn:aws[a-z-]*:iam::[0-9]{12}:role/[a-zA-Z0-9+=,.@_/-]+", "is no IAM role ARN")
_region = _Shape(r"[a-z]{2}(-[a-z]+)+-[0-9]", "is no AWS region: those look like us-east-1")
_channel = _Shape(
    r"[CGD][A-Z0-9]{2,}", "is no Slack channel id: those begin with C, and stand below a channel's details"
)
_user_id = _Shape(r"[UW][A-Z0-9]{2,}", "is no Slack user id: those begin with U or W")
_user = _Shape(r"[UW][A-Z0-9]{2,}|@[^\s@]{1,80}", "is neither a Slack user id (U… or W…) nor an @handle")
_group = _Shape(r"S[A-Z0-9]{2,}|@[^\s@]{1,80}", "is neither a Slack user group id (S…) nor an @handle")
_bucket_path = _Shape(
    r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/\S{0,400})?", "is no place in S3: those look like s3://bucket/folder"
)
_topic = _Shape(
    r"arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[a-zA-Z0-9_.-]+",
    "is no SNS topic: those look like arn:aws:sns:us-east-1:123456789012:NAME",
)
_key = _Shape(
    r"arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:(key|alias)/[a-zA-Z0-9/_-]+|alias/[a-zA-Z0-9/_-]+|(mrk-)?[a-f0-9-]{32,36}",
    "is no KMS key: give its id, its ARN, or alias/NAME",
)
_subnet = _Shape(r"subnet-[0-9a-f]{8,17}", "is no subnet: those look like subnet-0123456789abcdef0")
_security_group = _Shape(r"sg-[0-9a-f]{8,17}", "is no security group: those look like sg-0123456789abcdef0")

SageMakerName = Annotated[str, AfterValidator(_sagemaker_name), _sagemaker_name.schema]
"""An endpoint, endpoint config or production variant."""

InstanceType = Annotated[str, AfterValidator(_instance_type), _instance_type.schema]
PackageArn = Annotated[str, AfterValidator(_package_arn), _package_arn.schema]
PackagePattern = Annotated[str, AfterValidator(_package_pattern), _package_pattern.schema]
"""Names of packages of one product: the star stands for the version."""

PackageGroup = Annotated[str, AfterValidator(_package_group), _package_group.schema]
ImageUri = Annotated[str, AfterValidator(_image), _image.schema]
EnvironmentKey = Annotated[str, AfterValidator(_environment_key), _environment_key.schema]
EnvironmentValue = Annotated[str, StringConstraints(max_length=1024)]
"""Its errors never repeat the value: it may be a secret."""

EndpointWord = Annotated[str, AfterValidator(_endpoint_word), _endpoint_word.schema]
"""What somebody typed for an endpoint: looser than SageMaker, so that the fleet can answer with the nearest names."""

WaveName = Annotated[str, AfterValidator(_wave), _wave.schema]
"""A wave of the fleet file."""

IncludedFile = Annotated[str, AfterValidator(_file), _file.schema]
"""A path from the folder of the file that it stands in; `*` and `?` mean several files."""

RolloutId = Annotated[str, AfterValidator(_rollout_id), _rollout_id.schema]

QueueUrl = Annotated[str, AfterValidator(_queue), _queue.schema]
AlarmName = Annotated[str, AfterValidator(_alarm), _alarm.schema]
RoleArn = Annotated[str, AfterValidator(_role), _role.schema]
Region = Annotated[str, AfterValidator(_region), _region.schema]
ChannelId = Annotated[str, AfterValidator(_channel), _channel.schema]
UserId = Annotated[str, AfterValidator(_user_id), _user_id.schema]
UserReference = Annotated[str, AfterValidator(_user), _user.schema]
GroupReference = Annotated[str, AfterValidator(_group), _group.schema]
S3Path = Annotated[str, AfterValidator(_bucket_path), _bucket_path.schema]
TopicArn = Annotated[str, AfterValidator(_topic), _topic.schema]
KmsKey = Annotated[str, AfterValidator(_key), _key.schema]
SubnetId = Annotated[str, AfterValidator(_subnet), _subnet.schema]
SecurityGroupId = Annotated[str, AfterValidator(_security_group), _security_group.schema]
