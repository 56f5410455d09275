"""What people and other programs do while workers run: start, send, decide, cancel; through lost connections."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from datetime import timedelta
from functools import partial
from itertools import groupby
from typing import Any, TypeVar

import psycopg
from django.db import DatabaseError, InterfaceError, connections, transaction

from .plan import Start

T = TypeVar("T")
CHUNK = 50
PATIENCE = 120.0

#: The definitions that run programs.
NAMES = ("proofs.program", "proofs.alone")
OPEN_WAITS = """
SELECT t.name, t.correlation, t.workflow_id FROM pgworkflows_task t
WHERE t.kind = 'EVENT' AND (t.status, split_part(t.name, ':', 1)) IN
  (('WAITING', 'after'), ('WAITING', 'cancel'), ('WAITING', 'share'), ('FAILED', 'late'))
"""
START_IN_SQL = """
SELECT pgworkflows.start('proofs.program', k.kwargs::jsonb, k.key, run_after => pgworkflows.now() + k.delay * interval '1 second')
FROM unnest(%s::text[], %s::text[], %s::double precision[]) AS k(kwargs, key, delay)
"""
STUCK = """
SELECT w.id, (w.kwargs ->> 'number')::integer, w.error ->> 'message' FROM pgworkflows_workflow w
WHERE w.status = 'FAILED' AND w.error ->> 'type' LIKE '%:Unsure' OR w.status = 'BLOCKED' AND w.error ->> 'type' LIKE '%:Broken'
FOR NO KEY UPDATE
"""


def persist(work: Callable[[], T]) -> T:
    """Do it again until it is done: the connection may be lost at any moment, the answer to a COMMIT too."""
    end = time.monotonic() + PATIENCE
    while True:
        try:
            return work()
        except (DatabaseError, InterfaceError, psycopg.Error) as error:
            if isinstance(error, DatabaseError) and not isinstance(error.__cause__, psycopg.OperationalError):
                raise
            if time.monotonic() > end:
                raise
            connections.close_all()
            time.sleep(0.1)


def _options(start: Start) -> tuple[int, int, float]:
    return start.version, start.priority, start.delay


def _arguments(start: Start) -> dict[str, Any]:
    return {"number": start.number, "prefix": "", "program": start.program}


def _using(start: Start, **options: Any) -> Any:
    """Return the definition with what the plan says."""
    from pgworkflows.store.connection import database_now

    from .workflows import VERSIONS, lone_program

    definition: Any = lone_program if start.how == "alone" else VERSIONS[start.version]
    run_after = database_now() + timedelta(seconds=start.delay) if start.delay else None
    return definition.using(priority=start.priority, run_after=run_after, **options)


class Driver:
    """Starts what the plan says, and answers what workflows wait for."""

    def __init__(self) -> None:
        self.answered = 0
        self._sent: set[tuple[Any, ...]] = set()

    def start(self, starts: Iterable[Start]) -> None:
        """Start workflows in transactions of up to fifty; twice is the same as once."""
        waiting = list(starts)
        for first in range(0, len(waiting), CHUNK):
            chunk = waiting[first : first + CHUNK]
            for start_these, ways in (
                (self._start_in_python, ("python", "order", "alone")),
                (self._start_many, ("many",)),
                (self._start_in_sql, ("sql",)),
                (self._start_and_roll_back, ("undone",)),
            ):
                persist(partial(start_these, [start for start in chunk if start.how in ways]))

    def _start_in_python(self, starts: list[Start]) -> None:
        from pgworkflows.models import Workflow

        from .models import Row

        with transaction.atomic():
            keys = {str(start.number) for start in starts}
            there = set(Workflow.objects.filter(name__in=NAMES, key__in=keys).values_list("key", flat=True))
            for start in starts:
                if str(start.number) in there:
                    continue
                if start.how == "order":
                    Row.objects.create(number=start.number, label="order", kind="order")
                run = _using(start, key=str(start.number))
                self._send_before(start, run.start(**_arguments(start)))

    def _start_many(self, starts: list[Start]) -> None:
        from pgworkflows.models import Workflow

        with transaction.atomic():
            for _, group in groupby(sorted(starts, key=_options), _options):
                together = list(group)
                mark = {"together": together[0].number}
                if Workflow.objects.filter(attributes__contains=mark).exists():
                    continue
                rows = _using(together[0], attributes=mark).start_many([_arguments(start) for start in together])
                for start, row in zip(together, rows, strict=True):
                    self._send_before(start, row)

    def _start_in_sql(self, starts: list[Start]) -> None:
        import json

        from django.db import connection

        from pgworkflows.models import Workflow

        kwargs = [json.dumps(_arguments(start)) for start in starts]
        keys, delays = [str(start.number) for start in starts], [start.delay for start in starts]
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(START_IN_SQL, [kwargs, keys, delays])
            rows = {row.key: row for row in Workflow.objects.filter(name="proofs.program", key__in=keys)}
            for start in starts:
                self._send_before(start, rows[str(start.number)])

    def _start_and_roll_back(self, starts: list[Start]) -> None:
        from .workflows import first_program

        with transaction.atomic():
            for start in starts:
                self._send_before(start, first_program.start(**_arguments(start)))
            transaction.set_rollback(True)

    def _send_before(self, start: Start, row: Any) -> None:
        from pgworkflows import send_event

        for node in start.sent_before():
            name, key = f"before:{node['at']}:{node['gives']}", node["at"]
            if node["correlated"]:
                send_event(name, node["gives"], correlation=f"{start.number}/{node['at']}", key=key)
            elif row.finished_at is None:
                row.send_event(name, node["gives"], key=key)

    def answer(self) -> int:
        """Send what open waits ask for, decide, cancel, mend; return how much there was to do."""
        return persist(self._answer_waits) + persist(self._decide) + persist(self._mend)

    def _answer_waits(self) -> int:
        from django.db import connection

        from pgworkflows import send_event
        from pgworkflows.exceptions import WorkflowFinished
        from pgworkflows.models import Workflow

        with connection.cursor() as cursor:
            cursor.execute(OPEN_WAITS)
            waits = [wait for wait in cursor.fetchall() if wait not in self._sent]
        for name, correlation, workflow in waits:
            what, label, gives = name.split(":", 2)
            row = Workflow(id=workflow)
            try:
                if what == "cancel":
                    row.cancel("as planned", compensate=gives == "1", by="ann")
                elif what == "share":
                    with transaction.atomic():  # both are there when a worker looks, and only their order tells them apart
                        for place, value in enumerate(gives.split(":")):
                            send_event(name, int(value), correlation=correlation, key=f"{label}/{place}")
                elif correlation is not None:
                    send_event(name, int(gives), correlation=correlation, key=label)
                else:
                    row.send_event(name, int(gives), key=label)
            except WorkflowFinished:
                pass  # an answer was lost, and it was done
            self._sent.add((name, correlation, workflow))
        self.answered += len(waits)
        return len(waits)

    def _decide(self) -> int:
        from django.contrib.auth.models import User

        from pgworkflows.exceptions import AlreadyDecided, NotAllowed
        from pgworkflows.models import Approval

        asked = [one for one in Approval.objects.pending()[:200] if not one.title.startswith("never")]
        people = User.objects.in_bulk(["ann", "bob"], field_name="username") if asked else {}
        for approval in asked:
            verdict, quorum, _ = approval.title.split(":")
            for person in ["ann", "bob"][: int(quorum) if verdict == "approve" else 1]:
                try:
                    if verdict == "approve":
                        approval.approve(people[person])
                    else:
                        approval.reject(people[person], comment="as planned")
                except (AlreadyDecided, NotAllowed):
                    pass  # an answer was lost, and it was done
        self.answered += len(asked)
        return len(asked)

    def _mend(self) -> int:
        """Do what people do about a workflow that has failed or is stuck: mend the cause and retry, or have it undone."""
        from django.db import connection

        from pgworkflows.models import Workflow

        from .models import Row

        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(STUCK)
            found = cursor.fetchall()
            for workflow, number, message in found:
                chosen, _, label = message.rpartition(":")
                if chosen == "compensate":
                    Workflow(id=workflow).compensate("as planned", by="ann")
                    continue
                Row.objects.create(number=number, label=label, kind="mended")
                Workflow(id=workflow).retry(by="ann")
        self.answered += len(found)
        return len(found)

    def unfinished(self) -> int:
        """Count what has not ended."""
        from pgworkflows.models import Workflow

        return persist(Workflow.objects.unfinished().count)

    def finished(self) -> int:
        """Count what has."""
        from pgworkflows.models import Workflow

        return persist(Workflow.objects.filter(finished_at__isnull=False).count)
