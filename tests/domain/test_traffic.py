"""Traffic now against last week's, and the next quiet hour."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.traffic import TrafficOutlook, TrafficPoint, open_connections, outlook, traffic_sentence

NOW = datetime(2026, 11, 18, 14, 32, tzinfo=UTC)
"""A Wednesday; half an hour of it is counted, two minutes are not published yet."""
THIS_HOUR = NOW.replace(minute=0)
HOUR = timedelta(hours=1)


def week(per_minute, until=THIS_HOUR, hours=7 * 24):
    """Hourly points before `until`; `per_minute` tells of an hour what it saw."""
    begins = (until - HOUR * back for back in range(hours, 0, -1))
    return [TrafficPoint(at=at, requests=per_minute(at) * 60) for at in begins]


def running(per_minute, minutes=30):
    return TrafficPoint(at=THIS_HOUR, requests=per_minute * minutes)


def by_day(at):
    """Busy at 14:00, quiet at 03:00; on weekends a tenth, and quiet at 07:00."""
    if at.weekday() >= 5:
        return 1 if at.hour == 7 else 10
    return {3: 5, 14: 100}.get(at.hour, 50)


def test_now_is_compared_with_the_same_hour_of_the_last_seven_days():
    traffic = outlook([*week(by_day), running(120)], NOW)
    assert traffic.now_per_minute == pytest.approx(120)
    assert traffic.usual_per_minute == 100
    assert traffic.ratio == pytest.approx(1.2)
    assert traffic.share_of_peak == pytest.approx(1.2)


def test_quiet_hour_is_the_next_one_on_a_day_of_its_sort():
    assert outlook(week(by_day), NOW).next_quiet_at == datetime(2026, 11, 19, 3, tzinfo=UTC)
    friday_evening = datetime(2026, 11, 20, 20, 30, tzinfo=UTC)
    traffic = outlook(week(by_day, until=friday_evening.replace(minute=0)), friday_evening)
    assert traffic.next_quiet_at == datetime(2026, 11, 21, 7, tzinfo=UTC)
    assert traffic.quietest_hour == 7
    assert traffic.quiet_per_minute == 1


def test_quiet_hour_is_one_in_which_changes_may_happen():
    def office(at):
        return 9 <= at.hour < 17

    assert outlook(week(by_day), NOW, office).next_quiet_at == datetime(2026, 11, 18, 15, tzinfo=UTC)
    assert outlook(week(by_day), NOW, lambda at: False) == outlook(week(by_day), NOW)


def test_outage_and_load_test_on_one_day_change_no_advice():
    def disturbed(at):
        if at.date() == (NOW - timedelta(days=1)).date():
            return 0 if at.hour == 10 else 10_000
        return by_day(at)

    plain, after = outlook(week(by_day), NOW), outlook(week(disturbed), NOW)
    assert after.next_quiet_at == plain.next_quiet_at
    assert after.busiest_per_minute == plain.busiest_per_minute


def test_hours_without_a_datapoint_were_quiet():
    office_hours = [point for point in week(by_day) if 8 <= point.at.hour < 20]
    traffic = outlook(office_hours, NOW)
    assert traffic.next_quiet_at == datetime(2026, 11, 18, 20, tzinfo=UTC)
    assert traffic.quiet_per_minute == 0


def test_hour_that_has_just_begun_does_not_speak_for_itself():
    early = THIS_HOUR + timedelta(minutes=5)
    traffic = outlook([*week(by_day), running(900, minutes=3)], early)
    assert traffic.now_per_minute == 50
    assert traffic.usual_per_minute == 50


def test_missing_present_is_not_taken_for_silence():
    traffic = outlook(week(by_day, until=THIS_HOUR - HOUR), NOW)
    assert traffic.now_per_minute is None
    assert traffic.ratio is None
    assert traffic.share_of_peak is None
    assert not traffic.is_busy
    assert traffic.next_quiet_at is not None


def test_endpoint_without_traffic_has_no_outlook():
    assert outlook([], NOW) == TrafficOutlook()


def test_new_endpoint_has_a_present_and_no_usual():
    traffic = outlook([*week(by_day, hours=5), running(80)], NOW)
    assert traffic.now_per_minute == pytest.approx(80)
    assert (traffic.usual_per_minute, traffic.next_quiet_at, traffic.quietest_hour) == (None, None, None)


def test_endpoint_of_two_days_has_a_quiet_hour_and_no_usual():
    traffic = outlook([*week(by_day, hours=48), running(80)], NOW)
    assert traffic.usual_per_minute is None
    assert traffic.quietest_hour == 3


def test_weekend_that_was_never_seen_is_taken_to_be_like_other_days():
    friday = datetime(2026, 11, 20, 23, 30, tzinfo=UTC)
    traffic = outlook(week(by_day, until=friday.replace(minute=0), hours=48), friday)
    assert traffic.next_quiet_at == datetime(2026, 11, 21, 3, tzinfo=UTC)


def test_shorter_periods_are_summed_up_to_hours():
    quarters = [
        TrafficPoint(at=point.at + timedelta(minutes=15) * part, requests=point.requests / 4)
        for point in week(by_day)
        for part in range(4)
    ]
    assert outlook(quarters, NOW) == outlook(week(by_day), NOW)


@pytest.mark.parametrize(
    ("now", "usual", "busiest", "is_busy"),
    [(100, 100, 200, False), (150, 100, 200, True), (160, 150, 200, True), (100, 0, 0, False), (None, 100, 200, False)],
)
def test_busy_is_much_more_than_usual_or_close_to_the_peak(now, usual, busiest, is_busy):
    traffic = TrafficOutlook(now_per_minute=now, usual_per_minute=usual, busiest_per_minute=busiest)
    assert traffic.is_busy is is_busy


@pytest.mark.parametrize(
    ("traffic", "sentence"),
    [
        (
            outlook([*week(by_day), running(120)], NOW),
            "120 requests a minute now, 1.2 × the usual of this hour; "
            "the quietest hour begins Thu 03:00 UTC (usually 5 a minute).",
        ),
        (
            TrafficOutlook(now_per_minute=1, usual_per_minute=0, next_quiet_at=THIS_HOUR, quiet_per_minute=0.2),
            "1 request a minute now, usually there is none at this hour; "
            "the quietest hour begins Wed 14:00 UTC (usually under 1 a minute).",
        ),
        (
            TrafficOutlook(now_per_minute=1234),
            "1,234 requests a minute now, the usual is not known; there is too little history to name a quiet hour.",
        ),
        (
            TrafficOutlook(),
            "How much traffic there is now is not known; there is too little history to name a quiet hour.",
        ),
    ],
)
def test_outlook_reads_as_a_sentence(traffic, sentence):
    assert traffic_sentence(traffic) == sentence


@pytest.mark.parametrize(
    ("concurrency", "begins"),
    [
        (None, "How many streams are open is not known. They stay on the old instances for up to 30 minutes after"),
        (1.0, "At least 1 stream is open. It stays on the old instances for up to 30 minutes after the cutover"),
        (1204.0, "At least 1,204 streams are open. They stay on the old instances"),
        (0.0, "No stream was open in the last minutes."),
    ],
)
def test_open_streams_are_told_with_how_long_they_may_last(concurrency, begins):
    assert open_connections(concurrency).startswith(begins)


POINTS = st.lists(
    st.builds(
        TrafficPoint,
        at=st.integers(-8 * 24, 0).map(lambda hours: THIS_HOUR + HOUR * hours),
        requests=st.floats(0, 1e9),
    ),
    max_size=200,
)


@given(POINTS, st.integers(0, 59))
def test_advice_is_about_the_next_24_hours_whatever_was_counted(points, minute):
    now = THIS_HOUR + timedelta(minutes=minute)
    traffic = outlook(points, now)
    assert (traffic.next_quiet_at is None) == (traffic.quiet_per_minute is None)
    assert traffic.next_quiet_at is None or now < traffic.next_quiet_at <= now + timedelta(hours=24)
    assert traffic_sentence(traffic)


@given(POINTS, st.integers(1, 52))
def test_same_week_at_another_time_gives_the_same_advice(points, weeks):
    later = [TrafficPoint(at=p.at + timedelta(weeks=weeks), requests=p.requests) for p in points]
    first, second = outlook(points, NOW), outlook(later, NOW + timedelta(weeks=weeks))
    assert second.quietest_hour == first.quietest_hour
    assert (second.now_per_minute, second.usual_per_minute) == (first.now_per_minute, first.usual_per_minute)
