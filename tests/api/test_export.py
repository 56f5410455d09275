"""Approvals as CSV, for an auditor."""

import csv
import io
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from pgworkflows.api import export
from pgworkflows.models import Approval
from tests.api.conftest import API, problem


def lines(response):
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "text/csv; charset=utf-8"
    return list(csv.DictReader(io.StringIO(response.getvalue().decode())))


def test_export_has_a_line_for_each_decision(clients, ask, person, pgworkflows):
    asked, waiting = ask(quorum=2), ask("Wait")
    clients["mia"].send("approve", asked.pk, body={"comment": 'fine, "really"\nyes'})
    pgworkflows.move_clock(timedelta(minutes=1))
    clients["max"].send("reject", asked.pk, body={"comment": "no"})
    found = lines(API(person("auditor", "view_approval")).read("export"))
    assert [(line["approval"], line["verdict"], line["by"], line["comment"], line["channel"]) for line in found] == [
        (str(asked.pk), "approve", "mia", 'fine, "really"\nyes', "api"),
        (str(asked.pk), "reject", "max", "no", "api"),
        (str(waiting.pk), "", "", "", ""),
    ]
    assert found[0]["could_decide"] == "max mia moe"
    assert 60 <= float(found[0]["seconds_to_decide"]) == float(found[1]["seconds_to_answer"]) < 120


def test_export_shows_no_more_than_the_list(clients, ask, person):
    ask()
    assert lines(API(person("stranger")).read("export")) == []
    assert len(lines(clients["mia"].read("export"))) == 1
    assert lines(clients["mia"].read("export", status="APPROVED")) == []


@pytest.mark.parametrize("title", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_formula_is_text(clients, ask, title):
    ask(title)
    assert lines(clients["mia"].read("export"))[0]["title"] == f"'{title}"


def test_export_reads_page_by_page(clients, ask, monkeypatch):
    monkeypatch.setattr(export, "PAGE", 2)
    made = [ask().pk for _ in range(5)]
    stream = export.rows_of(Approval.objects.all())
    with CaptureQueriesContext(connection) as asked:
        assert next(stream).startswith("approval,workflow")
        assert not asked.captured_queries
        found = [int(line.split(",")[0]) for line in stream]
    assert found == made
    assert len(asked.captured_queries) == 7


def test_export_refuses_as_problem(clients):
    problem(clients["mia"].read("export", status="LOST"), 400, "invalid")
    problem(clients["mia"].read("export", cursor="x"), 400, "invalid")
    problem(clients["mia"].get("/api/approvals/export/", headers={"Accept": "application/json"}), 406, "not-acceptable")
