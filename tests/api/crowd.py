"""Many people deciding at once, over HTTP: `python -m tests.api.crowd`.

Each approval asks three people and needs two. All answer as fast as the server lets them, in the same order, so that
they meet; every tenth answer is sent twice. Then the answers that people got are compared with what is recorded.
"""

import argparse
import http.client
import json
import os
import random
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HOST, TOKEN = "127.0.0.1", "c" * 32
ASKED, QUORUM = 3, 2


@dataclass(slots=True)
class Outcome:
    """What the people were answered: (approval, name) by status, and how long each answer took, in seconds."""

    answered: dict[int, set[tuple[int, str]]] = field(default_factory=dict)
    repeated: int = 0
    lost: int = 0
    seconds: list[float] = field(default_factory=list)
    elapsed: float = 0.0

    def report(self) -> str:
        """Say how many were answered what, and how fast."""
        ordered = sorted(self.seconds)
        at = {p: 1000 * ordered[min(len(ordered) - 1, len(ordered) * p // 100)] for p in (50, 95, 99)}
        counts = ", ".join(f"{len(found)} answered {status}" for status, found in sorted(self.answered.items()))
        return (
            f"{len(ordered)} requests in {self.elapsed:.1f} s ({len(ordered) / self.elapsed:.0f}/s): {counts}, "
            f"{self.repeated} sent twice, {self.lost} answers lost and asked for again; "
            f"p50 {at[50]:.0f} ms, p95 {at[95]:.0f} ms, p99 {at[99]:.0f} ms"
        )


def ask(people: int, approvals: int, seed: int) -> dict[str, list[int]]:
    """Make the people, have them asked, and return which approvals each of them is asked about."""
    from django.contrib.auth.models import User

    from pgworkflows import request_approval, workflow
    from pgworkflows.models import Approval
    from pgworkflows.testing import run_workflows

    @workflow(name="crowd.ask")
    def ask(number: int, names: list[str]) -> bool:
        return request_approval(f"Question {number}", users=names, quorum=QUORUM).approved

    chance, names = random.Random(seed), [f"person{number:03}" for number in range(people)]
    User.objects.bulk_create([User(username=name) for name in names])
    ask.start_many([{"number": number, "names": chance.sample(names, ASKED)} for number in range(approvals)])
    run_workflows()
    asked: dict[str, list[int]] = {name: [] for name in names}
    for approval in Approval.objects.order_by("id").prefetch_related("users"):
        for user in approval.users.all():
            asked[user.username].append(approval.pk)
    return asked


def sessions(names: list[str]) -> dict[str, str]:
    """Log everybody in, and return their cookies."""
    from django.contrib.auth.models import User
    from django.test import Client

    cookies = {}
    for user in User.objects.filter(username__in=names):
        client = Client()
        client.force_login(user)
        cookies[user.username] = f"sessionid={client.cookies['sessionid'].value}; csrftoken={TOKEN}"
    return cookies


@contextmanager
def server(database_url: str, *, processes: int = 2, threads: int = 8) -> Iterator[int]:
    """Serve the shop by gunicorn, and give the port."""
    from demo_shop.demonstration.serving import free_port

    port = free_port()
    command = [
        sys.executable, "-m", "gunicorn", "--bind", f"{HOST}:{port}", "--worker-class", "gthread", "--workers", str(processes),
        "--threads", str(threads), "--backlog", "1024", "--log-level", "warning", "django.core.wsgi:get_wsgi_application()",
    ]  # fmt: skip
    settings = {"DJANGO_SETTINGS_MODULE": "tests.api.crowd_settings", "DATABASE_URL": database_url, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(command, cwd=ROOT, env=os.environ | settings)
    try:
        until_it_answers(process, port)
        yield port
    finally:
        process.terminate()
        process.wait()


def until_it_answers(process: "subprocess.Popen[bytes]", port: int) -> None:
    """Return once somebody who is not logged in is refused."""
    end = time.monotonic() + 60
    while time.monotonic() < end and process.poll() is None:
        connection = http.client.HTTPConnection(HOST, port, timeout=30)
        try:
            connection.request("GET", "/api/approvals/")
            if connection.getresponse().status == 403:
                return
        except OSError:
            time.sleep(0.1)
        finally:
            connection.close()
    raise RuntimeError("The server does not answer.")


class Person(threading.Thread):
    """Approves what they are asked, one after the other, on one connection."""

    def __init__(self, name: str, cookie: str, asked: list[int], port: int, begin: threading.Barrier) -> None:
        super().__init__(name=name)
        self.headers = {"Cookie": cookie, "X-CSRFToken": TOKEN, "Content-Type": "application/json"}
        self.asked, self.port, self.begin = asked, port, begin
        self.answers: list[tuple[int, int]] = []
        self.seconds: list[float] = []
        self.repeated = self.lost = 0
        self.wrong: list[str] = []

    def run(self) -> None:
        """Wait for the others, then decide."""
        connection = http.client.HTTPConnection(HOST, self.port, timeout=120)
        self.begin.wait()
        for approval in self.asked:
            status, body = self.decide(connection, approval)
            self.answers.append((approval, status))
            if approval % 10 == 0 and status == 200:
                self.repeated += 1
                if self.decide(connection, approval) != (status, body):
                    self.wrong.append(f"{self.name} got another answer about {approval} the second time")
        connection.close()

    def decide(self, connection: http.client.HTTPConnection, approval: int) -> tuple[int, object]:
        """Approve one; a lost answer is asked for again, under the same key."""
        begun = time.perf_counter()
        headers = self.headers | {"Idempotency-Key": f"{self.name}-{approval}"}
        while True:
            try:
                connection.request("POST", f"/api/approvals/{approval}/approve/", json.dumps({"comment": self.name}), headers)
                response = connection.getresponse()
                body = json.loads(response.read())
                break
            except (OSError, http.client.HTTPException):
                self.lost += 1
                connection.close()
        self.seconds.append(time.perf_counter() - begun)
        return response.status, body


def decide_all(asked: dict[str, list[int]], port: int) -> Outcome:
    """Let everybody decide at once; raise AssertionError where a repetition was answered differently."""
    cookies = sessions([*asked])
    begin = threading.Barrier(len(asked) + 1)
    people = [Person(name, cookies[name], approvals, port, begin) for name, approvals in asked.items()]
    for person in people:
        person.start()
    begin.wait()
    begun, outcome = time.monotonic(), Outcome()
    for person in people:
        person.join()
        assert not person.wrong, person.wrong
        outcome.seconds += person.seconds
        outcome.repeated += person.repeated
        outcome.lost += person.lost
        for approval, status in person.answers:
            outcome.answered.setdefault(status, set()).add((approval, person.name))
    outcome.elapsed = time.monotonic() - begun
    return outcome


def compare(outcome: Outcome, approvals: int) -> None:
    """Raise AssertionError where a decision was lost, counted twice, or recorded without having been answered so."""
    from pgworkflows.models import Approval, Decision, History, Workflow
    from pgworkflows.testing import run_workflows

    recorded = list(Decision.objects.values_list("approval_id", "username"))
    assert set(recorded) == outcome.answered[200], "what was answered and what is recorded differ"
    assert len(recorded) == len(set(recorded)) == QUORUM * approvals
    assert set(Counter(approval for approval, _ in recorded).values()) == {QUORUM}
    assert {*outcome.answered} == {200, 409}
    assert len(outcome.answered[409]) == (ASKED - QUORUM) * approvals
    assert Approval.objects.filter(status="APPROVED").count() == approvals
    told = History.objects.filter(event="decide", channel="api").values_list("approval", "actor")
    assert sorted(told) == sorted(recorded), "the history tells something else"
    run_workflows()
    ended = Counter(Workflow.objects.filter(name="crowd.ask").values_list("status", "result"))
    assert ended == {("COMPLETED", True): approvals}, ended


def main() -> None:
    """Do it in a database of its own, on the embedded server or on that of DATABASE_URL."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=200)
    parser.add_argument("--approvals", type=int, default=2000)
    parser.add_argument("--processes", type=int, default=2, help="of the server")
    parser.add_argument("--threads", type=int, default=8, help="in each of them")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with own_database() as url:
        asked = ask(options.people, options.approvals, options.seed)
        say(f"{options.people} people, {options.approvals} approvals, {ASKED} asked, {QUORUM} needed")
        with server(url, processes=options.processes, threads=options.threads) as port:
            outcome = decide_all(asked, port)
        say(outcome.report())
        compare(outcome, options.approvals)
    say("No decision was lost, none counted twice.")


def say(line: str) -> None:
    """Print it at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


@contextmanager
def own_database() -> Iterator[str]:
    """Make a database, let Django use it, and drop it at the end."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.api.crowd_settings"
    import django
    import psycopg
    from django.conf import settings
    from django.core.management import call_command
    from django.db import connections
    from psycopg.conninfo import make_conninfo

    from tests.dropping import drop_database

    name = f"crowd_{os.getpid()}"
    settings.DATABASES["default"]["NAME"] = name  # reading the settings starts the embedded server where no other is named
    given = os.environ["DATABASE_URL"]
    with psycopg.connect(make_conninfo(given, dbname="postgres"), autocommit=True) as maintenance:
        maintenance.execute(f"CREATE DATABASE {name}")
        try:
            django.setup()
            call_command("migrate", verbosity=0)
            yield make_conninfo(given, dbname=name)
        finally:
            connections.close_all()
            drop_database(maintenance, name)


if __name__ == "__main__":
    main()
