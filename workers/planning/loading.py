"""What instances load before they serve: model artifacts and images."""

from collections.abc import Mapping, Sequence
from datetime import timedelta

from bot.domain.endpoint import ConfigRecord, Document, ModelPackage, ModelRecord, Snapshot
from bot.domain.preflight.facts import Artifact, Image
from workers.planning.asking import if_told
from workers.world import Aws


def artifacts_of(
    aws: Aws,
    target: ConfigRecord,
    models: Mapping[str, ModelRecord],
    packages: Mapping[str, ModelPackage],
) -> tuple[Artifact, ...]:
    """What instances load before they serve.

    `models` holds those that run and the drafts, by name; `packages` those that they are made of, by ARN.
    """
    found = []
    for variant in target.variants():
        name = variant.get("ModelName")
        model = models.get(name or "")
        if name is None or model is None:
            continue
        sizes = [_size(aws, urls) for c in model.containers() if (urls := _urls(c, packages))]
        known = [s for s in sizes if s is not None]
        found.append(
            Artifact(
                variant=variant["VariantName"],
                model=name,
                size=sum(known) if known and len(known) == len(sizes) else None,
                download_timeout=_seconds(variant, "ModelDataDownloadTimeoutInSeconds"),
                startup_timeout=_seconds(variant, "ContainerStartupHealthCheckTimeoutInSeconds"),
            )
        )
    return tuple(found)


def images_of(
    snapshot: Snapshot, current: ConfigRecord, target: ConfigRecord, models: Mapping[str, ModelRecord]
) -> tuple[Image, ...]:
    """The images that run, and whether the target config names the same ones again."""
    wanted = {v["VariantName"]: _references(models.get(v.get("ModelName", ""))) for v in target.variants()}
    running = {v["VariantName"]: _references(models.get(v.get("ModelName", ""))) for v in current.variants()}
    digests = {v.name: v.image_digest for v in snapshot.variants}
    return tuple(
        Image(variant=name, specified=image, digest=digests.get(name), stays=image in wanted.get(name, ()))
        for name, images in running.items()
        for image in images[:1]
    )


def _size(aws: Aws, urls: Sequence[str]) -> int | None:
    sizes = [if_told("artifact", lambda u=url: aws.artifacts.size(u)) for url in urls]  # type: ignore[misc]
    known = [s for s in sizes if s is not None]
    return sum(known) if len(known) == len(sizes) else None


def _references(model: ModelRecord | None) -> tuple[str, ...]:
    return tuple(str(c["Image"]) for c in model.containers() if c.get("Image")) if model is not None else ()


def _urls(container: Document, packages: Mapping[str, ModelPackage]) -> list[str]:
    """What a container loads: a container by package names the package and leaves the rest to it."""
    if (package := packages.get(container.get("ModelPackageName", ""))) is not None:
        return list(package.model_data)
    urls = [container.get("ModelDataUrl"), container.get("ModelDataSource", {}).get("S3DataSource", {}).get("S3Uri")]
    return [str(url) for url in urls if url]


def _seconds(variant: Document, member: str) -> timedelta | None:
    value = variant.get(member)
    return timedelta(seconds=int(value)) if value is not None else None
