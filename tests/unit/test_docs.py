"""What the documentation lists is what there is."""

import argparse
import re
from pathlib import Path

import pytest
from django.core.management import BaseCommand, load_command_class

import pgworkflows
from pgworkflows import exceptions
from pgworkflows.conf import KNOWN, Settings
from pgworkflows.models import Approval, ApprovalPolicy, History, Task, Workflow
from pgworkflows.models.transitions import declared_transitions
from pgworkflows.telemetry import points
from pgworkflows.testing import CRASH_POINTS

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", ROOT / "CONTRIBUTING.md", *sorted(DOCS.glob("*.md"))]
GROUP = re.compile(r'state "([^"]+)" as (\w+)')
ARROW = re.compile(r"^ +(\w+) --> (\w+): (\w+)$", re.MULTILINE)
LINK = re.compile(r"\]\((?!https?:)([^)#]*)(?:#([^)]+))?\)")


def section(page: str, heading: str) -> str:
    return re.split(r"^## ", (DOCS / page).read_text(), flags=re.MULTILINE)[[*headings(page)].index(heading) + 1]


def headings(page: str) -> list[str]:
    return re.findall(r"^## (.+)$", (DOCS / page).read_text(), re.MULTILINE)


def first_cells(text: str) -> list[str]:
    return re.findall(r"^\| `([^`]+)` \|", text, re.MULTILINE)


def names_in_first_cells(text: str) -> list[str]:
    return re.findall(r"`(\w+)`", "".join(re.findall(r"^\| (`\w+.*?) \|", text, re.MULTILINE)))


def drawn_transitions(text: str) -> dict[tuple[str, str], str]:
    members = {name: re.findall(r"[A-Z]{3,}", label) for label, name in GROUP.findall(text)}
    return {(start, end): event for source, end, event in ARROW.findall(text) for start in members.get(source, [source])}


DRAWN = [Workflow, Task, Approval, ApprovalPolicy]


@pytest.mark.parametrize("model", DRAWN, ids=lambda model: model.__name__)
def test_diagram_shows_the_declared_transitions(model):
    assert drawn_transitions(section("states.md", model.__name__)) == declared_transitions(model)


@pytest.mark.parametrize("model", DRAWN, ids=lambda model: model.__name__)
def test_every_status_is_explained(model):
    assert first_cells(section("states.md", model.__name__)) == model.Status.values


def test_every_status_of_an_approval_is_named():
    assert set(Approval.Status.values) <= set(re.findall(r"`(\w+)`", section("states.md", "Approval")))


def test_every_kind_of_task_is_named():
    assert set(Task.Kind.values) <= set(re.findall(r"`(\w+)`", section("states.md", "Task")))


def test_arrows_are_verbs_of_the_history():
    drawn = {event for model in DRAWN for event in drawn_transitions(section("states.md", model.__name__)).values()}
    assert drawn <= set(History.Event.values)


def test_settings_are_listed_with_their_defaults():
    rows = re.findall(r"^\| `([A-Z_]+)` \| `([^|]+)` \|", (DOCS / "settings.md").read_text(), re.MULTILINE)
    assert {key for key, _ in rows} == KNOWN
    assert {key: eval(default) for key, default in rows} == {key: getattr(Settings(), key) for key, _ in rows}


def test_every_exception_is_explained():
    raised = {name for name, value in vars(exceptions).items() if getattr(value, "__module__", "") == exceptions.__name__} - {
        "PGWorkflowsError"
    }
    assert set(first_cells(section("errors.md", "All exceptions"))) == raised


def test_every_system_check_is_explained():
    source = "".join(path.read_text() for path in (Path(pgworkflows.__file__).parent / "checks").glob("*.py"))
    assert set(first_cells(section("errors.md", "System checks"))) == set(re.findall(r'"(pgworkflows\.[EWI]\d+)"', source))


def test_options_of_the_worker_are_explained():
    parser = load_command_class("pgworkflows", "runworkflows").create_parser("manage.py", "runworkflows")
    told = {option for option, action in parser._option_string_actions.items() if action.help != argparse.SUPPRESS}
    own = told - set(BaseCommand().create_parser("manage.py", "any")._option_string_actions)
    assert {cell.split()[0] for cell in first_cells(section("operations.md", "Running workers"))} == own


def test_crash_points_are_listed():
    assert names_in_first_cells(section("testing.md", "Crashes")) == list(CRASH_POINTS)


def test_points_of_a_worker_are_listed():
    listed = names_in_first_cells(section("architecture.md", "What a worker tells"))
    assert listed == [name for name, point in vars(points).items() if isinstance(point, points.Point)]


def test_public_names_are_all_mentioned():
    text = "".join(page.read_text() for page in PAGES)
    assert [name for name in pgworkflows.__all__ if not re.search(rf"\b{name}\b", text)] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_links_lead_somewhere(page):
    for path, anchor in LINK.findall(page.read_text()):
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), path
        if anchor:
            titles = re.findall(r"^#+ (.+)$", target.read_text(), re.MULTILINE)
            assert anchor in {re.sub(r"[^\w -]", "", title).lower().replace(" ", "-") for title in titles}, anchor
