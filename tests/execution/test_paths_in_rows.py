"""A path that stands in a row is looked up among loaded modules, and neither imported nor called."""

import enum
import json
import sys
from types import ModuleType

import pytest
from django import forms

from pgworkflows import request_approval, step, workflow
from pgworkflows.checks import check_project
from pgworkflows.exceptions import NotAllowed, NotStorable
from pgworkflows.execution.errors import rebuild
from pgworkflows.models import Approval, Task, Workflow
from pgworkflows.store.retention.guards import amending
from pgworkflows.values.encoding import dump, load, loaded_class
from pgworkflows.values.plain import plain

UNLOADED = "this"


class Size(enum.Enum):
    SMALL = "s"
    ODD = float("nan")
    PAIR = (1, 2)


class Rights(enum.Flag):
    READ = 1
    WRITE = 2


class Release(forms.Form):
    note = forms.CharField()


class Other(forms.Form):
    note = forms.CharField()


@pytest.fixture(autouse=True)
def unloaded(monkeypatch):
    monkeypatch.delitem(sys.modules, UNLOADED, raising=False)
    yield
    assert UNLOADED not in sys.modules


@pytest.mark.parametrize(
    "stored",
    [
        {"$enum": [f"{UNLOADED}:s", "x"]},
        {"$dataclass": [f"{UNLOADED}:s", {}]},
        {"$enum": [f"{UNLOADED}:s", {"$enum": [f"{UNLOADED}:c", 1]}]},
        {"$enum": f"{UNLOADED}:s"},
        {"$dataclass": []},
        {"$model": None},
    ],
)
def test_what_is_shown_or_read_imports_nothing(stored):
    plain([stored])
    with pytest.raises((LookupError, TypeError, ValueError, AttributeError)):
        load(json.dumps(stored))


@pytest.mark.parametrize("path", ["os:system", "subprocess:Popen", "builtins:print", "tests.execution.test_paths_in_rows:forms"])
def test_what_is_no_enum_is_not_called(path):
    with pytest.raises((TypeError, LookupError)):
        load(json.dumps({"$enum": [path, "true"]}))


def test_lookup_runs_no_code_of_a_module_or_class(monkeypatch):
    """A module's `__getattr__` imports, a metaclass's runs; neither is asked."""
    asked = []
    module = ModuleType("lazy")
    module.__getattr__ = asked.append
    monkeypatch.setitem(sys.modules, "lazy", module)
    with pytest.raises(LookupError, match=r"lazy:Thing is in no loaded module. Import it in a workflows.py"):
        loaded_class("lazy:Thing")
    assert not asked


@pytest.mark.parametrize("kind", ["subprocess:Popen", "os:system", f"{UNLOADED}:s", "builtins:SystemExit"])
def test_recorded_error_of_another_kind_is_not_made(kind, monkeypatch):
    monkeypatch.setattr("subprocess.Popen.__init__", lambda *_: pytest.fail("called"))
    recorded = json.dumps({"type": kind, "message": "m", "args": ["true"]})
    assert "StepFailed" in repr(rebuild(recorded, step="s", attempts=1))


def test_members_come_back_and_are_shown_by_value():
    for member, shown in [(Size.SMALL, "s"), (Size.ODD, "ODD"), (Size.PAIR, "PAIR"), (Rights(3), 3)]:
        stored = dump(member, "it")
        assert load(stored) is member
        assert plain(json.loads(stored)) == shown


def test_admin_page_imports_nothing(admin_client, pgworkflows):
    @workflow
    def work(x: object) -> object:
        return x

    run = work.start("x")
    pgworkflows.run_workflows()
    tag = {"$enum": [f"{UNLOADED}:s", "x"]}
    with amending("The test"):
        Workflow.objects.update(kwargs={"x": tag}, attributes={"a": tag})
        Task.objects.update(result=tag)
    answer = admin_client.get(f"/admin/pgworkflows/workflow/{run.pk}/change/")
    assert answer.status_code == 200


def test_form_in_a_row_is_not_called(people_asked, client):
    """Only what a workflow declares is a form."""
    approval, boss = people_asked
    client.force_login(boss)
    for path in ("subprocess:Popen", f"{UNLOADED}:s", "os:system", f"{__name__}:Other", "no path"):
        with amending("The test"):
            Approval.objects.update(form=path)
        approval.refresh_from_db()
        assert client.get(f"/approvals/{approval.pk}/").status_code == 200
        assert client.get(f"/api/approvals/{approval.pk}/").json()["form"] == []
        with pytest.raises(NotAllowed, match="no workflow declares its form"):
            approval.approve(boss, data={"note": "x"})
    with amending("The test"):
        Approval.objects.update(form=f"{__name__}:Release")
    approval.refresh_from_db()
    approval.approve(boss, data={"note": "x"})


@pytest.fixture
def people_asked(django_user_model, pgworkflows):
    boss = django_user_model.objects.create_user("boss")

    @workflow(forms=[Release])
    def release() -> str:
        return request_approval("Release", users=[boss.username], form=Release).status

    release.start()
    pgworkflows.run_workflows()
    return Approval.objects.get(), boss


def test_form_that_is_not_declared_is_refused(db, pgworkflows):
    @workflow(forms=[Release])
    def release() -> str:
        return request_approval("Release", users=["boss"], form=Other).status

    run = release.start()
    pgworkflows.run_workflows()
    run.refresh_from_db()
    assert (run.status, Approval.objects.count()) == ("FAILED", 0)
    assert "Write @workflow(forms=[Other])" in run.error["message"]
    (found,) = [message for message in check_project() if message.id == "pgworkflows.E015"]
    assert "asks for the form Other without declaring it" in found.msg


@pytest.mark.parametrize("wrong", [Release(), "tests.ledger.forms:CostCentreForm", dict, step])
def test_what_is_no_form_is_refused_at_declaration(wrong):
    with pytest.raises(TypeError, match="no class of Django forms"):

        @workflow(forms=[wrong])
        def release() -> None: ...


def test_form_inside_a_function_is_refused_at_declaration():
    class Inside(forms.Form):
        pass

    with pytest.raises(NotStorable, match="Move the class to the top of a module"):

        @workflow(forms=[Inside])
        def release() -> None: ...
