"""No text makes a page wider than the window, from left to right or from right to left."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.db import connections
from django.test import Client

from pgworkflows import describe_subject, request_approval, set_attributes, set_state, step, wait_for_event, workflow
from pgworkflows.models import ApprovalPolicy, History, WorkflowDefinition
from pgworkflows.site import decision_links
from pgworkflows.store.approvals.delegations import delegate
from pgworkflows.store.connection import database_now
from pgworkflows.store.definitions import write_definition
from pgworkflows.testing import run_workflows
from tests.ledger.models import Purchase

WORD = "Donaudampfschifffahrtsgesellschaft" * 12
ADDRESS = "https://shop.example/" + "a%20very/long/path?" * 20
ARABIC = "شيء" * 100
NAME = "n" * 140


#: What sticks out of the window, and out of nothing of ours that scrolls.
CUT_OFF = """() => [...document.querySelectorAll(".pgw *, .pgw-header *, h1")].filter(one => {
    const box = one.getBoundingClientRect();
    const outside = box.width > 1 && (box.right > innerWidth + 1 || box.left < -1);
    return outside && !one.closest(".pgw-scroll, pre, textarea, select, svg");
}).map(one => `${one.tagName}.${one.className}`).slice(0, 5)"""


#: Tables of which a part is out of sight in a window as wide as most, and lists in which one column pushes the others out.
HIDDEN = """() => [
    ...[...document.querySelectorAll(".pgw-scroll:not(:has(svg))")].filter(one => one.scrollWidth > one.clientWidth),
    ...[...document.querySelectorAll("#result_list")].filter(one => one.offsetWidth > innerWidth),
].map(one => `${one.getAttribute("aria-label") ?? one.id}: ${one.scrollWidth} of ${one.clientWidth}`)"""


@step(name=f"tests.{'s' * 200}")
def refuse(text: str) -> None:
    raise ValueError(text)


@workflow(name=f"tests.{'w' * 200}")
def hostile(text: str) -> object:
    set_state(WORD)
    set_attributes(**{NAME: WORD})
    try:
        refuse(text)
    except ValueError:
        request_approval(f"{WORD} {ADDRESS} {ARABIC}", description=f"{WORD}\n\n{ADDRESS}", users=["ann", NAME])
    return wait_for_event(WORD)


@pytest.fixture
def pages(people):
    """Return the addresses of every page of ours, each with texts without spaces."""
    # In a thread of its own: in this one runs Playwright's loop, and each workflow would get a connection of its own.
    with ThreadPoolExecutor(1) as thread:
        found = thread.submit(make_pages, people).result()
        thread.submit(connections.close_all).result()
        return found


def make_pages(people):
    ann, other = people.ann, people.bob
    other.username = NAME
    other.save()
    ann.is_staff = ann.is_superuser = True
    ann.save()
    write_definition(hostile)
    describe_subject(Purchase, summary=("details", "total"))
    subject = Purchase.objects.create(total="1301.00", details={WORD: ADDRESS, "lines": [{WORD: WORD, "b": ADDRESS}] * 2})
    runs = [hostile.using(subject=subject, requested_by=people.eve, key=f"{n}{WORD}").start(WORD) for n in range(3)]
    run_workflows()
    first, second, third = (run.approvals.get() for run in runs)
    first.comment(ann, f"{WORD} {ADDRESS}")
    second.request_changes(ann, comment=f"{WORD} {ADDRESS}")
    third.approve(NAME, comment=ARABIC)
    runs[0].send_event(f"odd{WORD}", {WORD: ADDRESS}, by=NAME)
    delegate(ann, other, ends_at=database_now() + timedelta(days=1), reason=WORD)
    Group.objects.create(name=NAME).user_set.add(ann)
    policy = ApprovalPolicy.objects.create(name=NAME, fallback_group=Group.objects.get(name=NAME), edited_by_name=NAME)
    stage = policy.stages.create(position=1, name=NAME)
    stage.conditions.create(attribute=NAME, operator="gt", value=WORD[:200])
    run_workflows()
    site = [
        f"/approvals/{page}"
        for page in (
            "",
            "requests/",
            "decided/",
            "all/",
            "delegations/",
            f"link/{decision_links.token_for(first, ann)}/",
            "link/x/",
        )
    ]
    shown = [f"{one.pk}/" for one in (first, second, third)]
    approvals = "/admin/pgworkflows/approval/"
    own = "/admin/pgworkflows/"
    return [
        *site, *(f"/approvals/{page}" for page in shown), *(f"{approvals}{page}change/" for page in shown),
        *(f"{approvals}{page}" for page in ("", "requests/", "decided/", "all/")), "/admin/", own,
        *(f"{own}workflow/{runs[0].pk}/{page}/" for page in ("change", "cancel", "send-event", "history")),
        *(f"{own}{page}/" for page in ("workflow", "history", "workflowdefinition", "worker", "delegation", "approvalpolicy")),
        f"{own}history/{History.objects.first().pk}/change/",
        f"{own}workflowdefinition/{WorkflowDefinition.objects.get(name=hostile.name).pk}/change/",
        *(f"{own}approvalpolicy/{policy.pk}/{page}/" for page in ("change", "publish", "try")),
        f"{own}approvalstage/{stage.pk}/change/",
    ]  # fmt: skip


@pytest.mark.parametrize("language", ["en", "ar"])
def test_no_text_widens_a_page(visit, pages, people, settings, language):
    settings.LANGUAGE_CODE = language
    client = Client()
    client.force_login(people.ann)
    too_wide = []
    for width in (360, 1280):
        ann = visit(viewport={"width": width, "height": 800})
        ann.context.add_cookies(
            [{"name": "sessionid", "value": client.cookies["sessionid"].value, "domain": "localhost", "path": "/"}]
        )
        for page in pages:
            answer = ann.page.goto(page)
            assert ann.page.url.endswith(page), f"{page} leads to {ann.page.url}"
            assert answer.status in (200, 404, 410), (page, answer.status)
            measured = ann.page.evaluate("document.documentElement.scrollWidth")
            cut_off = ann.page.evaluate(CUT_OFF)
            hidden = ann.page.evaluate(HIDDEN) if width == 1280 else []
            if measured > width or cut_off or hidden:
                too_wide.append(f"{page} in {language}: {measured} in a window of {width}; {cut_off} {hidden}")
    assert not too_wide, "\n".join(too_wide)
