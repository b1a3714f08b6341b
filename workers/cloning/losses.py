"""What a clone cannot carry: refused where it is a setting, told where it may be one. Nothing is dropped in silence."""

import re
from collections.abc import Iterator, Mapping

from bot.domain.endpoint import ConfigRecord, ModelRecord
from bot.domain.errors import UsageError
from bot.domain.plan import Difference
from workers.cloning.lineage import lost_tags

_INSIDE_SETTINGS = re.compile(r"[.\[]")
"""What stands inside a member that is sent is a setting: Describe and Create share those shapes. What stands beside them, at the
top, may as well be something that SageMaker only tells, like a date."""


def refuse_lost_settings(kind: str, record: ConfigRecord | ModelRecord) -> None:
    """Refuse to clone what would lose a setting.

    Args:
        kind: What the record is, for people: `Config`, `Model`.
        record: What would be cloned.

    Raises:
        UsageError: it has settings that this version of the AWS SDK does not know.
    """
    settings = [path for path in record.left_out if _INSIDE_SETTINGS.search(path)]
    if settings:
        raise UsageError(
            f"{kind} “{record.name}” has settings that this bot's version of boto3 does not know: {', '.join(settings)}. "
            "A copy would lose them. Update boto3 where the workers run, then ask again. Nothing was started."
        )


def losses(owner: str, record: ConfigRecord | ModelRecord, lineage: Mapping[str, str]) -> Iterator[Difference]:
    """What the clone of a record lacks: tags for which there is no room, and members that this bot cannot send.

    Args:
        owner: What stands before every path.
        record: What is cloned.
        lineage: The tags that the clone gets.
    """
    for path in record.left_out:
        yield Difference(path=f"{owner}.{path}", before="set, but unknown to this bot's version of boto3", after=None)
    yield from lost_tags(record.tags, lineage, owner)
