"""Projects that have not done yet what the README says: each is told what, in a sentence."""

import pytest

WORKFLOWS = """
from pgworkflows import workflow


@workflow
def greet(name: str) -> str:
    return f"Hello {name}"
"""

START = "from shop.workflows import greet\ngreet.start('Ada')"


@pytest.fixture
def fresh(project):
    """Give one with a workflow, before `migrate`."""
    project.write("shop/workflows", WORKFLOWS)
    return project


def last_line(said: str) -> str:
    return said.strip().splitlines()[-1]


@pytest.mark.parametrize("command", [["list"], ["start", "shop.greet", "--kwargs", '{"name": "Ada"}'], ["roles"]])
def test_terminal_before_migrate(fresh, command):
    said = fresh.manage("workflows", *command, fails=True)
    assert said.startswith("CommandError: Database 'default': ")
    assert ". Run `manage.py migrate --database default`; " in said
    assert "Traceback" not in said


def test_start_before_migrate(fresh):
    fresh.write("script", f"import django\ndjango.setup()\n{START}")
    said = last_line(fresh.command("script.py", fails=True, DJANGO_SETTINGS_MODULE="config"))
    assert said.startswith("pgworkflows.exceptions.NotMigrated: Database 'default': ")
    assert ". Run `manage.py migrate --database default`; " in said


def test_page_before_our_migrations(fresh):
    for app in ("auth", "contenttypes", "sessions"):
        fresh.manage("migrate", app, "--verbosity", "0")
    page = """
from django.contrib.auth.models import User
from django.test import Client
client = Client()
client.force_login(User.objects.create(username="ada"))
client.get("/approvals/")
"""
    fresh.write("script", f"import django\ndjango.setup()\n{page}")
    said = last_line(fresh.command("script.py", fails=True, DJANGO_SETTINGS_MODULE="config"))
    assert said.startswith("pgworkflows.exceptions.NotMigrated: Database 'default': ")


def test_another_missing_table_is_not_ours(fresh):
    fresh.migrate()
    fresh.write(
        "script",
        "import django\ndjango.setup()\nfrom django.db import connection\nconnection.cursor().execute('SELECT 1 FROM odd')",
    )
    said = fresh.command("script.py", fails=True, DJANGO_SETTINGS_MODULE="config")
    assert "django.db.utils.ProgrammingError: relation" in said
    assert "NotMigrated" not in said


@pytest.mark.parametrize(
    ("left_out", "use"),
    [
        (["pgworkflows"], START),
        (["pgworkflows"], "import pgworkflows.site.urls"),
        (["django.contrib.contenttypes", "django.contrib.auth"], START),
    ],
)
def test_app_that_is_not_installed(fresh, left_out, use):
    fresh.settings(f"INSTALLED_APPS = [app for app in INSTALLED_APPS[1:] if app not in {left_out}]\n")
    fresh.write("script", f"import django\ndjango.setup()\n{use}")
    said = last_line(fresh.command("script.py", fails=True, DJANGO_SETTINGS_MODULE="config"))
    assert f"INSTALLED_APPS lacks {' and '.join(map(repr, left_out))}. Add what is missing, then run `manage.py migrate`." in said


def test_djangos_options_behind_a_verb(fresh):
    fresh.migrate()
    for options in (["--settings", "config"], ["--settings=config", "--no-color"], ["--pythonpath", ".", "-v", "2"]):
        assert "All is well" in fresh.manage("workflows", "check", "--workers", "0", *options)
    assert "All is well" in fresh.manage("workflows", "--settings", "config", "check", "--workers", "0")
    told = fresh.manage("workflows", "show", "x", "--traceback", fails=True)
    assert "Traceback" in told
