"""What the proofs write, and what they patch."""

from django.db import connection, transaction

from pgworkflows.testing import CRASH_POINTS
from proofs import breaking, points, report
from proofs.catalogue import PROOFS
from proofs.counting import Counts
from proofs.proof import Outcome


def test_section_replaces_the_one_before(tmp_path):
    page = tmp_path / "proofs.md"
    outcome = Outcome("kill", "SIGKILL", Counts(workflows=2, as_modelled=2), {"SIGKILLs": 3}, seconds=1.0)
    for command, seed in (("python -m proofs kill", 1), ("python -m proofs", 2), ("python -m proofs kill", 3)):
        report.write(page, command, report.section(command, seed, [outcome], 1.0))
    text = page.read_text()
    assert next(line for line in text.splitlines() if line.startswith("Seed ")).startswith("Seed 2,")
    assert text.count("## `python -m proofs kill`") == text.count("Seed 3,") == text.count("# Proofs") == 1
    assert "| kill | 3 SIGKILLs | 2 of 2 |" in text


def test_failure_and_omission_are_told():
    failed = Outcome("kill", "SIGKILL", problems=["orphans 1"])
    left_out = Outcome("disk", "full disk", skipped="left out")
    assert (report.row(failed)[0], report.row(failed)[-2]) == ("kill: FAILED", "orphans 1")
    assert report.row(left_out)[1] == "left out by `--without disk`"


def test_every_switch_has_its_proof():
    assert {proof for switch in breaking.SWITCHES.values() for proof in switch.proofs} <= set(PROOFS)
    assert all(name in report.introduction() for name in breaking.SWITCHES)


def test_every_point_is_there():
    places = points.inner_places()
    assert {*places, *CRASH_POINTS} == set(points.POINTS)
    assert all(callable(getattr(where, name)) for where, name, _ in places.values())


def test_switches_find_what_they_take_out(monkeypatch, transactional_db):
    monkeypatch.setattr(breaking, "_replace", lambda where, name, value: getattr(where, name))
    for switch in breaking.SWITCHES.values():
        switch.take_out()
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(switch.ddl or "SELECT 1")
            transaction.set_rollback(True)


def test_wrong_counts_are_named():
    counts = Counts(effects_lost=2, differences=[(1, "", "x")])
    assert counts.wrong() == ["effects_lost 2", "1 differences"]
