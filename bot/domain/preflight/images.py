"""What an image's tag means now: SageMaker looks tags up again whenever instances start."""

import re

from bot.domain.plan import Finding
from bot.domain.preflight.facts import Facts, Image
from bot.domain.preflight.findings import CheckName, ok, warning

_MOVING_TAG = re.compile(r"(?i)latest|main|master|develop|dev|edge|nightly|stable|staging|prod|production|release")
"""Tags that people move on purpose. Others can be moved too, but a warning about each version number would be read by nobody."""

_SHOWN_DIGITS = 12


def tags_still_mean_the_same(facts: Facts) -> Finding | None:
    """The same config can start another image, where its tag was moved since."""
    by_tag = [image for image in facts.images if image.stays and "@" not in image.specified]
    if not by_tag:
        return None
    moving = [image for image in by_tag if _MOVING_TAG.fullmatch(_tag(image))]
    said = " ".join(_sentence(image) for image in moving or by_tag)
    if not moving:
        return ok(CheckName.IMAGE_TAGS, said)
    return warning(
        CheckName.IMAGE_TAGS,
        f"{said} SageMaker looks the tag up again, so another image may start.",
        "If that must not happen, promote with --image and a digest (…@sha256:…).",
    )


def _sentence(image: Image) -> str:
    name = image.specified.rpartition("/")[2]
    tagged = name if ":" in name else f"{name}:latest (it names no tag)"
    if image.digest is None:
        return f"{image.variant} runs {tagged}; which image that was could not be told."
    digest = image.digest.rpartition("@")[2].removeprefix("sha256:")[:_SHOWN_DIGITS]
    return f"{image.variant} runs {tagged}, which was sha256:{digest}… when it was deployed."


def _tag(image: Image) -> str:
    return image.specified.rpartition("/")[2].partition(":")[2] or "latest"
