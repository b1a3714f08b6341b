"""A look at a watch: which numbers are read, for whom, how often, and what is made of those that do not come."""

from collections.abc import Iterator
from datetime import timedelta

import numpy as np
import pytest
from fakes.clock import NOW
from fakes.engine import Engine
from fakes.failing import always, throttled
from fakes.records import WATCH, a_call, at

from bot.domain.errors import AccessDenied, GatewayError
from bot.domain.phases import Phase
from bot.domain.rollout import Rollout
from bot.domain.verdict import VerdictKind, Window
from bot.domain.watchplan import Extension, WatchPlan
from bot.domain.yardstick import Yardsticks
from bot.store.rollouts import Write
from workers.ports import Measure
from workers.watching import Look, look

MINUTE, SECOND = timedelta(minutes=1), timedelta(seconds=1)
OVER = NOW + 33 * MINUTE
DUE = OVER + 3 * MINUTE
CALLED = NOW - 10 * MINUTE
MADE = Yardsticks(made_at=NOW + 4 * MINUTE, starts_at=NOW + 3 * MINUTE)
NAMES = tuple(f"e{n}" for n in range(100))
FLEET = (
    "version: 1\ndefaults: {region: us-east-1, approval: {users: [U0BEN]}}\nendpoints:\n"
    + "".join(f"  {name}: {{model_package_group: sentiment}}\n" for name in (*NAMES[:-1], "sentiment-prod"))
    + f"  {NAMES[-1]}: {{model_package_group: sentiment, region: eu-west-1}}\n"
)


class Watching:
    """One rollout in its watch, and hands to look with. CloudWatch has what `engine.metrics` plays."""

    def __init__(self) -> None:
        self.engine = Engine(FLEET)
        self.metrics = self.engine.metrics
        self.engine.endpoints.updated_at = CALLED
        self.rollout = a_watch("sentiment-prod")

    def look(self, when: timedelta, *, of: Rollout | None = None) -> Look:
        """Look so long after the cutover; what is to be kept is kept, as the engine does."""
        rollout = of or self.rollout
        world = self.engine.world
        spec = world.fleet.endpoint(rollout.endpoint)
        assert rollout.snapshot is not None
        found = look(world, world.aws(spec), spec, rollout, rollout.snapshot, NOW + when)
        if of is None:
            self.rollout = rollout.with_(
                yardsticks=found.yardsticks or rollout.yardsticks, comparison=found.comparison or rollout.comparison
            )
        return found

    def save(self, *rollouts: Rollout) -> None:
        self.engine.store.rollouts.commit([Write(rollout, 0, NOW) for rollout in rollouts], NOW)


def a_watch(endpoint: str, watch: WatchPlan = WATCH, **fields: object) -> Rollout:
    call = a_call(intended_at=CALLED)
    return at(Phase.WATCHING, id=f"r{endpoint}", endpoint=endpoint, watch=watch, update=call, **fields)


@pytest.fixture
def watching() -> Iterator[Watching]:
    made = Watching()
    yield made
    made.engine.close()


# what a look says


def test_nothing_is_asked_before_a_period_has_ended(watching: Watching) -> None:
    assert watching.look(3 * MINUTE) == Look()
    assert watching.metrics.calls == []


def test_the_first_look_makes_the_yardsticks_and_later_ones_measure_with_them(watching: Watching) -> None:
    assert watching.look(4 * MINUTE).yardsticks is not None
    assert watching.look(5 * MINUTE).yardsticks is None
    past = [want for wants in watching.metrics.wanted for want in wants if want.window.end <= CALLED]
    assert len(past) == 1
    assert past[0].window == Window(start=CALLED - timedelta(days=14), end=CALLED)


def test_nothing_is_said_of_numbers_that_may_still_change(watching: Watching) -> None:
    assert watching.look(6 * MINUTE).verdict is None
    found = watching.look(7 * MINUTE)
    assert found.comparison is not None
    assert found.comparison.after.window == Window(start=NOW + 3 * MINUTE, end=NOW + 4 * MINUTE)
    assert found.verdict is not None


def test_a_crossed_limit_is_seen_in_numbers_that_may_still_change(watching: Watching) -> None:
    watching.metrics.errors = 30.0
    verdict = watching.look(4 * MINUTE).verdict
    assert verdict is not None
    assert (verdict.kind, verdict.is_hard) == (VerdictKind.REGRESSED, True)


def test_a_watch_like_the_hour_before_passes(watching: Watching) -> None:
    watching.metrics.after_us = watching.metrics.before_us
    for minute in range(4, 36, 4):
        found = watching.look(minute * MINUTE)
        assert found.verdict is None or found.verdict.kind is not VerdictKind.REGRESSED
    verdict = watching.look(36 * MINUTE).verdict
    assert verdict is not None
    assert verdict.kind is VerdictKind.PASS


def test_a_slower_fleet_is_found_before_the_watch_is_over_and_shown_in_full(watching: Watching) -> None:
    watching.metrics.after_us = 520_000.0
    found = watching.look(16 * MINUTE)
    assert found.verdict is not None
    assert found.verdict.kind is VerdictKind.REGRESSED
    assert found.comparison is not None
    assert (found.comparison.before.p50_us, found.comparison.after.p50_us) == (400_000, 520_000)
    assert found.comparison.points != ()


def test_between_the_ends_the_numbers_shown_cost_no_call(watching: Watching) -> None:
    watching.look(7 * MINUTE)
    calls = len(watching.metrics.calls)
    found = watching.look(9 * MINUTE)
    assert found.comparison is not None
    assert found.comparison.after.p50_us == pytest.approx(410_000, rel=0.03)
    assert found.comparison.after.requests == 180.0
    read = [call for call in watching.metrics.calls[calls:] if call[0] != "knows_config"]
    assert [call[0] for call in read] == ["read"]


# fleets by config


def subjects(watching: Watching) -> list[str | None]:
    return [want.subject.config for wants in watching.metrics.wanted for want in wants if want.window.end > NOW]


def test_the_new_fleet_is_told_from_the_old_one_where_cloudwatch_does(watching: Watching) -> None:
    watching.metrics.shown_configs = {watching.rollout.target_config}
    found = watching.look(8 * MINUTE)
    assert found.comparison is not None
    assert found.comparison.by_config
    assert subjects(watching) == [watching.rollout.target_config]


def test_when_cloudwatch_begins_to_tell_fleets_apart_all_is_read_anew(watching: Watching) -> None:
    found = watching.look(8 * MINUTE)
    assert found.comparison is not None
    assert not found.comparison.by_config
    watching.metrics.shown_configs = {watching.rollout.target_config}
    found = watching.look(20 * MINUTE)
    assert found.comparison is not None
    assert found.comparison.by_config
    last = watching.metrics.wanted[-1][0]
    assert last.window.start <= NOW + 3 * MINUTE
    assert found.comparison.after.window.start == NOW + 3 * MINUTE


def test_inference_components_have_no_config_to_tell_them_apart(watching: Watching) -> None:
    watching.rollout = a_watch("sentiment-prod", WATCH.model_copy(update={"inference_components": ("c1",)}))
    watching.metrics.shown_configs = {watching.rollout.target_config}
    watching.look(8 * MINUTE)
    (want,) = [want for wants in watching.metrics.wanted for want in wants if want.window.end > NOW]
    assert (want.subject.components, want.subject.config) == (("c1",), None)


# what is read


def test_what_was_settled_is_not_read_again(watching: Watching) -> None:
    for minute in range(4, 34):
        watching.look(minute * MINUTE)
    lengths = {want.window.end - want.window.start for wants in watching.metrics.wanted[2:] for want in wants}
    assert lengths == {8 * MINUTE}
    found = watching.look(36 * MINUTE)
    assert found.comparison is not None
    assert found.comparison.after.window == Window(start=NOW + 3 * MINUTE, end=OVER)


def test_numbers_that_came_late_take_the_place_of_none(watching: Watching) -> None:
    requests, watching.metrics.requests = watching.metrics.requests, None
    watching.look(5 * MINUTE)
    watching.metrics.requests = requests
    found = watching.look(10 * MINUTE)
    assert found.comparison is not None
    assert found.comparison.after.requests == 4 * 60.0


def test_numbers_that_come_later_than_usual_are_read_although_they_were_taken_for_settled(watching: Watching) -> None:
    watching.look(4 * MINUTE)
    watching.metrics.requests, watching.metrics.after_us = None, None
    for minute in range(5, 16):
        watching.look(minute * MINUTE)
    watching.metrics.requests, watching.metrics.after_us = 60.0, 600_000
    found = watching.look(16 * MINUTE)
    assert found.comparison is not None
    assert found.comparison.after.requests == 10 * 60.0
    assert found.verdict is not None
    assert found.verdict.kind is VerdictKind.REGRESSED


def test_silence_is_taken_for_what_it_is_after_half_an_hour(watching: Watching) -> None:
    watch = WATCH.model_copy(update={"duration": timedelta(hours=2)})
    long = a_watch("sentiment-prod", watch, yardsticks=MADE)
    watching.metrics.requests, watching.metrics.after_us = None, None
    for minute in (60, 90):
        watching.look(minute * MINUTE, of=long)
    watching.metrics.requests, watching.metrics.after_us = 60.0, 600_000
    watching.look(91 * MINUTE, of=long)
    known = watching.engine.store.numbers.load([long.id])[long.id]
    heard = [known.start + n * MINUTE for n, value in enumerate(known.values[Measure.REQUESTS]) if value is not None]
    assert heard[0] == NOW + (90 - 3 - 30) * MINUTE


def test_a_second_look_within_the_period_reads_nothing(watching: Watching) -> None:
    watching.look(8 * MINUTE)
    reads = watching.metrics.count("read")
    first = watching.look(8 * MINUTE + 20 * SECOND)
    assert watching.metrics.count("read") == reads
    assert first.verdict is not None


def test_the_last_look_reads_what_came_late(watching: Watching) -> None:
    watching.look(34 * MINUTE)
    reads = watching.metrics.count("read")
    found = watching.look(36 * MINUTE)
    assert watching.metrics.count("read") == reads + 1
    assert found.verdict is not None


def test_lost_numbers_are_read_again(watching: Watching) -> None:
    watching.look(20 * MINUTE)
    watching.engine.redis.flushall()
    found = watching.look(21 * MINUTE)
    assert found.comparison is not None
    assert found.comparison.after.requests == 15 * 60.0


def test_shorter_periods_are_asked_for_no_further_back_than_cloudwatch_keeps_them(watching: Watching) -> None:
    fine = WATCH.model_copy(update={"metric_period": SECOND, "duration": timedelta(hours=20)})
    watching.look(timedelta(hours=10), of=a_watch("sentiment-prod", fine))
    wanted = [want for wants in watching.metrics.wanted for want in wants if want.window.end > want.window.start]
    assert wanted
    assert all(NOW + timedelta(hours=10) - want.window.start < timedelta(hours=3) for want in wanted)


# many at once


def test_a_hundred_watches_are_read_together(watching: Watching) -> None:
    watches = [a_watch(name, yardsticks=MADE) for name in NAMES[:-1]]
    watching.save(*watches, a_watch(NAMES[-1]))
    for rollout in watches:
        watching.look(8 * MINUTE, of=rollout)
    shared = [wants for wants in watching.metrics.wanted if wants[0].window.end > NOW]
    assert [len(wants) for wants in shared] == [len(watches)], "and the one in another region is none of them"
    assert len({want.window for want in shared[0]}) == 1


def test_watches_that_began_at_different_times_share_few_windows(watching: Watching) -> None:
    watches = [
        a_watch(name, cutover_at=NOW + place * 20 * SECOND, yardsticks=MADE) for place, name in enumerate(NAMES[:60])
    ]
    watching.save(*watches)
    watching.look(26 * MINUTE, of=watches[0])
    shared = next(wants for wants in watching.metrics.wanted if wants[0].window.end > NOW)
    assert len(shared) == 60
    assert len({want.window for want in shared}) <= 3


def test_one_that_cloudwatch_refuses_leaves_the_others_their_numbers(watching: Watching) -> None:
    watching.save(a_watch("e1"), a_watch("e2"))
    refused = GatewayError("GetMetricData", "ValidationError", "r1", "a name that it does not take")
    watching.metrics.fail("read", refused)
    assert watching.look(8 * MINUTE, of=a_watch("e1")).verdict is not None
    assert [len(wants) for wants in watching.metrics.wanted if wants[0].window.end > NOW] == [1]


def test_while_somebody_else_reads_nothing_is_read_twice(watching: Watching) -> None:
    watching.look(8 * MINUTE)
    place = "own:us-east-1"
    with watching.engine.store.due.hold("numbers", place, MINUTE):
        reads = watching.metrics.count("read")
        found = watching.look(9 * MINUTE)
    assert watching.metrics.count("read") == reads
    assert found.comparison is not None
    assert found.comparison.after.window.end == NOW + 5 * MINUTE, "as far as is known already"


# CloudWatch away


def test_a_failed_look_in_between_says_nothing_new_but_what_is_known(watching: Watching) -> None:
    watching.look(9 * MINUTE)
    watching.metrics.fail("read", throttled("GetMetricData"))
    found = watching.look(12 * MINUTE)
    assert found.comparison is not None
    assert found.comparison.after.window.end == NOW + 6 * MINUTE


def test_yardsticks_that_could_not_be_made_are_made_at_the_next_look(watching: Watching) -> None:
    watching.metrics.fail("read", *always(throttled("GetMetricData"), times=2))
    assert watching.look(8 * MINUTE) == Look()
    assert watching.look(9 * MINUTE).yardsticks is not None


def test_at_the_end_it_is_waited_for_and_then_no_more(watching: Watching) -> None:
    watching.metrics.fail("read", *always(throttled("GetMetricData")))
    watching.metrics.fail("measure", *always(throttled("GetMetricData")))
    assert watching.look(36 * MINUTE).verdict is None
    found = watching.look(38 * MINUTE)
    assert found.verdict is not None
    assert found.verdict.kind is VerdictKind.INCONCLUSIVE
    assert found.verdict.evidence == "CloudWatch gave no answer during the watch, so nothing can be said."
    assert found.comparison is not None
    assert found.comparison.after.requests is None


def test_without_the_last_minutes_the_others_are_judged_once_the_patience_is_over(watching: Watching) -> None:
    watching.look(30 * MINUTE)
    watching.metrics.fail("read", *always(throttled("GetMetricData")))
    assert watching.look(36 * MINUTE).verdict is None
    found = watching.look(38 * MINUTE)
    assert found.verdict is not None
    assert found.verdict.kind is VerdictKind.PASS
    assert found.comparison is not None
    assert found.comparison.after.window.end == NOW + 27 * MINUTE


def test_a_watch_that_is_resumed_after_silence_shows_what_was_before(watching: Watching) -> None:
    watching.metrics.fail("read", *always(throttled("GetMetricData"), times=2))
    assert watching.look(40 * MINUTE).verdict is not None
    assert watching.rollout.comparison is not None
    assert watching.rollout.comparison.before.requests is None
    watching.rollout = watching.rollout.with_(extensions=(Extension(actor="U1", at=NOW + 41 * MINUTE, by=30 * MINUTE),))
    watching.look(45 * MINUTE)
    found = watching.look(75 * MINUTE)
    assert found.comparison is not None
    assert found.comparison.before.requests == 60 * 60.0


def test_a_role_that_may_not_read_metrics_ends_inconclusive(watching: Watching) -> None:
    refused = AccessDenied(operation="GetMetricData", code="AccessDenied")
    watching.metrics.fail("read", *always(refused))
    watching.metrics.fail("measure", *always(refused))
    found = watching.look(40 * MINUTE)
    assert found.verdict is not None
    assert found.verdict.kind is VerdictKind.INCONCLUSIVE


def test_a_chart_that_cannot_be_had_does_not_hold_up_the_verdict(watching: Watching) -> None:
    watching.look(20 * MINUTE)
    watching.metrics.fail("series", throttled("GetMetricData"))
    found = watching.look(36 * MINUTE)
    assert found.verdict is not None
    assert found.comparison is not None
    assert found.comparison.points == ()
    assert found.comparison.after.p50_us == pytest.approx(410_000, rel=0.03)


def test_silence_before_and_after_is_inconclusive_and_asks_for_nothing_twice(watching: Watching) -> None:
    watching.metrics.before_us = watching.metrics.after_us = watching.metrics.requests = None
    watching.look(8 * MINUTE)
    found = watching.look(36 * MINUTE)
    assert found.verdict is not None
    assert found.verdict.kind is VerdictKind.INCONCLUSIVE
    assert found.comparison is not None
    assert found.comparison.after.requests is None


def test_fakes_are_believable(watching: Watching) -> None:
    """The tests above mean something only if their numbers move, and move the same way whenever they are asked for."""
    watching.look(8 * MINUTE)
    watching.look(9 * MINUTE)
    wants = [wants[0] for wants in watching.metrics.wanted if wants[0].window.end > NOW]
    first, second = (watching.metrics.read([want])[0].between(NOW + MINUTE, NOW + 8 * MINUTE) for want in wants)
    np.testing.assert_array_equal(first.of(Measure.P50), second.of(Measure.P50))
    assert 0 < np.std(first.of(Measure.P50)) < 20_000
