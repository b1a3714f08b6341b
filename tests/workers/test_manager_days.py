"""The manager left alone for days: no bad version stays, no good one is missed, nothing flaps, and nobody is asked too often."""

from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from fakes.days import ROUND, Days
from fakes.engine import HOME
from fakes.records import BEN

from bot.domain.phases import BOT_ACTOR, Kind, Phase
from bot.domain.rollout import Rollout

pytestmark = pytest.mark.timeout(400)  # days take their time on a busy machine

POLICIES = {
    **{f"auto-{n}": ("auto", group) for n, group in enumerate(["alpha", "beta", "gamma"] * 2)},
    **{f"ask-{n}": ("ask", group) for n, group in enumerate(["alpha", "beta", "gamma", "alpha"])},
    **{f"manual-{n}": ("manual", group) for n, group in enumerate(["beta", "gamma"])},
}
DAYS = 3
A_DAY = int(timedelta(days=1) / ROUND)

FLEET = f"""
version: 1
defaults:
  region: us-east-1
  channel: {HOME}
  approval: {{users: [{BEN}], expires_after: 4h}}
  watch: {{duration: 8m, warm_up: 1m, metric_period: 1m, auto_rollback: all}}
  timing: {{poll: 1m, settle: 10s, lease: 10s}}
manager: {{every: 1h, census: 30m}}
endpoints:
""" + "\n".join(
    f"  {name}: {{model_package_group: {group}, policy: {policy}, instance_type: ml.m5.xlarge}}"
    for name, (policy, group) in POLICIES.items()
)


@pytest.fixture(params=[2, 3], scope="module")
def lived(request: pytest.FixtureRequest) -> Iterator[Days]:
    """A fleet after some days, and after another one and a half in which nothing happens and everybody agrees."""
    days = Days(POLICIES, FLEET, seed=request.param)
    for _ in range(DAYS * A_DAY):
        if days.random.random() < 0.3:
            days.something_happens()
        days.people_decide(willingness=0.1)
        days.pass_round()
    days.calm_down()
    for _ in range(A_DAY + A_DAY // 2):
        days.people_decide(willingness=1.0, refusal=0.0)
        days.pass_round()
    yield days
    days.close()


def test_a_fleet_that_is_left_alone_for_days_ends_where_it_should(lived: Days):
    assert lived.wrongs == []
    assert lived.crashes == []
    rollouts = lived.store.rollouts.recent(limit=1000)
    versions = len(lived.registry.packages)
    assert versions > 6, "too little happened for this to say anything"
    assert lived.bad, "no bad version arrived"

    for name, (policy, _) in POLICIES.items():
        newest, own = lived.newest(name), [r for r in rollouts if r.endpoint == name]
        if policy == "manual":
            assert own == []
            continue
        is_there = lived.running(name) == newest.arn
        assert lived.running(name) not in lived.bad | lived.refused, name
        assert is_there or lived.is_held(name, newest.arn) or (name, newest.arn) in lived.noes, name
        assert not is_there or newest.arn not in lived.bad
        if newest.arn not in lived.bad | lived.refused and (name, newest.arn) not in lived.noes:
            assert is_there, f"{name} misses {newest.label}: {[(r.phase, r.last.reason) for r in own[:3]]}"

    backs = sum(r.kind is Kind.ROLLBACK for r in rollouts)
    assert lived.estate.updates() <= versions * len(POLICIES) + lived.meddled.total() + backs


def question(rollout: Rollout) -> tuple[str, str, date]:
    """What it asked, of which endpoint, on which day."""
    assert rollout.change is not None
    return rollout.endpoint, rollout.change.model_dump_json(), rollout.created_at.date()


def test_nobody_is_asked_too_often_while_days_go_by(lived: Days):
    own = [r for r in lived.store.rollouts.recent(limit=1000) if r.requester == BOT_ACTOR and r.kind is Kind.UPDATE]
    asked = Counter(question(r) for r in own)
    over = Counter(question(r) for r in own if r.phase in (Phase.CANCELLED, Phase.BLOCKED))
    for (endpoint, change, day), times in asked.items():
        assert times <= 1 + over[endpoint, change, day] + lived.meddled[endpoint], (endpoint, change, day)
    noes = Counter((r.endpoint, r.plan.content_hash) for r in own if r.phase is Phase.REJECTED and r.plan is not None)
    assert set(noes.values()) <= {1}
