"""Waiting for the first of several events, and being reminded meanwhile."""

from datetime import timedelta
from functools import partial

import pytest

from pgworkflows import Received, WaitTimeout, send_event, sleep, step, wait_for_event, workflow
from pgworkflows.models import Event, Task, Workflow

HOUR = timedelta(hours=1)


@pytest.fixture
def either():
    @workflow
    def body(correlation: str | None = None, times: int = 1, limit: int | None = None) -> list[object]:
        got: list[object] = []
        for _ in range(times):
            try:
                came = wait_for_event(["paid", "cancelled"], correlation=correlation, timeout=limit)
                got.append([came.name, came.payload])
            except WaitTimeout as error:
                got.append(str(error))
        sleep(1)
        return got

    return body


@pytest.fixture
def reminded():
    reminders: list[int] = []

    @step
    def remind(order: int) -> None:
        reminders.append(order)

    @workflow
    def body(limit: int | None = None, correlation: str | None = None) -> object:
        return wait_for_event("paid", correlation=correlation, timeout=limit, remind_every=HOUR, remind=partial(remind, 7))

    return body, reminders


def pass_time(pgworkflows, length=timedelta(seconds=2)):
    pgworkflows.run_workflows()
    pgworkflows.move_clock(length)
    pgworkflows.run_workflows()


@pytest.mark.parametrize("before", [True, False])
@pytest.mark.parametrize("correlation", [None, "order-7"])
@pytest.mark.parametrize("name", ["paid", "cancelled"])
def test_first_of_several_is_taken(pgworkflows, either, before, correlation, name):
    run = either.start(correlation=correlation)
    if not before:
        pgworkflows.run_workflows()
        assert Workflow.objects.get(pk=run.pk).waiting_for[0]["title"] == "paid or cancelled"
    awaited = run.send_event(name, {"n": 1}) if correlation is None else send_event(name, {"n": 1}, correlation=correlation)
    assert awaited is not before
    pass_time(pgworkflows)
    assert run.wait(0) == [[name, {"n": 1}]]


@pytest.mark.parametrize("correlation", [None, "c"])
def test_others_are_kept_in_order(pgworkflows, either, correlation):
    run = either.start(correlation=correlation, times=3)
    pgworkflows.run_workflows()
    for number, name in enumerate(["cancelled", "paid", "cancelled"]):
        if correlation is None:
            run.send_event(name, number)
        else:
            send_event(name, number, correlation=correlation)
    pass_time(pgworkflows)
    assert run.wait(0) == [["cancelled", 0], ["paid", 1], ["cancelled", 2]]


def test_a_second_event_goes_to_the_next_wait(pgworkflows, either):
    first, second = either.start(correlation="c"), either.start(correlation="c")
    pgworkflows.run_workflows()
    send_event("paid", 1, correlation="c")
    send_event("cancelled", 2, correlation="c")
    pass_time(pgworkflows)
    assert [run.wait(0) for run in (first, second)] == [[["paid", 1]], [["cancelled", 2]]]


def test_time_of_several_runs_out_unless_one_was_sent_in_time(pgworkflows, either):
    late, kept = either.start(correlation="late", limit=60), either.start(correlation="kept", limit=60)
    pgworkflows.run_workflows()
    send_event("cancelled", correlation="kept")
    pass_time(pgworkflows, timedelta(seconds=61))
    pass_time(pgworkflows)
    assert (late.wait(0), kept.wait(0)) == (["Timed out: event paid or cancelled (late)."], [["cancelled", None]])


def test_one_name_in_a_list_tells_it_too(pgworkflows):
    @workflow
    def body() -> str:
        return repr(wait_for_event(["paid"]))

    run = body.start()
    run.send_event("paid", 5)
    pgworkflows.run_workflows()
    assert run.wait(0) == repr(Received("paid", 5))


def test_each_reminder_is_a_step(pgworkflows, reminded):
    body, reminders = reminded
    run = body.start()
    pgworkflows.run_workflows()
    for _ in range(2):
        pgworkflows.move_clock(HOUR)
        pgworkflows.run_workflows()
    run.send_event("paid", None)
    pgworkflows.run_workflows()
    assert run.wait(0) is None
    assert reminders == [7, 7]
    kinds = list(run.tasks.order_by("seq").values_list("kind", "status"))
    assert kinds == [("EVENT", "COMPLETED"), ("STEP", "COMPLETED")] * 2 + [("EVENT", "COMPLETED")]


def test_time_limit_counts_over_all_reminders(pgworkflows, reminded):
    body, reminders = reminded
    run = body.start(limit=2 * 3600 + 600)
    pgworkflows.run_workflows()
    wait = Workflow.objects.get(pk=run.pk).waiting_for[0]
    for _ in range(2):
        pgworkflows.move_clock(HOUR)
        pgworkflows.run_workflows()
        assert Workflow.objects.get(pk=run.pk).waiting_for[0] == wait
    pgworkflows.move_clock(timedelta(minutes=11))
    pgworkflows.run_workflows()
    run.refresh_from_db()
    assert (run.status, run.error["message"], reminders) == ("FAILED", "Timed out: event paid.", [7, 7])


def test_reminders_that_come_with_new_code_change_nothing_recorded(pgworkflows):
    options: dict[str, object] = {}

    @workflow
    def body() -> object:
        paid = wait_for_event("paid", **options)
        sleep(60)
        return paid

    run = body.start()
    run.send_event("paid", {"payload": "its own"})
    pgworkflows.run_workflows()
    options.update(remind_every=HOUR, remind=partial(with_argument, 1))
    pass_time(pgworkflows, timedelta(seconds=61))
    assert run.wait(0) == {"payload": "its own"}
    assert not run.tasks.filter(kind="STEP").exists()


@step
def with_argument(order: int) -> None: ...


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ([], {}, r"wait_for_event\(\[\]\) needs the name of an event, or several that differ"),
        (["a", "a"], {}, "needs the name of an event, or several that differ"),
        (["a", "$b"], {}, r"does not begin with \$, not '\$b'"),
        (["a", 5], {}, "not 5"),
        (["a" * 300, "b" * 300], {}, "the names together cannot be stored: it has 604 bytes"),
        ("a", {"remind_every": 5}, "remind_every= and remind= belong together"),
        ("a", {"remind": with_argument}, "remind_every= and remind= belong together"),
        ("a", {"remind_every": 5, "remind": print}, "remind=.* must be a step, or a partial of one"),
        ("a", {"remind_every": 5, "remind": with_argument}, "with_argument.*order"),
        ("a", {"remind_every": 0, "remind": partial(with_argument, 1)}, "must be longer than nothing"),
        ("a", {"timeout": -1}, "timeout=.* must be a length of time"),
    ],
)  # fmt: skip
def test_wrong_input_is_refused_before_anything_begins(pgworkflows, name, options, message):
    @workflow
    def body() -> None:
        wait_for_event(name, **options)

    run = body.start()
    pgworkflows.run_workflows()
    run.refresh_from_db()
    assert run.status == "FAILED"
    with pytest.raises(AssertionError, match=message):
        raise AssertionError(run.error["message"])
    assert not Task.objects.exists()
    assert not Event.objects.exists()
