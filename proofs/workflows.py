"""Programs as workflows: the one body that interprets them, and the steps that it calls."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from functools import partial
from typing import Any

from django.db import DatabaseError, connection, transaction
from django.db.models import F

from pgworkflows import (
    PGWorkflowsError,
    Retry,
    current_step,
    now,
    random,
    request_approval,
    send_event,
    set_state,
    sleep,
    step,
    uuid4,
    wait_for_event,
    workflow,
)
from pgworkflows.definitions.step import Step

from . import ledger
from .driver import persist
from .failures import Broken, Refused, Unsure
from .misdoing import MISDOING
from .model import share_name
from .models import Account, Row
from .programs import LONG_SECONDS, NEVER_SECONDS, TRIES, Node, Program

#: Which release of this code a worker process runs; the second knows a second version of the definition.
RELEASE = int(os.environ.get("PROOFS_RELEASE", "1"))
NO_SUCH_ROW = 2_000_000_000
CALL_SECONDS = float(os.environ.get("PROOFS_CALL_SECONDS", "0.002"))
#: Not time.sleep, which fails under libfaketime.
PAUSE = threading.Event()
CONTENTION = float(os.environ.get("PROOFS_CONTENTION", "0"))


#: What turns a workflow back by itself.
UNDONE_AFTER = (Broken, Refused, PGWorkflowsError, DatabaseError)


def mended(number: int, label: str) -> bool:
    """Whether a person has mended the cause of a failure."""
    return Row.objects.filter(number=number, label=label, kind="mended").exists()


def _fails_in_undo(number: int, label: str, fails: int) -> int:
    """Return how many attempts fail: all, until the cause is mended, where it is as many as there are."""
    return 0 if fails >= TRIES and mended(number, label) else fails


def _retry(tries: int) -> Retry:
    return Retry(max_attempts=tries, initial=0.02, factor=1, jitter=False, give_up_on=(Refused,))


def _enter(number: int, label: str, kind: str, fails: int) -> None:
    Row.objects.create(number=number, label=label, kind=kind)
    if current_step().attempt <= fails:
        raise Broken(label)


def _tell(number: int, label: str, kind: str, fails: int) -> None:
    info = current_step()
    compensates = info.compensates.idempotency_key if info.compensates else None
    ledger.append(number, label, kind, info.idempotency_key, info.attempt, compensates)
    if info.attempt <= fails:
        raise Broken(label)


def _declare_undo(of: Step[..., Any], undo: str | None) -> None:
    if undo == "atomic":

        @of.compensation(retry=_retry(TRIES))
        def take_back(number: int, label: str, gives: int, fails: int, undo_fails: int, refused: bool, result: int) -> None:
            _enter(number, label, "undo", _fails_in_undo(number, label, undo_fails))

    elif undo == "outside":

        @of.compensation(atomic=False, retry=_retry(TRIES))
        def call_back(number: int, label: str, gives: int, fails: int, undo_fails: int, refused: bool, result: int) -> None:
            fails = persist(partial(_fails_in_undo, number, label, undo_fails))  # a lost connection is none of its failures
            _tell(number, label, "undo", fails)


def _write(number: int, label: str, gives: int, fails: int, undo_fails: int, refused: bool) -> int:
    _enter(number, label, "do", fails)
    return gives


def _call(number: int, label: str, gives: int, fails: int, undo_fails: int, refused: bool) -> int:
    PAUSE.wait(CALL_SECONDS)
    _tell(number, label, "do", fails)
    if refused:
        raise Refused(label)
    PAUSE.wait(CALL_SECONDS)
    return gives


async def _wait(number: int, label: str, gives: int, fails: int, undo_fails: int, refused: bool) -> int:
    await asyncio.sleep(CALL_SECONDS)
    _tell(number, label, "do", fails)
    if refused:
        raise Refused(label)
    await asyncio.sleep(CALL_SECONDS)
    return gives


def _declare(function: Any, tries: int, undo: str | None) -> Any:
    """Declare one of the steps that differ in what only the decorator can say."""
    kind = function.__name__.removeprefix("_")
    made = step(name=f"proofs.{kind}-{tries}-{undo or 'kept'}", atomic=kind == "write", retry=_retry(tries))(function)
    _declare_undo(made, undo)
    return made


STEPS = {
    made.name: made
    for function in (_write, _call, _wait)
    for tries in (1, TRIES)
    for undo in (None, "atomic", "outside")
    for made in [_declare(function, tries, undo)]
}


@step(name="proofs.send")
def send(number: int, label: str, to: str, gives: int) -> None:
    """Send an event that a wait of the same workflow is for."""
    Row.objects.create(number=number, label=label, kind="do")
    send_event(f"step:{to}:{gives}", gives, correlation=f"{number}/{to}")


@step(name="proofs.spawn")
def spawn(number: int, label: str, version: int, program: list[Any]) -> None:
    """Start an independent workflow in the step's transaction."""
    Row.objects.create(number=number, label=label, kind="do")
    VERSIONS[version].start(number=number, prefix=f"{label}.", program=program)


@step(name="proofs.transfer")
def transfer(number: int, label: str, source: int, target: int) -> None:
    """Lock two hot rows in the order of the program, which is another one in another program."""
    Row.objects.create(number=number, label=label, kind="do")
    Account.objects.filter(pk=source).update(units=F("units") - 1)
    contend()
    Account.objects.filter(pk=target).update(units=F("units") + 1)


def contend() -> None:
    """In the locks proof: stop between two locks, or meet a serialization failure; a sequence counts the latter."""
    if CONTENTION:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(%s)", [CONTENTION])
            cursor.execute("SELECT proofs_contend()")


@step(name="proofs.meddle-rollback")
def meddle_rollback(number: int, label: str) -> None:
    """Put another transaction in the place of the worker's, beneath all that could see it."""
    Row.objects.create(number=number, label=label, kind="do")
    connection.connection.pgconn.exec_(b"ROLLBACK; BEGIN")


@step(name="proofs.meddle-swallow")
def meddle_swallow(number: int, label: str) -> None:
    """Swallow a database error."""
    Row.objects.create(number=number, label=label, kind="do")
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 / (%s - %s)", [number, number])
    except Exception:
        pass


@step(name="proofs.meddle-foreign_key")
def meddle_foreign_key(number: int, label: str) -> None:
    """Refer to a row that is not there, which is seen at COMMIT."""
    Row.objects.create(number=number, label=label, kind="do", refers_to_id=NO_SUCH_ROW)


@step(name="proofs.nest")
def nest(number: int, label: str, how: str) -> None:
    """Write within a transaction of its own inside the step's, which is undone or not."""
    Row.objects.create(number=number, label=label, kind="do")
    try:
        with transaction.atomic():
            Row.objects.create(number=number, label=label, kind="nested")
            if how == "undone":
                raise Broken(label)
            if how == "refused":
                with connection.cursor() as cursor:
                    cursor.execute("SELECT 1 / (%s - %s)", [number, number])
    except (Broken, DatabaseError):
        pass
    if how == "fails":
        raise Broken(label)


@step(name="proofs.repair")
def repair(number: int, label: str, chosen: str) -> None:
    """Fail until a person has mended the cause."""
    if not mended(number, label):
        raise Unsure(f"{chosen}:{label}")
    Row.objects.create(number=number, label=label, kind="do")


@step(name="proofs.release")
def release(number: int) -> None:
    """Say that the new version ran."""
    Row.objects.create(number=number, label="release", kind="do")


@step(name="proofs.deadly")
def deadly() -> None:
    """Kill the worker."""
    os.kill(os.getpid(), signal.SIGKILL)


MEDDLING = {"rollback": meddle_rollback, "swallow": meddle_swallow, "foreign_key": meddle_foreign_key}
VALUES = {"now": now, "uuid4": uuid4, "random": random}


class Interpreter:
    """Runs a program as a body; `trace` is what it got from steps and waits, in order, `values` what it got by chance."""

    def __init__(self, number: int, prefix: str, version: int) -> None:
        self.number, self.prefix, self.version = number, prefix, version
        self.trace: list[int] = []
        self.values: list[Any] = []
        self.last = 0

    def result(self) -> dict[str, list[Any]]:
        """Return what the workflow returns."""
        return {"trace": self.trace, "values": self.values}

    def block(self, program: Program) -> None:
        """Run nodes one after the other."""
        for node in program:
            getattr(self, f"do_{node['do']}")(node, self.prefix + node["at"])

    def gives(self, value: int) -> None:
        """Take a value that conditions look at."""
        self.last = value
        self.trace.append(value)

    def do_write(self, node: Node, label: str) -> None:  # noqa: D102 - named for its node, as all that follow
        self._step("write", node, label)

    def do_call(self, node: Node, label: str) -> None:  # noqa: D102
        self._step("wait" if node["waits"] else "call", node, label)

    def _step(self, kind: str, node: Node, label: str) -> None:
        called = STEPS[f"proofs.{kind}-{node['tries']}-{node['undo'] or 'kept'}"]
        options = {name: node.get(name, False) for name in ("gives", "fails", "undo_fails", "refused")}
        self.gives(called(number=self.number, label=label, **options))

    def do_sleep(self, node: Node, label: str) -> None:  # noqa: D102
        sleep(node["seconds"])

    def do_event(self, node: Node, label: str) -> None:  # noqa: D102
        correlation = f"{self.number}/{label}" if node["correlated"] else None
        limit = NEVER_SECONDS if node["sent"] in ("never", "late") else LONG_SECONDS if node["limited"] else None
        self.gives(wait_for_event(f"{node['sent']}:{label}:{node['gives']}", correlation=correlation, timeout=limit))

    def do_cancelled(self, node: Node, label: str) -> None:  # noqa: D102
        wait_for_event(f"cancel:{label}:{int(node['compensate'])}")

    def do_send(self, node: Node, label: str) -> None:  # noqa: D102
        send(self.number, label, self.prefix + node["to"], node["gives"])

    def do_approval(self, node: Node, label: str) -> None:  # noqa: D102
        outcome = request_approval(
            f"{node['verdict']}:{node['quorum']}:{label}",
            users=["ann", "bob"],
            quorum=node["quorum"],
            timeout=NEVER_SECONDS if node["verdict"] == "never" else LONG_SECONDS if node["limited"] else None,
            on_timeout=node["on_timeout"],
        )
        self.gives(int(outcome.approved))

    def do_share(self, node: Node, label: str) -> None:  # noqa: D102
        take = {"do": "take", "at": "1", "name": share_name(node, label), "correlation": f"{self.number}/{label}"}
        if node["among"] == "self":
            self.do_take(take, label)
            self.do_take(take, label)
            return
        child: Any = VERSIONS[self.version].start(number=self.number, prefix=f"{label}.", program=[take])
        own = wait_for_event(take["name"], correlation=take["correlation"])
        self.gives(own + child.result()["trace"][0])

    def do_take(self, node: Node, label: str) -> None:  # noqa: D102
        self.gives(wait_for_event(node["name"], correlation=node["correlation"]))

    def do_nest(self, node: Node, label: str) -> None:  # noqa: D102
        nest(self.number, label, node["how"])

    def do_repair(self, node: Node, label: str) -> None:  # noqa: D102
        repair(self.number, label, node["chosen"])

    def do_child(self, node: Node, label: str) -> None:  # noqa: D102
        child: Any = VERSIONS[self.version].start(number=self.number, prefix=f"{label}.", program=node["program"])
        self.block(node["meanwhile"])
        if node["awaited"]:
            self.gives(len(child.result()["trace"]))

    def do_spawn(self, node: Node, label: str) -> None:  # noqa: D102
        spawn(self.number, label, self.version, node["program"])

    def do_state(self, node: Node, label: str) -> None:  # noqa: D102
        set_state(node["name"])

    def do_value(self, node: Node, label: str) -> None:  # noqa: D102
        self.values.append(VALUES[node["which"]]())

    def do_transfer(self, node: Node, label: str) -> None:  # noqa: D102
        transfer(self.number, label, node["from"], node["to"])

    def do_meddle(self, node: Node, label: str) -> None:  # noqa: D102
        MEDDLING[node["how"]](self.number, label)

    def do_misdeed(self, node: Node, label: str) -> None:  # noqa: D102
        MISDOING[node["how"]](self.number, label)

    def do_raise(self, node: Node, label: str) -> None:  # noqa: D102
        raise Broken(label)

    def do_if(self, node: Node, label: str) -> None:  # noqa: D102
        self.block(node["then"] if self.last % 2 == 0 else node["else"])

    def do_loop(self, node: Node, label: str) -> None:  # noqa: D102
        before = self.prefix
        for turn in range(self.last % 3 if node["times"] == "last" else node["times"]):
            self.prefix = f"{label}[{turn}]."
            try:
                self.block(node["body"])
            finally:
                self.prefix = before

    def do_try(self, node: Node, label: str) -> None:  # noqa: D102
        before = self.prefix
        try:
            self.block(node["body"])
        except Exception:
            self.prefix = before
            self.block(node["otherwise"])


@workflow(name="proofs.program", compensate_on=UNDONE_AFTER)
def first_program(number: int, prefix: str, program: list[Any]) -> dict[str, list[Any]]:
    """Run a program."""
    interpreter = Interpreter(number, prefix, 1)
    interpreter.block(program)
    return interpreter.result()


@workflow(name="proofs.alone", compensate_on=UNDONE_AFTER, batch=False)
def lone_program(number: int, prefix: str, program: list[Any]) -> dict[str, list[Any]]:
    """Run a program that shares a transaction with no other."""
    interpreter = Interpreter(number, prefix, 1)
    interpreter.block(program)
    return interpreter.result()


@workflow(name="proofs.poison")
def poison() -> None:
    """Kill every worker that takes it up."""
    deadly()


@step(name="proofs.nothing")
def nothing() -> None:
    """Take no time."""


@workflow(name="proofs.probe")
def probe() -> None:
    """Show by its end how long it was kept waiting."""
    nothing()


VERSIONS = {1: first_program}

if RELEASE > 1:

    @workflow(name="proofs.program", version=2, compensate_on=UNDONE_AFTER)
    def second_program(number: int, prefix: str, program: list[Any]) -> dict[str, list[Any]]:
        """Run a program, after a step that the first version did not have."""
        release(number)
        interpreter = Interpreter(number, prefix, 2)
        interpreter.block(program)
        return interpreter.result()

    VERSIONS[2] = second_program
