"""A worker begins as its manage.py begins, ends as a program ends, and says why where it cannot."""

import json
import signal

import pytest

from tests.beside.projects import MANAGE, made
from tests.workers import until

WORKFLOWS = """
import os
import sys

from pgworkflows import step, workflow


@step(atomic=False)
def look() -> dict:
    return {
        "argv": sys.argv[1:2], "warnings": sys.warnoptions, "xoptions": {key: str(value) for key, value in sys._xoptions.items()},
        "set up": os.environ.get("SET_UP_IN", "") == str(os.getpid()), "module": os.environ["DJANGO_SETTINGS_MODULE"],
    }


@workflow
def looks() -> dict:
    return look()
"""

SET_UP = "import os\nos.environ['SET_UP_IN'] = str(os.getpid())\n"


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    with made(tmp_path_factory.mktemp("starting")) as project:
        project.write("shop/workflows", WORKFLOWS)
        project.write("manage", SET_UP + MANAGE)
        project.migrate()
        yield project


@pytest.fixture
def shop(prepared):
    """Give the project as it was, with nothing to do."""
    prepared.settings("")
    prepared.write("manage", SET_UP + MANAGE)
    prepared.script("from pgworkflows.models import Workflow; from shop.workflows import looks; looks.start()")
    (prepared.folder / "output").write_text("")
    yield prepared
    prepared.end()


def seen(shop) -> dict:
    status, result, error = shop.sql("SELECT status, result, error FROM pgworkflows_workflow ORDER BY id DESC LIMIT 1")[0]
    assert status == "COMPLETED", error
    return result


def test_what_manage_py_sets_up_is_there(shop):
    shop.manage("runworkflows", "--drain")
    assert seen(shop)["set up"] is True
    assert seen(shop)["argv"] == ["runworkflows"]


def test_options_of_python_are_the_workers_too(shop):
    shop.command("-W", "ignore::UserWarning", "-X", "utf8", "manage.py", "runworkflows", "--drain")
    assert seen(shop)["warnings"] == ["ignore::UserWarning"]
    assert seen(shop)["xoptions"] == {"utf8": "True"}


def test_settings_of_the_command_line_are_the_workers_too(shop):
    shop.write("other", "from config import *\n")
    shop.command("manage.py", "runworkflows", "--drain", "--settings", "other")
    assert seen(shop)["module"] == "other"


def test_python_m_django_starts_workers(shop):
    shop.command("-m", "django", "runworkflows", "--drain", DJANGO_SETTINGS_MODULE="config")
    assert seen(shop)["argv"] == ["runworkflows"]


def test_runworkflows_can_be_called(shop):
    shop.script("from django.core.management import call_command\ncall_command('runworkflows', drain=True)\n")
    assert seen(shop)["module"] == "config"


def test_what_atexit_holds_is_done(shop):
    farewell = "import atexit, pathlib\natexit.register(lambda: pathlib.Path(f'left-{os.getpid()}').touch())\n"
    shop.settings(farewell)
    shop.manage("runworkflows", "--drain")
    assert len(list(shop.folder.glob("left-*"))) == 2  # the worker's and the supervisor's


def test_worker_that_cannot_begin_is_given_up_with_the_reason(shop):
    shop.settings("import sys\nif '--as-worker' in sys.argv:\n    raise RuntimeError('no licence for this machine')\n")
    said = shop.command("manage.py", "runworkflows", fails=True)
    assert said.count("RuntimeError: no licence for this machine") == 5
    assert "Giving up: 5 worker processes in a row ended before they could register, the last by status 1." in said


def test_worker_that_crashes_at_once_is_given_up(shop):
    shop.settings("import os, sys\nif '--as-worker' in sys.argv:\n    os.abort()\n")
    assert "the last by signal 6" in shop.command("manage.py", "runworkflows", "--processes", "2", fails=True)


def test_workers_that_others_kill_before_they_begin_are_replaced(shop):
    kill_six = """import os, pathlib, sys
if '--as-worker' in sys.argv and len(list(pathlib.Path(__file__).parent.glob('killed-*'))) < 6:
    pathlib.Path(__file__).with_name(f'killed-{os.getpid()}').touch()
    os.kill(os.getpid(), 9)
"""
    shop.settings(kill_six)
    process = shop.start("manage.py", "runworkflows")
    until(lambda: shop.said().count("ended by signal 9") == 6, "six are dead", 60)
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 0


def test_sigterm_while_workers_cannot_begin_ends(shop):
    shop.settings("import sys\nif '--as-worker' in sys.argv:\n    raise RuntimeError('not yet')\n")
    process = shop.start("manage.py", "runworkflows")
    until(lambda: "not yet" in shop.said(), "a worker has failed to begin")
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 0


def test_gevent_is_refused(shop):
    pytest.importorskip("gevent", reason="needs gevent: requirements-test.txt")
    shop.write("manage", "from gevent import monkey\nmonkey.patch_all()\n" + MANAGE)
    said = shop.command("manage.py", "runworkflows", fails=True)
    assert "gevent has replaced Python's threads" in said
    assert "Traceback" not in said


def test_coverage_measures_the_worker(shop):
    pytest.importorskip("coverage", reason="needs coverage: requirements-test.txt")
    (shop.folder / ".coveragerc").write_text("[run]\npatch = subprocess\nparallel = true\nsource = shop\n")
    shop.command("-m", "coverage", "run", "manage.py", "runworkflows", "--drain")
    shop.command("-m", "coverage", "combine")
    report = json.loads(shop.command("-m", "coverage", "json", "-q", "-o", "/dev/stdout"))
    lines = report["files"]["shop/workflows.py"]["executed_lines"]
    assert WORKFLOWS.splitlines().index("    return look()") + 1 in lines
