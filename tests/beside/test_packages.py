"""Workers of projects that report to Sentry and OpenTelemetry, are set up by django-configurations, or have tenants."""

import json
import shutil
import socket
from collections import Counter

import pytest

from tests.beside.projects import MANAGE, MODELS, SETTINGS
from tests.workers import until

WORKFLOWS = """
from pgworkflows import step, workflow


class Rejected(Exception):
    pass


@step
def ship(order: str) -> None:
    raise LookupError(f"no parcel for {order}")


@step
def pack(order: str) -> str:
    return order


@workflow(expected=(Rejected,))
def fulfil(order: str) -> str:
    if order == "bad":
        ship(order)
    if order == "rejected":
        raise Rejected(order)
    return pack(order)
"""

START = """
from shop.workflows import fulfil
for order in ("good", "bad", "rejected"):
    fulfil.using(key=order).start(order=order)
"""


def runs(project):
    """Make the tables, start three orders and let real workers do what there is to do."""
    project.write("shop/workflows", WORKFLOWS)
    project.migrate()
    project.script(START)
    project.manage("runworkflows", "--drain")
    ended = dict(project.sql("SELECT key, status FROM pgworkflows_workflow"))
    assert ended == {"good": "COMPLETED", "bad": "FAILED", "rejected": "FAILED"}


def lines(project, name):
    return [json.loads(line) for line in (project.folder / name).read_text().splitlines()]


SENTRY = """
import json
import shutil
import socket
import pathlib
import sentry_sdk
from sentry_sdk.transport import Transport


class Kept(Transport):
    def __init__(self, options):
        super().__init__(options)
        self.kept = []

    def capture_envelope(self, envelope):
        event = envelope.get_event()
        self.kept.extend([event] if event else [])

    def flush(self, timeout, callback=None):
        with pathlib.Path(__file__).with_name("sentry").open("a") as file:
            file.writelines(json.dumps(event, default=str) + "\\n" for event in self.kept)
        self.kept.clear()


sentry_sdk.init(dsn="https://key@sentry.example/1", transport=Kept)
"""


def test_sentry_hears_of_what_nobody_expected(project):
    pytest.importorskip("sentry_sdk", reason="needs sentry-sdk: tests/beside/requirements.txt")
    project.settings(SENTRY)
    runs(project)
    (event,) = lines(project, "sentry")
    error = event["exception"]["values"][-1]
    assert (event["logger"], event["level"]) == ("pgworkflows", "error")
    assert (error["type"], error["value"]) == ("LookupError", "no parcel for bad")
    assert error["stacktrace"]["frames"][-1]["context_line"].strip() == 'raise LookupError(f"no parcel for {order}")'
    assert event["extra"]["workflow_name"] == "shop.fulfil"
    assert (event["extra"]["step"], event["extra"]["attempts"], event["extra"]["workflow_key"]) == ("shop.ship", 1, "bad")


TRACING = """
import json
import shutil
import socket
import os
import pathlib

from opentelemetry import trace
from opentelemetry.instrumentation.psycopg import PsycopgInstrumentor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, ConsoleSpanExporter

kept = pathlib.Path(__file__).with_name("spans").open("a")
exporter = ConsoleSpanExporter(out=kept, formatter=lambda span: json.dumps([span.name, os.getpid()]) + "\\n")
provider = TracerProvider()
provider.add_span_processor(BatchSpanProcessor(exporter, schedule_delay_millis=3_600_000))
trace.set_tracer_provider(provider)
PsycopgInstrumentor().instrument(skip_dep_check=True)
"""


def test_spans_of_a_worker_are_sent_though_manage_py_sets_tracing_up(project):
    pytest.importorskip("opentelemetry.instrumentation.psycopg", reason="needs OpenTelemetry: tests/beside/requirements.txt")
    project.write("manage", TRACING + MANAGE)
    runs(project)
    seen = [name for name, _ in lines(project, "spans")]
    assert "INSERT" in seen or "SELECT" in seen


def test_configurations_sets_workers_up(project):
    pytest.importorskip("configurations", reason="needs django-configurations: tests/beside/requirements.txt")
    plain = [line for line in SETTINGS.splitlines() if line and not line.startswith(("import", "from"))]
    body = "".join(f"    {line}\n" for line in plain)
    imports = "import os\nfrom configurations import Configuration\nfrom demo_shop.database import database_settings\n"
    project.write("config", f"{imports}class Shop(Configuration):\n{body}    PGWORKFLOWS = {{'BATCH_SIZE': 7}}\n")
    project.write("manage", MANAGE.replace("django.core.management", "configurations.management"))
    project.environment |= {"DJANGO_SETTINGS_MODULE": "config", "DJANGO_CONFIGURATION": "Shop"}
    project.write("shop/workflows", WORKFLOWS)
    project.migrate()
    project.manage("shell", "-c", START)
    project.manage("runworkflows", "--drain")
    assert dict(project.sql("SELECT key, status FROM pgworkflows_workflow"))["good"] == "COMPLETED"


TENANTS = """
SHARED_APPS = [
    "django_tenants", "customers", "django.contrib.contenttypes", "django.contrib.auth", "django.contrib.sessions",
    "django.contrib.messages", "django.contrib.admin", "pgworkflows",
]
TENANT_APPS = ["shop"]
INSTALLED_APPS = SHARED_APPS + TENANT_APPS
DATABASES["default"]["ENGINE"] = "django_tenants.postgresql_backend"
DATABASE_ROUTERS = ["django_tenants.routers.TenantSyncRouter"]
TENANT_MODEL = "customers.Client"
TENANT_DOMAIN_MODEL = "customers.Domain"
PGWORKFLOWS = {"ENTER": "shop.tenants.tenant_of"}
"""

CUSTOMERS = """
from django_tenants.models import DomainMixin, TenantMixin


class Client(TenantMixin):
    auto_create_schema = True


class Domain(DomainMixin):
    pass
"""

TENANT_OF = """
from contextlib import contextmanager
from django_tenants.utils import schema_context


@contextmanager
def tenant_of(workflow):
    with schema_context(workflow.attributes["tenant"]):
        yield
"""

TENANT_WORKFLOWS = """
from asgiref.sync import sync_to_async
from django.db import connection, transaction
from pgworkflows import current_workflow, step, workflow
from shop.models import Order


def note(what):
    Order.objects.create(number=f"{what} of {connection.schema_name} {current_workflow().key}")


@step
def stock() -> None:
    note("step")
    transaction.on_commit(lambda: Order.objects.create(number=f"hook {Order.objects.count()} {connection.schema_name}"))


@stock.compensation
def restock(result: None) -> None:
    note("undo")


@step
def fails() -> None:
    note("never")
    raise ValueError


@step
def counts() -> int:
    return Order.objects.filter(number__startswith="step").count()


@step(atomic=False)
def calls() -> None:
    note("call")


@step(atomic=False)
async def awaits() -> None:
    await sync_to_async(note)("async")


@workflow
def fulfil(fail: bool) -> int:
    stock()
    try:
        fails()
    except ValueError:
        seen = counts()
    calls()
    awaits()
    if fail:
        raise ValueError
    return seen
"""

TENANT_START = """
from django.core.management import call_command
from django.db import connection
from django_tenants.utils import schema_context
from customers.models import Client
from shop.models import Order
from shop.workflows import fulfil
for name in ("one", "two"):
    Client.objects.create(schema_name=name)
for number in range(6):
    for name in ("one", "two"):
        with schema_context(name):
            order = Order.objects.create(number=f"order {number}")
            asked = fulfil.using(subject=order, key=f"{name} {number}", attributes={"tenant": connection.schema_name})
            asked.start(fail=number == 5)
fulfil.using(key="nobody's").start(fail=False)
"""


def test_each_workflow_runs_with_its_tenants_rows(project):
    pytest.importorskip("django_tenants", reason="needs django-tenants: tests/beside/requirements.txt")
    project.settings(TENANTS)
    project.write("shop/models", MODELS)
    project.write("shop/tenants", TENANT_OF)
    project.write("shop/workflows", TENANT_WORKFLOWS)
    project.write("customers/__init__", "")
    project.write("customers/models", CUSTOMERS)
    project.manage("makemigrations", "customers", "shop", "--verbosity", "0")
    project.manage("migrate_schemas", "--shared", "--verbosity", "0")
    project.script(TENANT_START)
    project.manage("runworkflows", "--drain", "--processes", "2")
    ended = dict(project.sql("SELECT key, status FROM pgworkflows_workflow"))
    assert ended.pop("nobody's") == "BLOCKED"
    assert {status for key, status in ended.items() if not key.endswith("5")} == {"COMPLETED"}
    assert {ended["one 5"], ended["two 5"]} == {"COMPENSATED"}
    for name in ("one", "two"):
        rows = [number for (number,) in project.sql(f"SELECT number FROM {name}.shop_order")]
        noted = [row for row in rows if not row.startswith("order")]
        assert Counter(row.split()[0] for row in noted) == {"step": 6, "hook": 6, "call": 6, "async": 6, "undo": 1}
        assert all(f" {name}" in row for row in noted)


POOLED_WORKFLOWS = """
from django.db import connection
from pgworkflows import step, workflow


def ask(sql):
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall()[0][0] if cursor.description else None


@step
def spoil() -> None:
    ask("SET work_mem = '77MB'")
    ask("SELECT pg_advisory_lock(7)")


@step(atomic=False)
def look() -> str:
    return ask("SELECT current_setting('work_mem')")


@workflow
def spoils() -> str:
    spoil()
    return look()
"""


def test_pool_of_three_serves_a_worker_and_hands_on_no_spoiled_session(project):
    pytest.importorskip("psycopg_pool", reason="needs psycopg_pool: tests/beside/requirements.txt")
    pool = "DATABASES['default']['OPTIONS'] = {'pool': {'min_size': 1, 'max_size': %d}}\n"
    project.write("shop/workflows", POOLED_WORKFLOWS)
    project.settings(pool % 2)
    assert "has 2 connections at most, and a worker process needs 3" in project.manage("check", fails=True)
    project.settings(pool % 3)
    project.migrate()
    project.script("from shop.workflows import spoils; spoils.start_many([{}] * 4)")
    project.manage("runworkflows", "--drain")
    (usual,) = project.sql("SELECT current_setting('work_mem')")[0]
    assert project.sql("SELECT status, result FROM pgworkflows_workflow") == [("COMPLETED", usual)] * 4


ASKS = """
from pgworkflows import request_approval, workflow


@workflow
def asks() -> str:
    return request_approval("Release", users=["ada"]).status
"""

ASK = """
from django.contrib.auth.models import User
from django.test import Client
from pgworkflows.testing import run_workflows
from shop.workflows import asks
client, run = Client(), asks.start()
client.force_login(User.objects.create_superuser("ada"))
run_workflows()
print(f"workflow/{run.pk}/cancel/", f"approval/{run.approvals.get().pk}/change/", client.cookies["sessionid"].value)
"""

BARE = "e => getComputedStyle(e).borderTopWidth == '0px' && getComputedStyle(e).backgroundColor == 'rgba(0, 0, 0, 0)'"


def test_unfold_shows_buttons_and_inputs(project):
    pytest.importorskip("unfold", reason="needs django-unfold: tests/beside/requirements.txt")
    playwright = pytest.importorskip("playwright.sync_api")
    project.settings("INSTALLED_APPS = ['unfold', 'django.contrib.staticfiles', *INSTALLED_APPS]\nDEBUG = True\n")
    project.write("shop/workflows", ASKS)
    project.migrate()
    *pages, session = project.script(ASK).split()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    project.start("manage.py", "runserver", "--noreload", str(port))
    until(lambda: "Quit the server" in project.said(), "the server has begun", 60)
    address = f"http://127.0.0.1:{port}"
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        context = browser.new_context()
        context.add_cookies([{"name": "sessionid", "value": session, "url": address}])
        page = context.new_page()
        for path in pages:
            page.goto(f"{address}/admin/pgworkflows/{path}")
            fields = page.locator("textarea, #content-main input[type=submit], #content-main button.button").all()
            assert fields
            assert [field.evaluate("e => e.outerHTML") for field in fields if field.evaluate(BARE)] == []
        browser.close()
