"""The approval pages and their links beside no admin, several admins, odd keys, and a project below a path."""

import pytest

from tests.beside.projects import made

WORKFLOWS = """
from pgworkflows import request_approval, workflow


@workflow
def asks() -> str:
    return request_approval("Release", users=["ada"]).status
"""

PLAY = """
import re
from datetime import timedelta
from django.contrib.auth.models import User
from django.core import mail
from django.test import Client
from pgworkflows.testing import move_clock, run_workflows
from shop.models import Order
from shop.workflows import asks
ada = User.objects.create_superuser("ada", "ada@example.com")
run = asks.using(subject=Order.objects.create(number=NUMBER), requested_by=User.objects.create_user("eve")).start()
run_workflows()
move_clock(timedelta(minutes=1))
run_workflows()
approval = run.approvals.get()
client = Client()
client.force_login(ada)
"""

MAIL = """
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
PGWORKFLOWS = {"BASE_URL": "https://shop.example"}
"""

ADMIN = """
from django.contrib import admin
from shop.models import Order
"""


@pytest.fixture
def shop(tmp_path):
    with made(tmp_path) as project:
        project.settings(MAIL)
        project.write("shop/workflows", WORKFLOWS)
        yield project


def play(shop, text, number="1"):
    shop.migrate()
    return shop.script(PLAY.replace("NUMBER", repr(number)) + text)


def test_no_admin_is_needed(shop):
    shop.settings(MAIL + "INSTALLED_APPS.remove('django.contrib.admin')\n")
    shop.write("urls", 'from django.urls import include, path\nurlpatterns = [path("a/", include("pgworkflows.site.urls"))]\n')
    said = play(shop, """
link = re.search(r"https://shop.example(/a/link/\\S+)", mail.outbox[0].body)[1]
pages = ("/a/", f"/a/{approval.pk}/", link, "/a/requests/", "/a/delegations/")
print([client.get(page).status_code for page in pages])
print(client.post(f"/a/{approval.pk}/approve/", {"revision": approval.revision}).status_code)
""")  # fmt: skip
    assert said.split("\n")[:2] == ["[200, 200, 200, 200, 200]", "302"]


def test_links_lead_to_the_admin_that_has_the_row(shop):
    shop.write("urls", ADMIN + """
from django.urls import include, path
ops = admin.AdminSite("ops")
ops.register(Order)
urlpatterns = [
    path("admin/", admin.site.urls), path("ops/", ops.urls), path("approvals/", include("pgworkflows.site.urls")),
]
""")  # fmt: skip
    said = play(shop, """
print("/ops/shop/order/1/change/" in client.get(f"/approvals/{approval.pk}/").text)
print("/ops/shop/order/1/change/" in client.get(f"/admin/pgworkflows/approval/{approval.pk}/change/").text)
print(f"/admin/pgworkflows/workflow/{run.pk}/change/" in client.get(f"/approvals/{approval.pk}/").text)
""")  # fmt: skip
    assert said.split() == ["True", "True", "True"]


def test_site_of_its_own_shows_our_pages(shop):
    shop.write("urls", ADMIN + """
from django.urls import path
from pgworkflows.admin.approvals.approval import ApprovalAdmin
from pgworkflows.admin import WorkflowsAdminMixin
from pgworkflows.models import Approval
class OrderAdmin(WorkflowsAdminMixin, admin.ModelAdmin):
    pass
ops = admin.AdminSite("ops")
ops.register(Order, OrderAdmin)
ops.register(Approval, ApprovalAdmin)
urlpatterns = [path("ops/", ops.urls)]
""")  # fmt: skip
    said = play(shop, """
page = f"/ops/pgworkflows/approval/{approval.pk}/change/"
text = client.get(page).text
print("/ops/shop/order/1/change/" in text, '"/admin/' in text)
order = client.get("/ops/shop/order/1/change/").text
print(page in order, '"/admin/' in order)
print(f"https://shop.example{page}" in mail.outbox[0].body)
print(client.get("/ops/").status_code, client.get("/ops/pgworkflows/approval/").status_code)
""")  # fmt: skip
    assert said.split() == ["True", "False", "True", "False", "True", "200", "200"]


@pytest.mark.parametrize("number", ["A/7 #1", "_5F", "ö?&", "x+y:z"])
def test_keys_are_quoted_as_the_admin_does(shop, number):
    shop.write("shop/admin", ADMIN + "admin.site.register(Order)\n")
    said = play(shop, """
text = client.get(f"/approvals/{approval.pk}/").text
address = re.search(r'href="(/admin/shop/order/[^"]+)"', text)[1]
response = client.get(address)
import html
print(response.status_code, 'value="' + NUMBER + '"' in html.unescape(response.text))
""".replace("NUMBER", repr(number)), number)  # fmt: skip
    assert said.split() == ["200", "True"]


@pytest.mark.parametrize("base", ["https://shop.example", "https://shop.example/store/"])
def test_emails_of_a_project_below_a_path_lead_there(shop, base):
    shop.settings(MAIL.replace("https://shop.example", base) + "FORCE_SCRIPT_NAME = '/store'\n")
    said = play(shop, """
import threading
from pgworkflows.emails.composing import decision_url, page_url
found = []
threading.Thread(target=lambda: found.extend([page_url(approval), decision_url(approval, ada)])).start()
while len(found) < 2:
    pass
print(found[0] == f"https://shop.example/store/approvals/{approval.pk}/", found[1][:41])
""")  # fmt: skip
    assert said.split() == ["True", "https://shop.example/store/approvals/link/"[:41]]


def test_visitor_of_a_fresh_project_can_log_in(shop):
    said = play(shop, """
response = Client().get("/approvals/", follow=True)
print(response.redirect_chain, response.status_code)
""")  # fmt: skip
    assert said.strip() == "[('/admin/login/?next=/approvals/', 302)] 200"


def test_login_of_the_projects_own_is_used(shop):
    shop.settings(MAIL + "LOGIN_URL = 'https://sso.example/login'\n")
    assert "https://sso.example/login?next=" in play(shop, "print(Client().get('/approvals/')['Location'])")


def test_check_tells_of_a_login_that_is_not_there(shop):
    shop.settings(MAIL + "INSTALLED_APPS.remove('django.contrib.admin')\n")
    shop.write("urls", 'from django.urls import include, path\nurlpatterns = [path("a/", include("pgworkflows.site.urls"))]\n')
    assert "pgworkflows.W007" in shop.manage("check")
    shop.migrate()
    said = shop.script("from django.test import Client\nanswer = Client().get('/a/')\nprint(answer.status_code, answer.text)")
    assert said.startswith("403 ")
    assert "<h1>Nobody can log in here yet</h1>" in said
    assert "set LOGIN_URL" in said
