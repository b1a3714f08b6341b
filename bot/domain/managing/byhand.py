"""What people do about a difference that no rollout ends."""

from collections.abc import Sequence

from bot.domain.kept_alarms import is_about_alarms
from bot.domain.plan import Difference

_ANEW = (
    "a rollout keeps what the endpoint was created with; update it once by hand to a config that has it, or tear it down and deploy it "
    "with --version, which follows the fleet file, or write what runs into the fleet file"
)

_BY_FIELD = {
    "autoscaling": "it needs instances to scale; correct kind or autoscaling in the fleet file",
    "serverless": "SageMaker turns no instances into serverless capacity; deploy it under another name, or correct kind and size in "
    "the fleet file",
    "vpc": _ANEW,
    "kms_key": _ANEW,
    "data_capture": _ANEW,
    "async_inference": _ANEW,
    "alarms": "sync sets them as the fleet file says",
    "instance_count": "autoscaling brings the count between its limits; if it does not, scale does",
    "variant": "correct variant in the fleet file",
    "variants": "go back to a config of before (rollback ENDPOINT --to CONFIG), update the endpoint in AWS to a config without the "
    "others, or list those that are meant to be there as other_variants in the fleet file",
    "environment": "the fleet file has changed since; look again in a minute",
    "weight": "set the weights in AWS, or update the endpoint to a config that says them",
}
_ELSEWHERE = "do it in AWS, or correct the fleet file"


def by_hand(beyond: Sequence[Difference]) -> str:
    """What differs though no rollout changes it, and what to do about each; the sentence has no full stop.

    Args:
        beyond: See `beyond_change`; not empty.
    """
    by_advice: dict[str, list[str]] = {}
    for difference in beyond:
        by_advice.setdefault(_BY_FIELD.get(_field(difference.path), _ELSEWHERE), []).append(difference.path)
    said = "; nor ".join(f"{' and '.join(paths)}: {advice}" for advice, paths in by_advice.items())
    return f"no rollout changes {said}"


def left_by_hand(beyond: Sequence[Difference]) -> str:
    """What stays as it is although a change is made, and what to do about each; empty where there is nothing.

    Alarms are none of it: they are set with the change, or after it.

    Args:
        beyond: See `beyond_change`.
    """
    stays = (
        f"{_stay(d.path)} {d.before if d.before is not None else 'unset'} ({_BY_FIELD.get(_field(d.path), _ELSEWHERE)})"
        for d in beyond
        if not is_about_alarms(d)
    )
    return ", and ".join(stays)


def _stay(path: str) -> str:
    return "the variants stay" if path == "variants" else f"{path} stays"


def _field(path: str) -> str:
    """The key of the fleet file that a path begins with: `autoscaling.max` is about autoscaling, `weight of A` about weights."""
    return path.partition(".")[0].partition(" ")[0]
