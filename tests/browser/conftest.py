"""A headless Chromium over a real server, with a strict Content-Security-Policy, and a real worker process."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.contrib.auth.models import Group, Permission, User
from django.db import connections
from django.test.utils import override_settings
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from pytest_django.live_server_helper import LiveServer

from pgworkflows.models import Approval
from tests.ledger.models import Purchase
from tests.ledger.workflows import asks_bosses, buys
from tests.workers import ROOT, Fleet, until

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync"]
SHOTS = Path(os.environ.get("BROWSER_SHOTS", ROOT / "test-output" / "browser"))
PASSWORD = "a pass word"


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Start Chromium; without one the tests are skipped, unless BROWSER_TESTS=required says that this is a failure."""
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        assert os.environ.get("BROWSER_TESTS") != "required", "There is no Chromium. Install the package chromium."
        pytest.skip("There is no Chromium on this machine.")
    # Playwright runs a loop in this thread, which Django takes for asynchronous code and gives connections of its own; tests of
    # other modules must not meet it. What is left open on the other side would be taken for a stranger's session.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    connections.close_all()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()
        connections.close_all()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture(scope="session")
def server(django_db_setup: None) -> Iterator[LiveServer]:
    """Serve the project in a thread."""
    strict = [*settings.MIDDLEWARE, "tests.browser.strictness.forbid_inline_code"]
    with override_settings(MIDDLEWARE=strict, ALLOWED_HOSTS=["*"]):
        made = LiveServer("localhost")
    yield made
    made.stop()


class Visitor:
    """One person at one browser; what the browser complains about is kept."""

    def __init__(self, context: BrowserContext, shots: Path) -> None:
        self.context, self.shots = context, shots
        self.page: Page = context.new_page()
        self.complaints: list[str] = []
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("console", lambda said: self.complaints.append(said.text) if "Content Security" in said.text else None)

    def log_in(self, name: str) -> Visitor:
        """Log in where people without staff rights do, and come to what waits for them."""
        self.page.goto("/accounts/login/")
        self.fill_in_login(name)
        self.page.wait_for_url("**/approvals/")
        return self

    def fill_in_login(self, name: str) -> None:
        """Fill in the login's form."""
        self.page.get_by_label("Username").fill(name)
        self.page.get_by_label("Password").fill(PASSWORD)
        self.page.get_by_role("button", name="Log in").click()

    def tab_to(self, role: str, name: str) -> None:
        """Press the tabulator until this has the focus."""
        wanted = self.page.get_by_role(role, name=name, exact=True)  # type: ignore[arg-type] # a role's name
        for _ in range(60):
            self.page.keyboard.press("Tab")
            if wanted.evaluate("element => element === document.activeElement"):
                return
        raise AssertionError(f"The keyboard does not reach the {role} {name}.")

    def shoot(self, name: str) -> None:
        """Keep a picture of the whole page."""
        self.shots.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=self.shots / f"{name}.png", full_page=True)

    def serious_findings(self) -> list[str]:
        """Return what axe-core finds to be serious or worse."""
        # Without preload: axe would fetch the style sheets itself, which the policy forbids.
        found = Axe().run(self.page, options={"preload": False, "resultTypes": ["violations"]}).response["violations"]
        return [
            f"{one['id']}: {node['target']} {node['failureSummary']}"
            for one in found
            if one["impact"] in ("serious", "critical")
            for node in one["nodes"]
        ]


@pytest.fixture
def visit(chromium: Browser, server: LiveServer, transactional_db: None) -> Iterator[Callable[..., Visitor]]:
    """Return what opens a browser window; at the end nobody may have had anything to complain about."""
    visitors: list[Visitor] = []

    def visit(**options: Any) -> Visitor:
        given = {"base_url": server.url, "viewport": {"width": 1280, "height": 900}, "locale": "en-GB"} | options
        context = chromium.new_context(**given)
        context.set_default_timeout(10_000)
        visitors.append(Visitor(context, SHOTS))
        return visitors[-1]

    yield visit
    for visitor in visitors:
        visitor.context.close()
    assert [complaint for visitor in visitors for complaint in visitor.complaints] == []


@pytest.fixture
def people(transactional_db: None) -> SimpleNamespace:
    """Make users: the bosses are ann and bob; ann is staff without any right; eve asks."""
    made = SimpleNamespace(**{name: User.objects.create_user(name, None, PASSWORD) for name in ("ann", "bob", "cora", "eve")})
    User.objects.filter(username="ann").update(is_staff=True)
    Group.objects.create(name="bosses").user_set.add(made.ann, made.bob)
    return made


def allow(user: User, *permissions: str) -> None:
    """Give a user permissions of the app."""
    user.user_permissions.add(*Permission.objects.filter(codename__in=permissions, content_type__app_label="pgworkflows"))


DETAILS = {
    "reason": "The old ones are broken.",
    "lines": [
        {"what": "Office chair", "units": 4, "unit_price": "120.00"},
        {"what": "Standing desk", "units": 2, "unit_price": "410.50"},
    ],
    "deliver_to": {"name": "Eve", "city": "Lyon"},
}


@pytest.fixture
def asked(people: SimpleNamespace, fleet: Fleet) -> Callable[..., list[Approval]]:
    """Return what starts requests as eve, and waits until a real worker has asked the bosses."""
    fleet.worker()

    def asked(*titles: str, form: bool = False) -> list[Approval]:
        body = buys if form else asks_bosses
        for title in titles:
            subject = Purchase.objects.create(total=Decimal("1301.00"), details=DETAILS)
            body.using(requested_by=people.eve, subject=subject).start(title)
        rows = Approval.objects.filter(title__in=titles).order_by("id")
        until(lambda: rows.count() == len(titles), "the bosses are asked")
        return list(rows)

    return asked
