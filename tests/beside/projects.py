"""Small Django projects, as people start them: a folder, a manage.py, an app `shop`, a database of its own."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
from psycopg.conninfo import make_conninfo

from tests.dropping import drop_database

ROOT = Path(__file__).resolve().parents[2]

SETTINGS = """
import os

from demo_shop.database import database_settings

SECRET_KEY = "only for tests"
ALLOWED_HOSTS = ["*"]
INSTALLED_APPS = [
    "django.contrib.admin", "django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions",
    "django.contrib.messages", "pgworkflows", "shop",
]
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]
TEMPLATES = [{
    "BACKEND": "django.template.backends.django.DjangoTemplates",
    "APP_DIRS": True,
    "OPTIONS": {"context_processors": [
        "django.template.context_processors.request", "django.contrib.auth.context_processors.auth",
        "django.contrib.messages.context_processors.messages",
    ]},
}]
ROOT_URLCONF = "urls"
STATIC_URL = "/static/"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DATABASES = {"default": database_settings(os.environ["DATABASE_URL"])}
"""

URLS = """
from django.contrib import admin
from django.urls import include, path

urlpatterns = [path("admin/", admin.site.urls), path("approvals/", include("pgworkflows.site.urls"))]
"""

MODELS = """
from django.db import models


class Order(models.Model):
    number = models.CharField(max_length=40, primary_key=True)

    def __str__(self):
        return f"Order {self.number}"
"""

MANAGE = """
import os
import sys

from django.core.management import execute_from_command_line

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config")
execute_from_command_line(sys.argv)
"""


SCRIPT = """
import atexit
import os

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "config"
django.setup()

from pgworkflows.testing.clock import restore_clock

atexit.register(restore_clock)
"""


class Project:
    """One project, its database made by `migrate`."""

    def __init__(self, folder: Path, address: str) -> None:
        self.folder, self.address = folder, address
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("DJANGO_", "PGWORKFLOWS_"))},
            "DATABASE_URL": address,
            "PYTHONPATH": str(ROOT),
            "PYTHONUNBUFFERED": "1",
            # A file that is written again in the same second, as long as before, would be read from its old bytecode.
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        self._processes: list[subprocess.Popen[str]] = []
        for name, text in {
            "config": SETTINGS,
            "urls": URLS,
            "manage": MANAGE,
            "shop/__init__": "",
            "shop/models": MODELS,
        }.items():
            self.write(name, text)

    def write(self, module: str, text: str) -> None:
        """Write a module; the settings are `config`."""
        path = self.folder / f"{module}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def settings(self, text: str) -> None:
        """Add to the settings."""
        self.write("config", SETTINGS + text)

    def command(self, *arguments: str, fails: bool = False, **environment: str) -> str:
        """Run Python on the project and return all that it said."""
        done = subprocess.run(
            [sys.executable, *arguments], cwd=self.folder, env=self.environment | environment, capture_output=True, text=True,
            timeout=120, check=False,
        )  # fmt: skip
        assert (done.returncode != 0) == fails, done.stdout + done.stderr
        return done.stdout + done.stderr

    def manage(self, *arguments: str, fails: bool = False) -> str:
        """Run `manage.py`."""
        return self.command("manage.py", *arguments, fails=fails)

    def migrate(self) -> None:
        """Make the tables, those of the app without migrations too."""
        self.manage("migrate", "--run-syncdb", "--verbosity", "0")

    def script(self, text: str) -> str:
        """Run a script with Django set up; return what it prints."""
        self.write("script", SCRIPT + text)
        return self.command("script.py")

    def start(self, *arguments: str, **environment: str) -> "subprocess.Popen[str]":
        """Start Python on the project, in a process group of its own; its output is in `said()`."""
        with (self.folder / "output").open("a") as output:
            process = subprocess.Popen(
                [sys.executable, *arguments], cwd=self.folder, env=self.environment | environment, stdout=output,
                stderr=subprocess.STDOUT, text=True, start_new_session=True,
            )  # fmt: skip
        self._processes.append(process)
        return process

    def said(self) -> str:
        """Return what the started processes have said."""
        return (self.folder / "output").read_text()

    def sql(self, statement: str, *parameters: Any) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.address, autocommit=True) as connection:
            cursor = connection.execute(statement, parameters or None)
            return cursor.fetchall() if cursor.description else []

    def statuses(self) -> dict[str, str]:
        """Return the status of each workflow by its name."""
        return dict(self.sql("SELECT name, status FROM pgworkflows_workflow"))

    def end(self) -> None:
        """Kill what is left."""
        for process in self._processes:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@contextlib.contextmanager
def made(folder: Path) -> Iterator[Project]:
    """Give a project in this folder and a database that goes with it."""
    name = f"beside_{os.getpid()}_{abs(hash(str(folder)))}"
    server = make_conninfo(os.environ["DATABASE_URL"], dbname="postgres")
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        project = Project(folder, make_conninfo(server, dbname=name))
        try:
            yield project
        finally:
            project.end()
            drop_database(connection, name)
