"""What worker processes run in tests."""

import asyncio
import os
import signal
import socket
import time
from datetime import datetime, timedelta
from functools import partial

import psycopg
from django.db import connection, transaction
from django.db.models import F
from django.dispatch import receiver

from pgworkflows import Retry, current_step, first, gather, request_approval, signals, sleep, step, wait_for_event, workflow

from .forms import CostCentreForm
from .models import Account, Entry


def tell(name: str) -> None:
    """Commit an entry at once, whatever becomes of the step."""
    parameters = {**connection.get_connection_params(), "autocommit": True}
    with psycopg.connect(**parameters) as session:
        session.execute("INSERT INTO ledger_entry (name) VALUES (%s)", [name])


def hold(name: str) -> None:
    """Wait until the test has told this."""
    while not Entry.objects.filter(name=name).exists():
        time.sleep(0.01)


def hold_outside(name: str) -> None:
    """Do the same on sessions of its own, through lost ones."""
    parameters = {**connection.get_connection_params(), "autocommit": True}
    while True:
        try:
            with psycopg.connect(**parameters) as session:
                while not session.execute("SELECT FROM ledger_entry WHERE name = %s", [name]).rowcount:
                    time.sleep(0.01)
                return
        except psycopg.OperationalError:
            time.sleep(0.05)


@step
def enter(name: str) -> None:
    Entry.objects.create(name=name)


@step
def enter_held(name: str) -> None:
    Entry.objects.create(name=name)
    tell(f"{name}: held by {os.getpid()}")
    hold(f"{name}: let go {os.getpid()}")


@step(atomic=False)
def call(name: str) -> str:
    time.sleep(0.01)
    tell(f"{name}: called")
    return name


@step(atomic=False)
async def call_async(name: str) -> str:
    await asyncio.sleep(0.01)
    return name


@step(atomic=False)
def call_held(name: str) -> int:
    tell(f"{name}: held by {os.getpid()}")
    hold_outside(f"{name}: let go {os.getpid()}")
    tell(f"{name}: returned by {os.getpid()}")
    return os.getpid()


@step
def kill_worker() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


@step(atomic=False)
def kill_worker_in_call(name: str) -> None:
    tell(f"{name}: called")
    time.sleep(0.5)
    os.kill(os.getpid(), signal.SIGKILL)


@step(atomic=False)
def call_slowly(name: str) -> str:
    tell(f"{name}: called")
    time.sleep(1)
    return name


@step(timeout=0.5)
def hang() -> None:
    time.sleep(60)


@step(timeout=0.5, retry=Retry(max_attempts=2, initial=0.1))
def hang_once(name: str) -> None:
    if not Entry.objects.filter(name=f"{name}: tried").exists():
        tell(f"{name}: tried")
        time.sleep(60)


#: A whole Parse message and the beginning of a Bind: the server waits for the rest, and takes that for work.
HALF_A_MESSAGE = b"P\0\0\0\x10\0SELECT 1\0\0\0" + b"B\0\0\0\x10\0"


@step
def cut_off_once(name: str, sent: int, stopped: bool) -> None:
    """Have the first try send so much of a message, and stop the process or cut the connection where nobody sees it."""
    Entry.objects.create(name=name)
    if Entry.objects.filter(name=f"{name}: tried").exists():
        return
    tell(f"{name}: tried")
    socket_of_connection = connection.connection.fileno()
    os.write(socket_of_connection, HALF_A_MESSAGE[:sent])
    if stopped:
        os.kill(os.getpid(), signal.SIGSTOP)
    kept = os.dup(socket_of_connection), socket.socketpair()
    os.dup2(kept[1][0].fileno(), socket_of_connection)
    Entry.objects.count()


def due_after_a_long_query(start: datetime, length: timedelta) -> datetime:
    """Have the server work for two seconds, as a PGWORKFLOWS["DUE"]."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(2)")
    return start + length


@step
def query_for_long(name: str) -> None:
    Entry.objects.create(name=name)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(2)")


@step
def add_unit(account: int, seconds: float) -> float:
    """Lock a row, then take a while; return when it was locked, in the database's seconds."""
    Account.objects.filter(pk=account).update(units=F("units") + 1)
    with connection.cursor() as cursor:
        cursor.execute("SELECT extract(epoch FROM clock_timestamp())::float")
        locked: float = cursor.fetchone()[0]
    time.sleep(seconds)
    return locked


@workflow
def chain(name: str) -> str:
    """Atomic and outside steps in turn."""
    enter(f"{name}/1")
    call(f"{name}/2")
    enter(f"{name}/3")
    enter(f"{name}/4")
    call_async(f"{name}/5")
    enter(f"{name}/6")
    return name


@workflow
def quick(name: str) -> None:
    enter(name)


@workflow
def held_entry(name: str) -> None:
    enter_held(name)


@workflow
def held_call(name: str) -> int:
    return call_held(name)


@workflow
def held_calls(name: str) -> None:
    call_held(f"{name}/1")
    call_held(f"{name}/2")


@workflow
def poison() -> None:
    enter("before the poison")
    kill_worker()


@workflow
def poison_after_call(name: str) -> None:
    """Call, and kill the worker that takes the answer."""
    call(name)
    kill_worker()


@workflow
def poisonous_call(name: str) -> None:
    kill_worker_in_call(name)


@workflow
def slow_call(name: str) -> str:
    return call_slowly(name)


@step
def hook_that_hangs(name: str) -> None:
    Entry.objects.create(name=name)
    transaction.on_commit(lambda: time.sleep(600))


@step(atomic=False, timeout=0.5)
def call_that_never_returns() -> None:
    time.sleep(600)


@workflow
def hanging_hook(name: str) -> None:
    hook_that_hangs(name)


@receiver(signals.workflow_changed)
def hang_at_its_end(name: str, to_status: str, **_: object) -> None:
    if (name, to_status) == ("ledger.hanging_receiver", "COMPLETED"):
        time.sleep(600)


@workflow
def hanging_receiver(name: str) -> None:
    enter(name)


@workflow
def overrunning_call() -> None:
    call_that_never_returns()


@workflow
def spinning() -> None:
    while True:
        pass


@workflow
def hanging() -> None:
    enter("before it hangs")
    hang()


@workflow
def hanging_once(name: str) -> None:
    hang_once(name)
    enter(name)


@workflow
def cut_off(name: str, sent: int, stopped: bool) -> None:
    cut_off_once(name, sent, stopped)


@workflow
def slow_query(name: str) -> None:
    query_for_long(name)


@workflow
def counting(account: int, seconds: float) -> float:
    return add_unit(account, seconds)


@workflow
def waiting(name: str) -> object:
    enter(name)
    return wait_for_event("go")


@workflow
def asked(name: str) -> bool:
    return request_approval(name, users=["ann"]).approved


@workflow(forms=[CostCentreForm])
def buys(title: str) -> str:
    """Ask the bosses, who fill in a form, as the requester's purchase."""
    outcome = request_approval(title, groups=["bosses"], description="Please look at the lines.", form=CostCentreForm)
    return outcome.status


@workflow
def asks_bosses(title: str) -> str:
    """Ask the bosses, without anything to fill in."""
    return request_approval(title, groups=["bosses"], attributes={"region": "EU"}, timeout=36 * 3600).status


@step(atomic=False)
def end_process() -> None:
    tell("ends")
    os._exit(3)


@workflow
def call_and_wait(name: str) -> str:
    return call(name)


@workflow
def call_that_ends_its_process() -> None:
    end_process()


@step(atomic=False)
def call_in_a_branch(name: str) -> str:
    info = current_step()
    tell(f"{name}: called by {os.getpid()} as {info.idempotency_key} {info.attempt}")
    time.sleep(0.1)
    return name


@workflow
def branching(name: str) -> None:
    """Nested branches: calls, waits, a loser that cleans up, and atomic steps."""

    def loser() -> None:
        enter(f"{name}/begun")
        try:
            gather(partial(wait_for_event, "never"), partial(call_in_a_branch, f"{name}/lost"))
            sleep(3600)
        finally:
            enter(f"{name}/cleaned up")

    def winner() -> None:
        call_in_a_branch(f"{name}/won")
        sleep(0.3)
        enter(f"{name}/won")

    def nested() -> None:
        first(partial(call_in_a_branch, f"{name}/c"), partial(wait_for_event, "never"))
        enter(f"{name}/nested")

    def calling(what: str) -> None:
        call_in_a_branch(f"{name}/{what}")
        enter(f"{name}/{what}")

    first(loser, winner)
    gather(partial(calling, "a"), partial(calling, "b"), nested)
