"""What `manage.py check` says of schedules, and what is refused where they are declared."""

from datetime import timedelta

import pytest

from pgworkflows import schedule, workflow
from pgworkflows.checks.declarations import check_declarations

pytest.importorskip("cronsim")


def said(**options) -> list[str]:
    """Declare one, and return what the check says of it."""

    @workflow(name="tests.close_books")
    def close_books(day: str, dry: bool = False) -> None: ...

    schedule("nightly", options.pop("workflow", close_books), **{"kwargs": {"day": "today"}, "cron": "0 2 * * *"} | options)
    found = check_declarations()
    assert {message.id for message in found} <= {"pgworkflows.E023"}
    return [message.msg.removeprefix("schedule('nightly'): ") for message in found]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"cron": "0 0 2 * * *"},
            "'0 0 2 * * *' has 6 fields. Give five: minute, hour, day of the month, month, day of the week.",
        ),
        ({"tz": "Europe/Bonn"}, "no time zone 'Europe/Bonn' is known."),
        ({"workflow": "tests.nowhere"}, "no workflow is named 'tests.nowhere'."),
        ({"kwargs": {}}, "tests.close_books(day: str, dry: bool = False) -> None: missing a required argument: 'day'."),
        ({"overlap": "wait"}, "overlap='wait' is none of skip, queue_one, allow, cancel_running."),
        ({"missed": "all"}, 'missed="all" begins several at once: it goes with overlap="allow" only.'),
        ({"catch_up": 5}, "catch_up= must be a minute or more, not 0:00:05: a worker may come that late on any day."),
        ({"priority": 101}, "priority=101 is not between -100 and 100."),
    ],
)
def test_what_could_start_nothing_is_named(options, message):
    assert said(**options) == [message]


def test_one_that_is_right_is_not_mentioned():
    assert said(tz="Asia/Kathmandu", jitter=timedelta(minutes=5), queue="slow", priority=-5) == []


def test_two_of_a_name_are_refused():
    schedule("nightly", "tests.close_books", every=60)
    schedule("nightly", "tests.close_books", every=60)  # as when a module is imported again
    with pytest.raises(ValueError, match=r"^Two schedules are named 'nightly'. Give one of them another name.$"):
        schedule("nightly", "tests.close_books", every=61)
