"""What DATABASES and DATABASE_ROUTERS of a project say: an alias of ours, long connections, atomic requests, routers."""

SETTINGS = """
DATABASES["flows"] = DATABASES["default"] | {"CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True, "ATOMIC_REQUESTS": True}
DATABASES["default"] = {"ENGINE": "django.db.backends.sqlite3", "NAME": os.path.join(os.path.dirname(__file__), "db.sqlite3")}
PGWORKFLOWS = {"DATABASE": "flows"}
DATABASE_ROUTERS = ["shop.routers.Router"]
"""

ROUTER = """
class Router:
    def db_for_read(self, model, **hints):
        assert model._meta.app_label != "pgworkflows", "asked about what has one place"
        return "flows" if model._meta.app_label in ("auth", "contenttypes", "sessions", "admin") else None

    db_for_write = db_for_read
"""

KEEPS_OUT = """
class Router:
    def allow_migrate(self, db, app_label, **hints):
        return False if app_label == "pgworkflows" else None
"""

WORKFLOWS = """
from django.db import connections
from pgworkflows import request_approval, step, wait_for_event, workflow


@step
def write() -> str:
    with connections["flows"].cursor() as cursor:
        cursor.execute("CREATE TABLE IF NOT EXISTS written (number int)")
        cursor.execute("INSERT INTO written VALUES (1)")
    return "written"


@step(atomic=False)
def call() -> str:
    return "called"


@workflow
def goes_on() -> list:
    return [write(), call(), wait_for_event("go"), str(request_approval("Release", users=["ada"]).status)]
"""

PLAY = """
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client
from pgworkflows.models import Workflow
from shop.workflows import goes_on
ada = User.objects.create_superuser("ada", "ada@example.com")
run = goes_on.start()
run.send_event("go", "gone")
call_command("runworkflows", drain=True)
approval = run.approvals.get()
client = Client()
client.force_login(ada)
pages = ["/approvals/", f"/approvals/{approval.pk}/", "/admin/pgworkflows/workflow/", "/admin/pgworkflows/approval/",
         f"/admin/pgworkflows/workflow/{run.pk}/change/", f"/admin/pgworkflows/approval/{approval.pk}/change/"]
print("pages", [(page, status) for page in pages if (status := client.get(page).status_code) != 200])
posted = client.post(f"/approvals/{approval.pk}/approve/", {"revision": approval.revision})
print("posted", posted.status_code)
call_command("runworkflows", drain=True)
print("result", run.wait(0))
"""


def test_tables_live_under_another_alias(project):
    project.settings(SETTINGS)
    project.write("shop/routers", ROUTER)
    project.write("shop/workflows", WORKFLOWS)
    project.manage("migrate", "--database", "flows", "--verbosity", "0")
    said = project.script(PLAY)
    assert "pages []" in said
    assert "posted 302" in said
    assert "result ['written', 'called', 'gone', 'APPROVED']" in said
    assert project.sql("SELECT count(*) FROM written") == [(1,)]


def test_router_that_keeps_our_tables_out_is_named(project):
    project.settings('DATABASE_ROUTERS = ["shop.routers.Router"]\n')
    project.write("shop/routers", KEEPS_OUT)
    assert "pgworkflows.E019" in project.manage("check", fails=True)
