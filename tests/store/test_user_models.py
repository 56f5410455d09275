"""Every user model that Django allows, also one that is changed later; and people who are no rows of it."""

import os
import uuid

import pytest
from django.contrib.auth.models import AnonymousUser, User
from django.template import Context, Template

from pgworkflows import NotAllowed, request_approval, workflow
from pgworkflows.checks.people import check_names
from pgworkflows.models import Approval, Decision, Delegation
from tests.scratch import Scratch, database

SETTINGS = """
import os
from demo_shop.database import database_settings
SECRET_KEY = "only for tests"
INSTALLED_APPS = ["django.contrib.auth", "django.contrib.contenttypes", "pgworkflows", "staff"]
AUTH_USER_MODEL = "staff.Member"
DATABASES = {"default": database_settings(os.environ["DATABASE_URL"])}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
"""
MODELS = """
import os
import uuid
from django.contrib.auth.models import AbstractUser
from django.db import models
%s
class Member(%s):
    %s
    USERNAME_FIELD = os.environ.get("NAMED_BY", "%s")
"""
MADE = """
import uuid
from .models import *
def made():
    return [%s for name in ("ann", "bob", "eve")]
"""
KINDS = {
    "number": ("", "AbstractUser", "staff_number = models.PositiveIntegerField(unique=True)", "staff_number",
               "Member.objects.create(username=name, staff_number=1000 + ord(name[0]))"),
    "uuid": ("", "AbstractUser", "sub = models.UUIDField(unique=True)", "sub",
             "Member.objects.create(username=name, sub=str(uuid.uuid4()).upper())"),
    "inherited": ("class Party(models.Model):\n    address = models.EmailField(unique=True)\n", "Party, AbstractUser", "pass",
                  "address", "Member.objects.create(username=name, address=name + '@example.com')"),
    "another row": ("class Card(models.Model):\n    number = models.SlugField(primary_key=True)\n", "AbstractUser",
                    "card = models.OneToOneField(Card, models.PROTECT)", "card",
                    "Member.objects.create(username=name, card=Card.objects.create(number='c-' + name))"),
}  # fmt: skip


@pytest.fixture
def project(tmp_path, monkeypatch):
    """Write a project whose users are of a kind, with its migrations; `earlier` is the column that the first one has instead."""

    def write(head, bases, column, name, maker, earlier=None):
        (tmp_path / "staff" / "migrations").mkdir(parents=True)
        for path in ("staff/__init__.py", "staff/migrations/__init__.py"):
            (tmp_path / path).write_text("")
        (tmp_path / "staff" / "people.py").write_text(MADE % maker)
        (tmp_path / "staff_settings.py").write_text(SETTINGS)
        monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), os.getcwd()]))
        for had, named in [(earlier, "username"), (column, name)][earlier is None :]:
            (tmp_path / "staff" / "models.py").write_text(MODELS % (head, bases, had, named))
            Scratch(os.environ["DATABASE_URL"], "postgres", "staff_settings").manage("makemigrations", "staff", "-v", "0")
        return database(f"staff_{uuid.uuid4().hex[:6]}", "staff_settings")

    return write


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_name(project, kind):
    with project(*KINDS[kind]) as made:
        made.run("-m", "tests.people.play_of_any_kind")


def test_column_of_a_later_migration(project):
    column = "badge = models.SlugField(null=True, unique=True)"
    with project("", "AbstractUser", column, "badge", "Member.objects.create(username=name, badge=name)", earlier="pass") as made:
        made.run("-m", "tests.people.play_of_any_kind")


def test_functions_follow_another_username_field(project, monkeypatch):
    maker = "Member.objects.create(username=name, badge='badge-' + name)"
    with project("", "AbstractUser", "badge = models.SlugField(unique=True)", "username", maker) as made:
        monkeypatch.setenv("NAMED_BY", "badge")
        assert "pgworkflows.W008" in made.manage("check", "--database", "default")
        made.manage("migrate", "--verbosity", "0")
        assert "pgworkflows.W008" not in made.manage("check", "--database", "default")
        made.run("-m", "tests.people.play_of_any_kind")


def test_names_that_are_not_unique_are_an_error(monkeypatch):
    assert check_names() == []
    monkeypatch.setitem(User._meta.get_field("username").__dict__, "unique", False)
    assert [found.id for found in check_names()] == ["pgworkflows.E016"]


class TokenUser:
    """What an API's tokens stand for: it has a key and a name, and no row."""

    pk = id = 1
    is_active = is_authenticated = True

    def get_username(self):
        return "ann"

    def has_perm(self, *_):
        return True

    def __str__(self):
        return "a token's user"


VERBS = {
    "approve": (), "reject": {"comment": "x"}, "request_changes": {"comment": "x"}, "resubmit": (), "comment": {"text": "x"},
    "withdraw": {"reason": "x"}, "reassign": {"to": "bob", "reason": "x"},
}  # fmt: skip


@pytest.fixture
def asked(pgworkflows):
    User.objects.create_user("ann")
    User.objects.create_user("bob")

    @workflow(name="tests.ask")
    def body() -> bool:
        return request_approval("Buy it", users=["ann"]).approved

    body.using(requested_by="bob").start()
    pgworkflows.run_workflows()


@pytest.mark.parametrize("nobody", [AnonymousUser(), TokenUser(), "nobody", User(username="ann"), None], ids=str)
def test_who_is_no_row_is_nobody(asked, nobody):
    for scope in ("for_user", "visible_to", "requested_by", "naming"):
        assert not getattr(Approval.objects, scope)(nobody).exists()
    assert not Delegation.objects.of(nobody).exists()
    shown = Template("{% load pgworkflows_approvals %}{% approvals_waiting who as waiting %}{{ waiting.shown }}")
    assert shown.render(Context({"who": nobody})) == "0"
    for verb, given in VERBS.items():
        with pytest.raises(NotAllowed, match="no active user"):
            getattr(Approval.objects.get(), verb)(nobody, **dict(given))
    assert not Decision.objects.exists()


@pytest.mark.parametrize("nobody", [AnonymousUser(), TokenUser()], ids=str)
def test_who_is_no_row_cannot_be_asked(pgworkflows, nobody):
    @workflow(name="tests.ask")
    def body() -> bool:
        return request_approval("Buy it", users=[nobody]).approved

    started = body.start()
    pgworkflows.run_workflows()
    started.refresh_from_db()
    assert (started.status, "which does not exist" in started.error["message"]) == ("FAILED", True)
