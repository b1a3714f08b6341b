"""What a plan rests on, and whether that has moved since: the fingerprint that an approval is bound to.

A fact that moved makes the plan void, and so does a finding that got worse. A finding that got better does not, nor do those that
move by nature, such as the traffic: nobody approves the number of requests of one minute.
"""

from collections.abc import Iterator, Mapping

from bot.domain.content import content_hash_of
from bot.domain.endpoint import Snapshot
from bot.domain.plan import Difference, Fact, Finding, Level, Plan
from bot.domain.preflight import MOVING, Facts
from bot.domain.scaling import Scaling

_CONTENT_OF = "Content of"
_DRAFT = "What would be created"
_WEIGHTS = {Level.OK: 0, Level.WARNING: 1, Level.BLOCKER: 2}


def basis_of(facts: Facts, *, content_hash: str, model_hashes: Mapping[str, str]) -> tuple[Fact, ...]:
    """Everything that the plan rests on, by names that people understand.

    Args:
        facts: What was found out.
        content_hash: Over the documents that would be created and those that run; empty when nothing is created.
        model_hashes: Content of each model that runs, by name.
    """
    return tuple(Fact(name=name, value=value) for name, value in _facts(facts, content_hash, model_hashes))


def fingerprint_of(basis: tuple[Fact, ...], findings: tuple[Finding, ...]) -> str:
    """16 hex digits over the basis and over how much each lasting finding weighs."""
    facts = [{"name": f.name, "value": f.value} for f in basis]
    return content_hash_of([*facts, *({"check": f.check, "level": f.level} for f in _lasting(findings))])


def drift(approved: Plan, fresh: Plan) -> tuple[Difference, ...]:
    """What moved between two plans for the same request; empty when the approved one still holds."""
    before = {f.name: f.value for f in approved.basis}
    after = {f.name: f.value for f in fresh.basis}
    names = [*before, *(n for n in after if n not in before)]
    moved = [
        Difference(path=name, before=before.get(name), after=after.get(name))
        for name in names
        if before.get(name) != after.get(name)
    ]
    worse = tuple(_worse(approved.findings, fresh.findings))
    told = tuple(_told(d) for d in moved if not _follows(d))
    return (*told, *worse) or tuple(_told(d) for d in moved)


def _follows(moved: Difference) -> bool:
    """Whether it only follows from another difference: another config has another content, and so leads to another draft."""
    is_content = moved.path.startswith(_CONTENT_OF)
    return moved.path == _DRAFT or (is_content and (moved.before is None or moved.after is None))


def _told(moved: Difference) -> Difference:
    """Nobody reads hashes: of content it is enough that it changed."""
    if moved.path != _DRAFT and not moved.path.startswith(_CONTENT_OF):
        return moved
    return moved.model_copy(update={"before": "as in the plan", "after": "something else"})


def _worse(before: tuple[Finding, ...], after: tuple[Finding, ...]) -> Iterator[Difference]:
    known = {f.check: f for f in _lasting(before)}
    for finding in _lasting(after):
        old = known.get(finding.check)
        if _WEIGHTS[finding.level] > (_WEIGHTS[old.level] if old else 0):
            yield Difference(path="Preflight", before=old.text if old else None, after=finding.text)


def _lasting(findings: tuple[Finding, ...]) -> list[Finding]:
    return [f for f in findings if f.check not in MOVING]


def _facts(facts: Facts, content_hash: str, model_hashes: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    yield "Endpoint", facts.snapshot.arn.lower()
    yield "Endpoint config", facts.current_config.name
    yield f"{_CONTENT_OF} config {facts.current_config.name}", content_hash_of(facts.current_config.document)
    for name, value in sorted(model_hashes.items()):
        yield f"{_CONTENT_OF} model {name}", value
    if content_hash:
        yield _DRAFT, content_hash
    elif facts.target_config is not None:
        target = facts.target_config
        yield f"{_CONTENT_OF} config {target.name}", content_hash_of(target.document)
    if facts.package is not None:
        yield "Model package", facts.package.arn.lower()
        yield f"Approval of {facts.package.label}", str(facts.package.approval or "none needed")
        yield f"Status of {facts.package.label}", facts.package.status
    for image in facts.images:
        yield f"Image digest of {image.variant}", image.digest or "unknown"
    yield from scaling_facts(facts.scaling)
    yield from _live_facts(facts.snapshot, facts.scaling)
    strategy = facts.strategy
    yield "Strategy", f"{strategy}, bake {int(strategy.bake.total_seconds())} s"
    for name in strategy.alarms:
        alarm = (facts.standing_alarms or {}).get(name)
        rule = alarm.model_dump(mode="json", exclude={"state", "state_reason", "since", "notify"}) if alarm else None
        yield f"Alarm {name}", content_hash_of(rule) if rule else "missing"


def scaling_facts(scaling: Scaling | None) -> Iterator[tuple[str, str]]:
    """What scales an endpoint, as far as a plan rests on it."""
    if scaling is None:
        yield "Autoscaling", "unknown"
        return
    for target in scaling.targets:
        content = content_hash_of(target.model_dump(mode="json"))
        yield f"Autoscaling of {target.variant}", f"{target.minimum} to {target.maximum} instances, rules {content[:6]}"


def _live_facts(snapshot: Snapshot, scaling: Scaling | None) -> Iterator[tuple[str, str]]:
    """Live settings that stay as they are, unless autoscaling moves them all day."""
    for variant in snapshot.variants:
        is_scaled = scaling is not None and scaling.of(variant.name) is not None
        if variant.desired_count is not None and not is_scaled:
            yield f"Instances of {variant.name}", str(variant.desired_count)
        if variant.weight is not None:
            yield f"Weight of {variant.name}", f"{variant.weight:g}"
