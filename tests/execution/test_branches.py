"""Branches of a body: all of them, some, or the first; and what becomes of the others."""

from contextlib import suppress
from contextvars import ContextVar
from datetime import timedelta
from functools import partial

import pytest

from pgworkflows import (
    Cancelled,
    TooManyBranches,
    first,
    gather,
    send_event,
    settle,
    sleep,
    step,
    wait_for_event,
    workflow,
)
from pgworkflows.models import Workflow
from tests.ledger.models import Entry

DAY = timedelta(days=1)
CHOSEN = ContextVar("chosen", default="")


@step
def note(text: str) -> str:
    Entry.objects.create(name=text)
    return text


@step(atomic=False)
def ask(what: str) -> str:
    if what.startswith("bad"):
        raise ValueError(what)
    return what.upper()


def notes() -> list[str]:
    return list(Entry.objects.order_by("pk").values_list("name", flat=True))


def run(body, *events, pgworkflows, then=()):
    """Start it, run it, and do what is to be done in between; return it as it is then."""
    started = body.start()
    pgworkflows.run_workflows()
    for act in then:
        act(started)
        pgworkflows.run_workflows()
    started.refresh_from_db()
    return started


def test_gather_returns_all_in_order(pgworkflows):
    @workflow
    def body() -> list[object]:
        return [*gather(partial(ask, "a"), lambda: note("b"), partial(wait_for_event, "c"), partial(sleep, DAY))]

    started = run(body, pgworkflows=pgworkflows, then=[lambda w: w.send_event("c", 3), lambda _: pgworkflows.move_clock(DAY)])
    assert (started.status, started.wait(0)) == ("COMPLETED", ["A", "b", 3, None])
    placed = started.tasks.order_by("ended").values_list("branch", "seq", "kind", "status", "ended")
    assert list(placed) == [
        ("1.2", 1, "STEP", "COMPLETED", 1),
        ("1.1", 1, "STEP", "COMPLETED", 2),
        ("1.3", 1, "EVENT", "COMPLETED", 3),
        ("1.4", 1, "TIMER", "COMPLETED", 4),
        ("", 1, "GATHER", "COMPLETED", 5),
    ]


def test_first_failure_cancels_the_rest_and_is_raised(pgworkflows):
    @workflow
    def body() -> str:
        try:
            gather(partial(wait_for_event, "never"), partial(ask, "bad luck"), partial(sleep, DAY))
        except ValueError as error:
            return str(error)
        return "no"

    started = run(body, pgworkflows=pgworkflows)
    assert started.wait(0) == "bad luck"
    assert dict(started.tasks.values_list("kind", "status")) == {
        "GATHER": "FAILED", "EVENT": "CANCELLED", "STEP": "FAILED", "TIMER": "CANCELLED",
    }  # fmt: skip


def test_settle_stops_when_enough_have_succeeded(pgworkflows):
    @workflow
    def body() -> list[object]:
        found = settle(*(partial(ask, name) for name in ("a", "bad", "b", "c", "d")), at_most=2, need=3, tolerate=1)
        assert (found[1].status, str(found[1].error)) == ("failed", "bad")
        assert [ended.index for ended in found.cancelled] == [4]
        return [found.values(), found.reason, len(found)]

    assert run(body, pgworkflows=pgworkflows).wait(0) == [["A", "B", "C"], "enough", 5]


@pytest.mark.parametrize(("need", "tolerate"), [(None, 1), (None, 0.3), (4, None)])
def test_settle_stops_when_too_many_have_failed(pgworkflows, need, tolerate):
    @workflow
    def body() -> list[object]:
        names = ("a", "bad 1", "bad 2", "b", "c")
        found = settle(*(partial(ask, name) for name in names), at_most=1, need=need, tolerate=tolerate)
        with pytest.raises(ValueError, match="bad 1"):
            found.raise_if_failed()
        return [found.reason, [ended.status for ended in found]]

    statuses = ["completed", "failed", "failed", "cancelled", "cancelled"]
    assert run(body, pgworkflows=pgworkflows).wait(0) == ["too many failed", statuses]


def test_first_takes_the_first_by_name(pgworkflows):
    @workflow
    def body() -> list[object]:
        won = first(paid=partial(wait_for_event, "paid"), late=partial(sleep, DAY))
        return [won.index, won.name, won.value]

    assert run(body, pgworkflows=pgworkflows, then=[lambda w: w.send_event("paid", 5)]).wait(0) == [0, "paid", 5]
    late = run(body, pgworkflows=pgworkflows, then=[lambda _: pgworkflows.move_clock(DAY)])
    assert late.wait(0) == [1, "late", None]


# 1: a decision starts the body afresh.


def test_a_decision_starts_the_body_afresh(pgworkflows):
    @workflow
    def body() -> None:
        n = 0

        def waits() -> None:
            nonlocal n
            n += 1
            wait_for_event("never")

        first(waits, partial(sleep, DAY))
        note(f"n={n}")
        sleep(DAY)
        note(f"n={n}")

    started = run(body, pgworkflows=pgworkflows, then=[lambda _: pgworkflows.move_clock(DAY)] * 2)
    assert (started.status, notes()) == ("COMPLETED", ["n=1", "n=1"])


# 2: the record says where each loser was cut.


def test_losers_are_cut_where_they_stood_and_clean_up_once(pgworkflows):
    @workflow
    def body() -> str:
        def loser() -> None:
            note("begun")
            try:
                gather(partial(wait_for_event, "x"), inner)
            except Cancelled as cancelled:
                note(cancelled.reason)
                with pytest.raises(Cancelled):
                    ask("waits")
                raise
            note("never")

        def inner() -> None:
            try:
                sleep(10 * DAY)
            finally:
                note("inner cleans up")

        won = first(loser, partial(sleep, DAY))
        sleep(DAY)
        return str(won.index)

    started = run(body, pgworkflows=pgworkflows, then=[lambda _: pgworkflows.move_clock(DAY)] * 2)
    assert started.wait(0) == "1"
    assert notes() == ["begun", "inner cleans up", "first at 1 was decided by branch 2: first"]
    gathers = started.tasks.filter(kind="GATHER").order_by("branch")
    assert [(task.position, task.status) for task in gathers] == [(("", 1), "COMPLETED"), (("1.1", 2), "CANCELLED")]
    assert gathers[0].result == {"reason": "first", "branch": 1, "begun": 2, "cuts": {"0": 2}}


# 5: branches share nothing while they run.


def test_branches_that_share_a_variable_are_found(pgworkflows):
    @workflow
    def body() -> None:
        total = 0

        def counts(units: str) -> None:
            nonlocal total
            total += len(ask(units))
            ask(f"sees {total}")

        gather(partial(counts, "a"), partial(counts, "ab"))

    started = run(body, pgworkflows=pgworkflows)
    assert started.status == "BLOCKED"
    assert "with other arguments" in started.error["message"]
    assert "branches share nothing while they run" in started.error["message"]


def test_what_branches_write_may_be_read_behind_the_gather(pgworkflows):
    @workflow
    def body() -> list[str]:
        seen: list[str] = []
        gather(*(partial(lambda name: seen.append(ask(name)), name) for name in "abc"))
        return seen

    assert run(body, pgworkflows=pgworkflows).wait(0) == ["A", "B", "C"]


# 7: an event that was given to a wait which is cancelled goes to the next that waits.


def test_an_event_of_a_loser_goes_to_the_next_that_waits(pgworkflows):
    @workflow
    def hurries() -> str:
        first(partial(sleep, DAY), partial(wait_for_event, "paid", correlation="x"))
        sleep(100 * DAY)
        return "no"

    @workflow
    def waits() -> str:
        return str(wait_for_event("paid", correlation="x"))

    hurried = hurries.start()
    pgworkflows.run_workflows()
    other = waits.start()
    pgworkflows.run_workflows()
    pgworkflows.move_clock(DAY)
    send_event("paid", "5", correlation="x")
    pgworkflows.run_workflows()
    assert other.wait(0) == "5"
    hurried.refresh_from_db()
    assert hurried.status == "WAITING"


# 8: retry opens again what a failure has decided.


def test_retry_opens_the_gather_and_the_branches_it_cancelled(pgworkflows):
    faults = [ValueError("once")]

    @step(atomic=False)
    def faulty() -> str:
        if faults:
            raise faults.pop()
        return "well"

    @workflow
    def body() -> list[object]:
        def waits() -> object:
            try:
                return wait_for_event("go")
            except Cancelled:
                note("cleans up")
                raise

        def nested() -> object:
            return gather(partial(wait_for_event, "inner"))[0]

        return [*gather(waits, nested, faulty)]

    started = run(body, pgworkflows=pgworkflows)
    assert (started.status, notes()) == ("FAILED", ["cleans up"])
    started.retry()
    pgworkflows.run_workflows()
    started.refresh_from_db()
    assert started.status == "WAITING"
    started.send_event("go", 1)
    started.send_event("inner", 2)
    pgworkflows.run_workflows()
    assert started.wait(0) == [1, 2, "well"]
    assert [str(task) for task in started.tasks.filter(branch__contains="~")] == ["STEP test_branches.note #1.1~1/2"]


def test_a_second_cancellation_cleans_up_again(pgworkflows):
    @step(atomic=False)
    def faulty() -> None:
        raise ValueError("always")

    @workflow
    def body() -> None:
        def waits() -> None:
            try:
                wait_for_event("go")
            finally:
                note("cleans up")

        gather(waits, faulty)

    started = run(body, pgworkflows=pgworkflows, then=[lambda w: w.retry()])
    assert (started.status, notes()) == ("FAILED", ["cleans up"] * 2)


def test_a_gather_that_failed_by_an_exception_of_the_body_is_decided_anew(pgworkflows):
    faults = [True]

    @workflow
    def body() -> list[object]:
        def checks() -> str:
            if faults:
                raise ValueError("mend me")
            return "mended"

        return [*gather(partial(wait_for_event, "go"), checks)]

    started = run(body, pgworkflows=pgworkflows)
    assert started.status == "FAILED"
    faults.clear()
    started.retry()
    pgworkflows.run_workflows()
    started.send_event("go", 1)
    pgworkflows.run_workflows()
    assert started.wait(0) == [1, "mended"]


# 9: the order of undo.


def test_undo_goes_by_the_order_in_which_steps_ended(pgworkflows):
    @step
    def reserve(name: str) -> str:
        return name

    @reserve.compensation
    def release(name: str, *, result: str) -> None:
        note(f"undo {result}")

    @workflow
    def body() -> None:
        def slow() -> None:
            wait_for_event("go")
            reserve("slow")

        gather(slow, partial(reserve, "quick"))
        raise ValueError("no")

    started = run(body, pgworkflows=pgworkflows, then=[lambda w: w.send_event("go")])
    assert (started.status, notes()) == ("COMPENSATED", ["undo slow", "undo quick"])


# 13: clean-ups that fail, children and approvals of losers.


def test_a_failing_clean_up_is_raised_by_the_gather_once_all_are_done(pgworkflows):
    @workflow
    def body() -> list[str]:
        def loser(name: str) -> None:
            try:
                wait_for_event("never")
            except Cancelled:
                note(name)
                raise RuntimeError(name) from None

        try:
            gather(partial(loser, "a"), partial(loser, "b"), partial(ask, "bad"))
        except RuntimeError as error:
            return [str(error), str(error.__context__)]
        return []

    assert run(body, pgworkflows=pgworkflows).wait(0) == ["a", "bad"]
    assert notes() == ["a", "b"]


def test_a_swallowed_cancel_makes_no_winner(pgworkflows):
    @workflow
    def body() -> list[str]:
        def loser() -> str:
            with suppress(Cancelled):
                wait_for_event("never")
            return "I won"

        found = settle(loser, partial(ask, "a"), need=1)
        return [str(ended.status) for ended in found]

    assert run(body, pgworkflows=pgworkflows).wait(0) == ["cancelled", "completed"]


def test_children_that_a_loser_started_are_cancelled_and_no_others(pgworkflows):
    @workflow
    def child() -> None:
        wait_for_event("never")

    @workflow
    def body() -> str:
        mine = child.start()
        won = first(mine.result, lambda: child.start().result(), partial(sleep, DAY))
        sleep(DAY)
        return str(won.index)

    run(body, pgworkflows=pgworkflows, then=[lambda _: pgworkflows.move_clock(DAY)])
    statuses = Workflow.objects.filter(name__endswith="child").order_by("pk").values_list("status", flat=True)
    assert sorted(statuses) == ["CANCELLED", "WAITING"]


def test_children_are_gathered(pgworkflows):
    @workflow
    def child(number: int) -> int:
        return number * int(ask(str(number)))

    @workflow
    def body() -> list[int]:
        return [*gather(*(child.start(n).result for n in range(5)))]

    assert run(body, pgworkflows=pgworkflows).wait(0) == [0, 1, 4, 9, 16]


# Bad input.


def called() -> None:
    pass


async def coroutine() -> None:
    pass


def late_binding() -> None:
    gather(*[lambda: ask(name) for name in "abc"])  # noqa: B023 - Python's own trap


@pytest.mark.parametrize(
    ("make", "error", "says"),
    [
        (lambda: gather(ask), TypeError, "branch 1, .*ask, takes arguments .*Say partial"),
        (lambda: gather(called, called()), TypeError, "branch 2 is None, which cannot be called: the call was made already"),
        (lambda: first(coroutine), TypeError, "branch 1 is a coroutine"),
        (late_binding, ValueError, "branch 2 is a function that a loop made before.*partial"),
        (lambda: gather(called, at_most=0), ValueError, r"gather\(at_most=0\)"),
        (lambda: settle(called, need=2), ValueError, r"settle\(need=2\)"),
        (lambda: settle(called, tolerate=-1), ValueError, r"settle\(tolerate=-1\)"),
        (lambda: settle(called, tolerate=1.5), ValueError, r"settle\(tolerate=1.5\)"),
        (lambda: first(), ValueError, "at least one"),
        (lambda: first(called, a=called), TypeError, "a name, or none"),
        (lambda: gather(*[called] * 10_001), TooManyBranches, "10001 branches is more than 10000"),
    ],
)
def test_what_cannot_be_a_branch_is_refused_before_any_begins(pgworkflows, make, error, says):
    @workflow
    def body() -> str:
        with pytest.raises(error, match=says):
            make()
        return "refused"

    started = run(body, pgworkflows=pgworkflows)
    assert started.wait(0) == "refused"
    assert not started.tasks.exists()


def test_no_branches_end_at_once(pgworkflows):
    @workflow
    def body() -> list[object]:
        return [list(gather()), len(settle()), settle().reason]

    assert run(body, pgworkflows=pgworkflows).wait(0) == [[], 0, "all"]


def test_another_number_of_branches_is_blocked_with_both_sides(pgworkflows):
    branches = [partial(wait_for_event, "never")] * 2

    @workflow
    def body() -> None:
        gather(*branches)

    started = body.start()
    pgworkflows.run_workflows()
    branches.append(called)
    started.send_event("never")
    pgworkflows.run_workflows()
    started.refresh_from_db()
    assert started.status == "BLOCKED"
    assert "recorded is gather of 2 branches, but the code now asks for gather of 3 branches" in started.error["message"]


# 4: results are recorded first, the lower number wins.


def test_two_that_end_in_one_batch_are_looked_at_by_number(pgworkflows):
    @workflow
    def body() -> list[object]:
        def loses() -> None:
            wait_for_event("two")
            note("never")

        won = first(partial(wait_for_event, "one"), loses)
        sleep(DAY)
        return [won.index, won.value]

    def both(row: Workflow) -> None:
        row.send_event("two", 2)
        row.send_event("one", 1)

    started = run(body, pgworkflows=pgworkflows, then=[both, lambda _: pgworkflows.move_clock(DAY)])
    assert (started.wait(0), notes()) == ([0, 1], [])


def test_of_two_that_fail_in_one_batch_the_lower_is_raised(pgworkflows):
    @workflow
    def body() -> None:
        def fails(name: str) -> None:
            wait_for_event("go")
            raise ValueError(name)

        gather(partial(fails, "a"), partial(fails, "b"))

    def both(row: Workflow) -> None:
        row.send_event("go")
        row.send_event("go")

    started = run(body, pgworkflows=pgworkflows, then=[both])
    assert (started.status, started.error["message"]) == ("FAILED", "a")


# 11: what is over budget in one branch is put off; the others still open their waits.


def test_a_long_branch_does_not_keep_the_others_from_winning(pgworkflows, settings):
    settings.PGWORKFLOWS = settings.PGWORKFLOWS | {"BATCH_SECONDS": 0.0}

    @workflow
    def body() -> str:
        def loops() -> None:
            for number in range(60):
                note(str(number))

        won = first(loops, partial(wait_for_event, "stop"))
        return str(won.index)

    row = body.start()
    row.send_event("stop")
    pgworkflows.run_workflows()
    assert row.wait(0) == "1"
    assert len(notes()) < 60


def test_branches_over_budget_take_turns(pgworkflows, settings):
    settings.PGWORKFLOWS = settings.PGWORKFLOWS | {"BATCH_SECONDS": 0.0}

    @workflow
    def body() -> int:
        def loops(name: str, times: int) -> None:
            for number in range(times):
                note(f"{name}{number}")

        return first(partial(loops, "a", 60), partial(loops, "b", 3)).index

    assert run(body, pgworkflows=pgworkflows).wait(0) == 1
    assert len(notes()) < 10


def test_a_branch_that_catches_cancelled_for_ever_is_blocked_by_its_line(pgworkflows):
    @workflow
    def body() -> None:
        def deaf() -> None:
            while True:
                with suppress(Cancelled):
                    sleep(DAY)

        first(deaf, partial(wait_for_event, "stop"))

    started = run(body, pgworkflows=pgworkflows, then=[lambda w: w.send_event("stop")])
    assert started.status == "BLOCKED"
    assert "test_branches.py:" in started.error["message"]
    assert "catches Cancelled and goes on" in started.error["message"]


def test_each_branch_runs_in_a_copy_of_the_context(pgworkflows):
    @workflow
    def body() -> list[str]:
        def sets(name: str) -> str:
            before = CHOSEN.get()
            CHOSEN.set(name)
            return before

        CHOSEN.set("outer")
        return [*gather(partial(sets, "a"), partial(sets, "b")), CHOSEN.get()]

    assert run(body, pgworkflows=pgworkflows).wait(0) == ["outer"] * 3
