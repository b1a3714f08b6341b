"""Looks at a watch that say what a test wants to hear, in place of CloudWatch and the judge."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from bot.domain.endpoint import Snapshot
from bot.domain.fleet import EndpointSpec
from bot.domain.reconcile import judged_from
from bot.domain.rollout import Rollout
from bot.domain.verdict import Verdict, VerdictKind
from fakes.engine import Engine
from fakes.records import a_comparison, a_verdict
from workers.watching import Look
from workers.world import Aws, World

EVIDENCE = "p50 latency 412 → 530 ms (+29 %, 95 % interval +21…+36 %)."


def worse(*, is_hard: bool = False, may_act: bool = True) -> Verdict:
    return Verdict(kind=VerdictKind.REGRESSED, evidence=EVIDENCE, is_hard=is_hard, may_act=may_act)


FINE, OPEN = a_verdict(), a_verdict(VerdictKind.INCONCLUSIVE)


@dataclass
class FakeLooks:
    """Says `script` look by look, then `says`. Every look has newer numbers than the one before, unless `is_stale`."""

    says: Verdict | None = FINE
    script: list[Verdict | None] = field(default_factory=list)
    is_stale: bool = False
    before_each: Callable[[], None] = lambda: None
    count: int = 0

    def __call__(
        self, world: World, aws: Aws, spec: EndpointSpec, rollout: Rollout, snapshot: Snapshot, now: datetime
    ) -> Look:
        if now <= judged_from(rollout):
            return Look()
        self.count += 1
        self.before_each()
        verdict = self.script.pop(0) if self.script else self.says
        shown = a_comparison()
        end = judged_from(rollout) + timedelta(seconds=1) if self.is_stale else now
        window = shown.after.window.model_copy(update={"start": judged_from(rollout), "end": end})
        after = shown.after.model_copy(update={"window": window})
        return Look(comparison=shown.model_copy(update={"after": after}), verdict=verdict)


def look_with(engine: Engine, looks: FakeLooks) -> None:
    """From now on that is how the engine looks at its watches."""
    engine.parts = replace(engine.parts, reconciler=replace(engine.parts.reconciler, look=looks))
