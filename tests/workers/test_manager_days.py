"""The manager left alone for days, with versions arriving, bad ones among them: what it may never do, and where it has to end.

Every test asks one question over the whole book of some days; the number in its name is the seed of all that happened by chance.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import pairwise

import pytest
from fakes.day_book import Made
from fakes.days import Lives
from fakes.engine import HOME
from fakes.estate import ROLE
from fakes.happenings import EventfulDays
from fakes.records import BEN

from bot.domain.endpoint import EndpointStatus
from bot.domain.phases import BOT_ACTOR, Kind, Phase
from bot.domain.rollout import Rollout
from bot.domain.wave import WaveState

pytestmark = pytest.mark.timeout(400)  # days take their time on a busy machine

LIVES = {
    "auto-0": Lives("alpha"),
    "auto-1": Lives("beta"),
    "by-night": Lives("alpha", more='windows: ["Mon-Sun 22:00-04:00 UTC"]'),
    "on-weekends": Lives("beta", more='windows: ["Sat,Sun 08:00-18:00 Europe/Berlin"]'),
    "asked-0": Lives("alpha", "ask"),
    "asked-1": Lives("beta", "ask"),
    "manual": Lives("alpha", "manual"),
    "staging": Lives("gamma", more="tier: staging"),
    "prod": Lives("gamma", follows="staging"),
    "first": Lives("delta"),
    "second": Lives("delta"),
    "third": Lives("delta"),
    "latecomer": Lives("beta", declared_later=True),
}
FLEET = f"""
version: 1
defaults:
  region: us-east-1
  execution_role: {ROLE}
  channel: {HOME}
  approval: {{users: [{BEN}], expires_after: 4h}}
  watch: {{duration: 8m, warm_up: 1m, metric_period: 1m, auto_rollback: all}}
  timing: {{poll: 1m, settle: 10s, lease: 10s}}
manager: {{every: 1h, census: 30m}}
waves:
  delta: {{stages: [[first], [second, third]], soak: 90m, at_once: 2}}
"""
HOUR = timedelta(hours=1)
"""How often the bot goes its rounds in these days: a real one does so every minute."""
BUSY_HOURS, CALM_HOURS = 72, 36
MOST_OF_A_WATCH = timedelta(minutes=20)
"""The warm-up, the watch, by how much CloudWatch is late, a look or two, and the way back."""


@pytest.fixture(params=[1, 3, 11], scope="module")
def lived(request: pytest.FixtureRequest) -> Iterator[EventfulDays]:
    """A fleet after three days on which much happens, and a day and a half on which nothing does and everybody agrees."""
    days = EventfulDays(LIVES, FLEET, seed=request.param)
    for hour in range(BUSY_HOURS):
        if hour == 24:
            days.declare_all()
        if hour == 40:
            days.empty_the_store()
        if days.random.random() < 0.4:
            days.something_happens()
        days.obstacles_go(likely=0.25)
        days.people_decide(willingness=0.1)
        days.pass_time(HOUR, likely=0.02)
    days.obstacles_go(likely=1)
    assert not days.store.locks.standing(days.clock())
    for _ in range(CALM_HOURS // 2):
        days.people_decide(willingness=1.0, refusal=0.0)
        days.pass_time(2 * HOUR)
    days.book.keep(days.store.rollouts.recent(limit=1000))
    yield days
    days.close()


def test_enough_happens_for_these_days_to_say_anything(lived: EventfulDays) -> None:
    made = Counter(call.made for call in lived.book.calls)
    assert made[Made.UPDATE] > 15
    assert made[Made.CREATE] > 0
    assert lived.bad
    assert any(call.is_way_back for call in lived.book.calls)
    assert any(r.wave_id is not None for r in lived.book.kept.values())


def test_no_endpoint_is_updated_twice_at_once_or_by_nobody(lived: EventfulDays) -> None:
    assert [str(call) for call in lived.book.calls if call.pending is not None or call.rollout is None] == []


def test_nothing_is_changed_under_a_lock_or_a_freeze_nor_by_itself_under_a_hold(lived: EventfulDays) -> None:
    assert [str(call) for call in lived.book.forward() if call.in_the_way & {"lock", "freeze"}] == []
    assert [str(call) for call in lived.book.forward() if call.by_itself and "hold" in call.in_the_way] == []


def test_nothing_but_the_way_back_begins_outside_the_change_windows(lived: EventfulDays) -> None:
    assert [str(call) for call in lived.book.outside_windows()] == []
    assert any(call.windows for call in lived.book.forward())


def test_no_version_is_brought_where_it_is_held_or_once_it_is_revoked(lived: EventfulDays) -> None:
    brought = [c for c in lived.book.forward() if c.made is not Made.DELETE and c.package != c.before]
    assert [str(call) for call in brought if call.by_itself and call.is_held] == []
    assert [str(call) for call in brought if call.is_revoked] == []


def test_a_wave_keeps_its_order_whatever_its_endpoints_are_busy_with(lived: EventfulDays) -> None:
    brought = [c for c in lived.book.forward() if c.made is Made.UPDATE and c.package != c.before]
    in_waves = [c for c in brought if c.rollout is not None and c.rollout.wave_id is not None]
    assert any(c.endpoint in ("second", "third") for c in in_waves)
    assert [f"{call}, before {', '.join(call.ahead)}" for call in in_waves if call.ahead] == []


def test_no_two_waves_of_one_name_go_on_at_a_time(lived: EventfulDays) -> None:
    begun = [wave for wave in lived.store.waves.recent(1000) if wave.has_begun]
    times = sorted((next(s.at for s in wave.steps if s.state is WaveState.RUNNING), wave.last.at) for wave in begun)
    assert times
    assert [(end, begin) for (_, end), (begin, _) in pairwise(times) if begin < end] == []


def test_a_bad_version_serves_no_longer_than_its_watch(lived: EventfulDays) -> None:
    stays = lived.book.stays_of(lived.bad, longer_than=MOST_OF_A_WATCH)
    assert [stay for stay in stays if (stay.endpoint, stay.package) not in lived.unwatched()] == []


def test_nothing_goes_to_and_fro_without_a_person(lived: EventfulDays) -> None:
    assert [str(call) for call in lived.book.brought_again()] == []
    own = Counter(c.endpoint for c in lived.book.forward() if c.by_itself and c.made is not Made.DELETE)
    for name, updates in own.items():
        assert updates <= len(lived.versions(LIVES[name].group)) + lived.meddled[name], name


def test_every_endpoint_ends_on_the_newest_good_version_that_may_run_there(lived: EventfulDays) -> None:
    for name, life in LIVES.items():
        running = lived.running(name)
        if life.policy == "manual":
            assert not any(call.endpoint == name for call in lived.book.calls)
            continue
        if lived.waits_for_its_window(name) or lived.was_refused_anew(name) or lived.was_refused_anew(life.follows):
            continue
        refused = frozenset(arn for endpoint, arn in lived.noes if endpoint in (name, life.follows) and arn is not None)
        wanted = {lived.best_for(name), lived.best_for(name, without=refused)}
        if wanted == {None} or (life.follows and lived.is_revoked(lived.running(life.follows) or "")):
            continue  # nothing may run there, or what it follows proves nothing
        assert running is not None, name
        assert lived.estate[name].status is EndpointStatus.IN_SERVICE, f"{name}: {lived.phases(name)}"
        if (name, running) in lived.unwatched():
            continue
        if lived.is_revoked(running):  # the bot goes to no older version by itself, and of this the alert asks
            wanted = {running if life.policy == "ask" or is_older(arn, running) else arn for arn in wanted}
        assert running in wanted, f"{name} runs {running}, not {wanted}: {lived.phases(name)}"


def is_older(arn: str | None, other: str) -> bool:
    return arn is None or int(arn.rpartition("/")[2]) < int(other.rpartition("/")[2])


def question(rollout: Rollout) -> tuple[str, str, date]:
    """What it asked, of which endpoint, on which day."""
    assert rollout.change is not None
    return rollout.endpoint, rollout.change.model_dump_json(), rollout.created_at.date()


def test_nobody_is_asked_too_often_while_days_go_by(lived: EventfulDays) -> None:
    own = [
        r
        for r in lived.book.kept.values()
        if r.requester == BOT_ACTOR and r.kind in (Kind.UPDATE, Kind.CREATE) and r.change is not None and not r.restored
    ]
    asked = Counter(question(r) for r in own)
    over = Counter(question(r) for r in own if r.phase is Phase.CANCELLED)
    for (endpoint, change, day), times in asked.items():
        forgot = sum(at.date() == day for at in lived.emptied_at)
        assert times <= 1 + over[endpoint, change, day] + lived.meddled[endpoint] + forgot, (endpoint, change, day)
    noes = Counter((r.endpoint, r.plan.content_hash) for r in own if r.phase is Phase.REJECTED and r.plan is not None)
    assert max(noes.values(), default=1) <= 1 + len(lived.emptied_at)
