"""What the lines of a real log mean here."""

import gzip
import io

import pytest

from demo_shop.replay.acts import Deed, acts_of
from demo_shop.replay.log import Case, LogUnreadable, choose, read_log
from demo_shop.replay.progress import ProgressBar


def line(verb: str, role: str) -> str:
    return f"Declaration {verb} by {role}"


SUBMITTED, WITHDRAWN = line("SUBMITTED", "EMPLOYEE"), line("REJECTED", "EMPLOYEE")
ADMINISTRATION, BUDGET, SUPERVISOR = (
    line("APPROVED", "ADMINISTRATION"),
    line("APPROVED", "BUDGET OWNER"),
    line("FINAL_APPROVED", "SUPERVISOR"),
)


def deeds(*activities: str) -> list[Deed]:
    return [act.deed for act in acts_of(activities)]


def routes(*activities: str) -> list[str]:
    return [act.route for act in acts_of(activities) if act.route is not None]


def test_rejection_before_the_employee_sends_back():
    refused = line("REJECTED", "SUPERVISOR")
    assert deeds(SUBMITTED, refused, SUBMITTED) == [Deed.SUBMIT, Deed.SEND_BACK, Deed.SUBMIT]
    assert deeds(SUBMITTED, refused, WITHDRAWN) == [Deed.SUBMIT, Deed.SEND_BACK, Deed.WITHDRAW]


def test_last_rejection_is_final():
    assert deeds(SUBMITTED, SUPERVISOR, line("REJECTED", "MISSING")) == [Deed.SUBMIT, Deed.APPROVE, Deed.REFUSE]


def test_messages_of_the_system_are_no_acts():
    assert deeds(line("SAVED", "EMPLOYEE")) == []
    assert deeds(SUBMITTED, SUPERVISOR, "Request Payment", "Payment Handled") == [Deed.SUBMIT, Deed.APPROVE, Deed.APPROVE]


def test_each_submission_has_its_route():
    refused = line("REJECTED", "SUPERVISOR")
    told = routes(SUBMITTED, ADMINISTRATION, refused, SUBMITTED, ADMINISTRATION, BUDGET, SUPERVISOR, WITHDRAWN, SUBMITTED)
    assert told == ["administration", "budget", "budget"]
    assert routes(SUBMITTED, line("REJECTED", "PRE_APPROVER"), SUBMITTED, SUPERVISOR) == ["pre-approval", "direct"]


def test_unknown_lines_are_refused():
    with pytest.raises(ValueError, match="'Coffee drunk' is nothing that an expense declaration knows"):
        acts_of(["Coffee drunk"])


def test_log_is_read_gzipped(tmp_path):
    path = tmp_path / "log.csv.gz"
    path.write_bytes(gzip.compress(b"case,activity\na,one\nb,one\na,two\n"))
    assert read_log(path) == [Case("a", ("one", "two")), Case("b", ("one",))]


def test_other_files_are_no_logs(tmp_path):
    path = tmp_path / "log.csv"
    path.write_text("x,y\n1,2\n")
    with pytest.raises(LogUnreadable, match="cannot be read as a log of declarations"):
        read_log(path)


def test_choice_begins_with_what_is_common():
    cases = [Case("a", ("rare",)), Case("b", ("common",)), Case("c", ("common",))]
    assert choose(cases, 1) == [cases[1]]
    assert choose(cases, 2) == cases[:2]
    assert choose(cases, 9) == cases


def test_bar_writes_a_line_each_tenth():
    out = io.StringIO()
    bar = ProgressBar(20, out)
    for done in range(21):
        bar.show(done)
    lines = out.getvalue().splitlines()
    assert len(lines) == 10
    assert lines[-1].startswith("[" + "#" * 40 + "]     20 of 20 cases, ")
