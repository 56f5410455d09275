"""`workflows prune --export`: each row of history is in the database or in the file, and in one of them only."""

import json
import os
import secrets
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from pgworkflows.models import History, Workflow
from tests.ledger.workflows import quick as quick_entry
from tests.ledger.workflows import waiting
from tests.workers import ROOT, conninfo, until

MANY = 400


@pytest.fixture
def file(tmp_path) -> Path:
    return tmp_path / f"{secrets.token_hex(4)}.jsonl"


def lines(file: Path) -> list[dict]:
    return [json.loads(line) for line in file.read_text().splitlines()]


def test_history_moves_to_the_file(workflows, pgworkflows, quick, patient, file, db):
    done, waits = quick.start(), patient.start()
    pgworkflows.run_workflows()
    told = list(History.objects.filter(workflow=done.pk).order_by("id").values_list("id", "event"))
    said = workflows("prune", "--older-than", "0s", "--export", str(file))
    assert [(row["id"], row["event"]) for row in lines(file)] == told
    assert f"; {len(told)} history rows are in {file} and no longer in the database." in said
    assert not History.objects.filter(workflow=done.pk).exists()
    assert History.objects.filter(workflow=waits.pk).exists()


def test_lines_hold_every_column(workflows, pgworkflows, quick, file, db):
    quick.start()
    pgworkflows.run_workflows()
    workflows("prune", "--older-than", "0s", "--export", str(file))
    assert {tuple(row) for row in lines(file)} == {tuple(field.column for field in History._meta.concrete_fields)}
    assert file.stat().st_mode & 0o777 == 0o600


def test_next_export_goes_on_with_the_file(workflows, pgworkflows, quick, file, db):
    for _ in range(2):
        quick.start()
        pgworkflows.run_workflows()
        workflows("prune", "--older-than", "0s", "--export", str(file))
    counted = Counter(row["event"] for row in lines(file))
    assert (counted["start"], counted["complete"]) == (2, 2)


def test_what_was_not_committed_is_cut_off(workflows, pgworkflows, quick, file, db):
    quick.start()
    pgworkflows.run_workflows()
    workflows("prune", "--older-than", "0s", "--export", str(file))
    before = file.read_text()
    file.write_text(before + '{"id": 9, "half a li')
    workflows("prune", "--older-than", "0s", "--export", str(file))
    assert file.read_text() == before


def test_file_of_somebody_else_is_left_alone(refused, file, db):
    file.write_text("my diary\n")
    said = refused("prune", "--older-than", "0s", "--export", str(file))
    assert said == f"{file} exists, and is not what an export from this database wrote. Name another file."
    assert file.read_text() == "my diary\n"


def test_file_that_became_shorter_is_refused(workflows, refused, pgworkflows, quick, file, db):
    quick.start()
    pgworkflows.run_workflows()
    workflows("prune", "--older-than", "0s", "--export", str(file))
    file.write_text("x")
    assert "is not what an export from this database wrote" in refused("prune", "--older-than", "0s", "--export", str(file))


def test_place_that_cannot_be_written_is_told(refused, tmp_path, db):
    said = refused("prune", "--older-than", "0s", "--export", str(tmp_path / "no" / "such" / "folder"))
    assert "No such file or directory" in said


def prune_and_kill(file: Path, *, after: int) -> int:
    """Prune in a process of its own, and kill it once the file has grown past a size; return how many bytes there are."""
    command = [sys.executable, "manage.py", "workflows", "prune", "--older-than", "0s", "--batch", "10", "--export", str(file)]
    environment = os.environ | {"DATABASE_URL": conninfo(), "DJANGO_SETTINGS_MODULE": "tests.settings"}
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)
    try:
        until(lambda: process.poll() is not None or (file.exists() and file.stat().st_size > after), "it has written more", 60)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    return file.stat().st_size


@pytest.mark.django_db(transaction=True)
def test_killed_exports_lose_and_repeat_nothing(pgworkflows, workflows, file):
    quick_entry.start_many([{"name": f"q{n}"} for n in range(MANY)])
    unfinished = {run.pk for run in waiting.start_many([{"name": f"w{n}"} for n in range(20)])}
    pgworkflows.run_workflows()
    told = set(History.objects.filter(event__in=["start", "complete"]).values_list("id", flat=True))
    size = 0
    for _ in range(4):
        size = prune_and_kill(file, after=size + 5000)
        assert Workflow.objects.filter(status="COMPLETED").exists()
    workflows("prune", "--older-than", "0s", "--batch", "10", "--export", str(file))
    exported = Counter(row["id"] for row in lines(file))
    kept = set(History.objects.values_list("id", flat=True))
    assert set(exported.values()) == {1}
    assert not exported.keys() & kept
    assert told <= exported.keys() | kept
    assert set(Workflow.objects.values_list("pk", flat=True)) == unfinished
