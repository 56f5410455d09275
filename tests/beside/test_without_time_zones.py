"""USE_TZ = False: times are naive, in TIME_ZONE, for all verbs and pages."""

import pytest

from tests.beside.projects import made

WORKFLOWS = """
from datetime import UTC, datetime, timedelta

from django.utils import timezone
from pgworkflows import now, request_approval, sleep, sleep_until, step, wait_for_event, workflow


@workflow
def asks() -> str:
    return request_approval("Release", users=["ada"], timeout=timedelta(days=2), remind_every=timedelta(hours=1)).status


@workflow
def sleeps() -> str:
    sleep_until(now() + timedelta(hours=1))
    sleep_until(datetime.now(UTC) + timedelta(hours=2))
    sleep(timedelta(hours=1))
    return "slept"


@workflow
def waits() -> str:
    return wait_for_event("never", timeout=timedelta(days=1))


@step
def moment() -> datetime:
    return timezone.now()


@workflow
def reads() -> bool:
    return now().tzinfo is None and moment().tzinfo is None
"""

DUE = """
from datetime import UTC

def aware(begins, limit):
    return begins.astimezone(UTC) + limit
"""


@pytest.fixture(scope="module")
def naive(tmp_path_factory):
    with made(tmp_path_factory.mktemp("naive")) as project:
        project.settings(
            "USE_TZ = False\nTIME_ZONE = 'America/New_York'\nEMAIL_BACKEND = 'django.core.mail.backends.locmem.EmailBackend'\n"
            "PGWORKFLOWS = {'DUE': 'due.aware'}\n"
        )
        project.write("shop/workflows", WORKFLOWS)
        project.write("due", DUE)
        project.migrate()
        project.script("from django.contrib.auth.models import User; User.objects.create_superuser('ada')")
        yield project


def test_times_with_and_without_zone_are_waited_for(naive):
    said = naive.script("""
from datetime import timedelta
from pgworkflows.testing import move_clock, run_workflows
from shop.workflows import reads, sleeps
run, read = sleeps.start(), reads.start()
for hours in range(5):
    run_workflows()
    run.refresh_from_db()
    print(run.status)
    move_clock(timedelta(hours=1))
assert read.wait(0) is True
""")
    assert said.split() == ["WAITING", "WAITING", "WAITING", "COMPLETED", "COMPLETED"]


def test_start_can_be_put_off(naive):
    said = naive.script("""
from datetime import UTC, datetime, timedelta
from django.utils import timezone
from shop.workflows import reads
from pgworkflows.models import Workflow
later = timezone.now() + timedelta(hours=1)
for given in (later, later.astimezone(UTC)):
    run = reads.using(run_after=given).start()
    assert run.available_at == Workflow.objects.get(pk=run.pk).available_at == later, (run.available_at, later)
print("as given")
""")
    assert said.strip() == "as given"


def test_approval_is_due_reminded_and_decided(naive):
    said = naive.script("""
from datetime import timedelta
from django.contrib.auth.models import User
from pgworkflows.models import Approval
from pgworkflows.testing import move_clock, run_workflows
from shop.workflows import asks
ada = User.objects.get(username="ada")
run = asks.start()
run_workflows()
approval = run.approvals.get()
assert approval.due_at - approval.created_at == timedelta(days=2), approval.due_at
move_clock(timedelta(hours=1, minutes=1))
run_workflows()
assert [action.verb for action in approval.actions.all()] == ["remind"]
assert approval not in Approval.objects.overdue()
move_clock(timedelta(days=2))
assert approval in Approval.objects.overdue()
move_clock(-timedelta(days=2))
approval.approve(ada)
run_workflows()
print(run.wait(0))
""")
    assert said.strip() == "APPROVED"


def test_people_stand_in_for_a_time(naive):
    said = naive.script("""
from datetime import UTC, timedelta
from django.contrib.auth.models import User
from django.utils import timezone
from pgworkflows.models import Delegation
from pgworkflows.store.approvals.delegations import delegate
ada, bob = User.objects.get(username="ada"), User.objects.create_user("bob")
end = timezone.now() + timedelta(days=1)
for given in (end, end.astimezone(UTC)):
    assert delegate(ada, bob, ends_at=given).ends_at == end
print(Delegation.objects.current().count())
""")
    assert said.strip() == "2"


def test_pages_and_commands_show_times(naive):
    said = naive.script("""
from django.contrib.auth.models import User
from django.test import Client
from django.core.management import call_command
from pgworkflows.testing import run_workflows
from shop.workflows import asks, waits
client = Client()
client.force_login(User.objects.get(username="ada"))
run, other = asks.start(), waits.start()
run_workflows()
approval = run.approvals.get()
admin = "/admin/pgworkflows/"
pages = [
    "/admin/", "/approvals/", f"/approvals/{approval.pk}/", "/approvals/delegations/", admin + "workflow/", admin + "history/",
    f"{admin}workflow/{run.pk}/change/", f"{admin}workflow/{other.pk}/change/", f"{admin}approval/{approval.pk}/change/",
    admin + "worker/", admin + "delegation/", admin + "approvalpolicy/", admin + "workflowdefinition/",
]
print([(page, status) for page in pages if (status := client.get(page).status_code) != 200])
for command in (["list"], ["show", str(run.pk)], ["definitions"], ["prune", "--older-than", "1d", "--dry-run"]):
    call_command("workflows", *command)
""")
    assert said.startswith("[]\n")
    assert "Error" not in said


def test_check_tells_of_the_hour_that_comes_twice(naive):
    (told,) = [line for line in naive.manage("check").splitlines() if "W006" in line]
    assert "USE_TZ" in told
