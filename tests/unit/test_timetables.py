"""When schedules are due, beside a calculation that goes minute by minute through a year and knows only zoneinfo."""

from bisect import bisect_right
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import pytest

from pgworkflows.values.timetable import Timetable

pytest.importorskip("cronsim")

MINUTE, YEAR = timedelta(minutes=1), datetime(2027, 1, 1, tzinfo=UTC)
ZONES = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu")
#: Each with what its fields mean, written out: minutes, hours, days of the month, months, days of the week (0 is Sunday).
EXPRESSIONS = {
    "30 2 * * *": ({30}, {2}, None, None, None),
    "0 2 * * *": ({0}, {2}, None, None, None),
    "0 2,3 * * *": ({0}, {2, 3}, None, None, None),
    "*/10 2 * * *": ({*range(0, 60, 10)}, {2}, None, None, None),
    "*/20 1-2 * * *": ({0, 20, 40}, {1, 2}, None, None, None),
    "45 1 * * *": ({45}, {1}, None, None, None),
    "*/15 * * * *": ({0, 15, 30, 45}, None, None, None, None),
    "30 * * * *": ({30}, None, None, None, None),
    "0 */2 * * *": ({0}, {*range(0, 24, 2)}, None, None, None),
    "5 4 * * 1-5": ({5}, {4}, None, None, {1, 2, 3, 4, 5}),
    "0 12 1,15 * 1": ({0}, {12}, {1, 15}, None, {1}),
    "59 23 31 3,10,12 *": ({59}, {23}, {31}, {3, 10, 12}, None),
}


Shown = tuple[datetime, datetime, str]


@cache
def clock(zone: str) -> dict[tuple[int, int], list[Shown]]:
    """Give each minute of the year by hour and minute: when it is, what the clocks show, and whether again or not at all."""
    place, shown, before = ZoneInfo(zone), defaultdict(list), None
    for number in range(366 * 1440):
        moment = YEAR + number * MINUTE
        local = moment.astimezone(place)
        wall = local.replace(tzinfo=None, fold=0)
        while before is not None and wall - before > MINUTE:
            before += MINUTE
            shown[before.hour, before.minute].append((moment, before, "skipped"))
        shown[wall.hour, wall.minute].append((moment, wall, "again" if local.fold else "shown"))
        before = wall
    return shown


def on_day(wall: datetime, days, months, weekdays) -> bool:
    if months and wall.month not in months:
        return False
    in_month, in_week = days and wall.day in days, weekdays and wall.isoweekday() % 7 in weekdays
    return bool(in_month or in_week) if days or weekdays else True


@cache
def expected(expression: str, zone: str) -> list[datetime]:
    minutes, hours, *day = EXPRESSIONS[expression]
    counts = {"shown", "again"} if expression.split()[1].startswith("*") else {"shown", "skipped"}
    found = set()
    for hour in hours or range(24):
        for minute in minutes:
            found |= {moment for moment, wall, how in clock(zone)[hour, minute] if how in counts and on_day(wall, *day)}
    return sorted(found)


def nights_of_change(zone: str) -> list[datetime]:
    """Give the minutes that lie within four hours of a change of the clocks."""
    special = {moment for group in clock(zone).values() for moment, _, how in group if how != "shown"}
    return sorted({moment + n * MINUTE for moment in special for n in range(-240, 241)})


@pytest.mark.parametrize("zone", ZONES)
def test_a_year_is_as_the_clocks_show_it(zone):
    for expression in EXPRESSIONS:
        due = expected(expression, zone)
        assert Timetable(name="any", cron=expression, tz=zone).following(YEAR - MINUTE, len(due)) == due, expression


@pytest.mark.parametrize("zone", ZONES)
def test_who_asks_at_any_minute_of_the_nights_of_change_gets_what_comes_next(zone):
    nights = nights_of_change(zone)
    assert len(nights) >= (0 if zone == "Asia/Kathmandu" else 2 * 480)
    for expression in EXPRESSIONS:
        table, due = Timetable(name="any", cron=expression, tz=zone), expected(expression, zone)
        for minute in nights:
            place = bisect_right(due, minute)
            if place < len(due):
                assert table.after(minute) == due[place], (expression, minute)


@pytest.mark.parametrize("zone", ZONES)
def test_the_last_that_was_due_is_found_without_going_through_all(zone):
    for expression in EXPRESSIONS:
        table, due = Timetable(name="any", cron=expression, tz=zone), expected(expression, zone)
        for minute in (YEAR + timedelta(minutes=997 * n) for n in range(0, 500, 20)):
            place = bisect_right(due, minute)
            assert table.last(since=YEAR, until=minute) == (due[place - 1] if place else None), (expression, minute)


def test_every_is_elapsed_time():
    table = Timetable(name="any", every=timedelta(hours=12), offset=timedelta(hours=1))
    assert table.following(datetime(2027, 3, 28, tzinfo=UTC), 3) == [datetime(2027, 3, 28, h, tzinfo=UTC) for h in (1, 13)] + [
        datetime(2027, 3, 29, 1, tzinfo=UTC)
    ]
    begun = Timetable(name="any", every=timedelta(minutes=7), starts_at=YEAR, ends_at=YEAR + timedelta(minutes=14))
    assert begun.following(YEAR - timedelta(days=3), 9) == [YEAR, YEAR + timedelta(minutes=7), YEAR + timedelta(minutes=14)]


def test_jitter_is_the_same_each_time_and_another_for_each_time():
    table = Timetable(name="any", every=timedelta(hours=1), jitter=timedelta(minutes=10))
    put_off = [table.begins(moment) - moment for moment in table.following(YEAR, 50)]
    assert put_off == [table.begins(moment) - moment for moment in table.following(YEAR, 50)]
    assert len(set(put_off)) == 50
    assert all(timedelta(0) <= delay < timedelta(minutes=10) for delay in put_off)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "give either cron= or every=."),
        ({"cron": "0 2 * * *", "every": timedelta(1)}, "give either cron= or every=."),
        (
            {"cron": "0 0 2 * * *"},
            "'0 0 2 * * *' has 6 fields. Give five: minute, hour, day of the month, month, day of the week.",
        ),
        ({"cron": "0 0 30 2 *"}, "'0 0 30 2 *' is no cron expression, or names a day that never comes: Bad day-of-month."),
        ({"cron": "H 2 * * *"}, "'H 2 * * *' is no cron expression, or names a day that never comes: Bad minute."),
        ({"cron": "0 2 * * *", "tz": "Mars/Olympus"}, "no time zone 'Mars/Olympus' is known."),
        ({"cron": "0 2 * * *", "tz": "../etc"}, "no time zone '../etc' is known."),
        ({"every": timedelta(milliseconds=5)}, "every= must be a second or more, not 0:00:00.005000."),
        ({"every": timedelta(1), "offset": timedelta(2)}, "offset= goes with every=, and is shorter."),
        ({"cron": "0 2 * * *", "offset": timedelta(2)}, "offset= goes with every=, and is shorter."),
        ({"every": timedelta(1), "starts_at": YEAR, "ends_at": YEAR - MINUTE}, "ends_at= comes before starts_at=."),
        ({"cron": "0 2 * * *", "tz": "Europe/Berlin"}, ""),
    ],
)
def test_what_cannot_be_meant_is_named(given, said):
    assert Timetable(name="any", **given).problem() == said
