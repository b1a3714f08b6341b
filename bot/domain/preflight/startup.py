"""Whether the new instances can be up in time: SageMaker's time-outs against the size of what they load."""

from collections.abc import Iterator
from datetime import timedelta

from bot.domain.durations import span
from bot.domain.phases import Kind
from bot.domain.plan import Finding
from bot.domain.preflight.facts import Artifact, Facts
from bot.domain.preflight.findings import CheckName, blocker, ok, warning

LONGEST_TIMEOUT = timedelta(hours=1)
"""SageMaker's limit of both time-outs, which no client checks."""

USUAL_STARTUP = timedelta(minutes=4)
"""How long a container may take until it answers /ping when its config says nothing (Developer Guide, "Use your own inference
code")."""

UNNAMED_DOWNLOAD = timedelta(minutes=10)
"""What a download may take when its config names no time-out: SageMaker's default is not documented, so a long one is said."""

_DOWNLOAD_RATE = 100_000_000  # bytes a second
_LOADING_RATE = 200_000_000  # bytes a second
_GIGABYTE = 1_000_000_000


def startup_fits_timeouts(facts: Facts) -> Finding | None:
    """Big models need longer than SageMaker waits by default.

    The rule: S3 gives an instance about 200 MB a second in a sustained way, and unpacking onto the disk takes as long again, so a
    download goes at 100 MB a second. Then the container reads it all once more at 200 MB a second before it answers. Real instances
    can be several times faster, which is why this only warns.
    """
    if facts.kind is Kind.SCALE or not facts.artifacts:
        return None
    too_long = [sentence for artifact in facts.artifacts for sentence in _beyond_limit(artifact)]
    if too_long:
        return blocker(
            CheckName.STARTUP,
            " ".join(too_long),
            f"SageMaker takes at most {LONGEST_TIMEOUT.total_seconds():.0f} seconds.",
        )
    known = [(artifact, artifact.size) for artifact in facts.artifacts if artifact.size is not None]
    tight = [sentence for artifact, size in known for sentence in _too_tight(artifact, size)]
    if tight:
        return warning(
            CheckName.STARTUP,
            " ".join(tight),
            "Past updates of it are the better measure. If it is new, raise the time-out in its config (3600 seconds at most) first.",
        )
    if len(known) < len(facts.artifacts):
        return None  # nothing can be said, and nothing is wrong with that: most images bring their model along
    sizes = ", ".join(f"{artifact.model} {_gigabytes(size)}" for artifact, size in known)
    return ok(CheckName.STARTUP, f"Start-up time-outs fit the models' sizes: {sizes}.")


def _beyond_limit(artifact: Artifact) -> Iterator[str]:
    timeouts = {
        "ModelDataDownloadTimeoutInSeconds": artifact.download_timeout,
        "ContainerStartupHealthCheckTimeoutInSeconds": artifact.startup_timeout,
    }
    for member, timeout in timeouts.items():
        if timeout is not None and timeout > LONGEST_TIMEOUT:
            yield f"{member} of {artifact.variant} is {timeout.total_seconds():.0f}."


def _too_tight(artifact: Artifact, size: int) -> Iterator[str]:
    what = f"{artifact.model} has {_gigabytes(size)}"
    download = timedelta(seconds=size / _DOWNLOAD_RATE)
    if download > (artifact.download_timeout or UNNAMED_DOWNLOAD):
        given = (
            f"its time-out is {span(artifact.download_timeout)}"
            if artifact.download_timeout
            else "it has no time-out of its own"
        )
        yield f"{what}: fetching and unpacking it can take about {span(download)}, and {given}."
    loading = timedelta(seconds=size / _LOADING_RATE)
    if loading > (artifact.startup_timeout or USUAL_STARTUP):
        waits = artifact.startup_timeout or USUAL_STARTUP
        usual = "" if artifact.startup_timeout else " (SageMaker's default)"
        yield f"{what}: loading it can take about {span(loading)}, and SageMaker waits {span(waits)}{usual} for an answer."


def _gigabytes(size: int) -> str:
    return f"{size / _GIGABYTE:.1f} GB" if size < 10 * _GIGABYTE else f"{size / _GIGABYTE:.0f} GB"
