"""People, a policy, and a purchase to ask about."""

from decimal import Decimal
from types import SimpleNamespace

import pytest
from django.contrib.auth.models import Group, Permission, User

from pgworkflows import ApprovalOutcome, approvers, request_approval, workflow
from pgworkflows.models import Approval, ApprovalPolicy
from tests.ledger.models import Purchase

NAMES = ("ann", "bob", "cora", "dan", "eve", "fay", "gus")


@pytest.fixture
def people(db):
    """Make users; bosses are ann and bob, finance cora and dan, fallback fay; eve asks, gus is nobody."""
    made = SimpleNamespace(**{name: User.objects.create_user(name, email=f"{name}@example.com") for name in NAMES})
    for group, members in {"bosses": "ann bob", "finance": "cora dan", "fallback": "fay"}.items():
        Group.objects.create(name=group).user_set.add(*(getattr(made, name) for name in members.split()))
    return made


@pytest.fixture
def purchase(db):
    return Purchase.objects.create(total=Decimal(100), details={"what": "chairs"})


def publish(policy, editor="fay", publisher="gus"):
    """Publish a draft, edited by one person, as another."""
    ApprovalPolicy.objects.filter(pk=policy.pk).update(edited_by_name=editor)
    by = User.objects.get(username=publisher)
    by.user_permissions.add(Permission.objects.get(codename="publish_policy"))
    policy.publish(User.objects.get(pk=by.pk))


@pytest.fixture
def draft(people):
    """Return a maker of drafts: stages are (group or resolver, options); conditions are triples."""

    def make(*stages, name="purchases", **options):
        fallback = Group.objects.get(name="fallback")
        made = ApprovalPolicy.objects.create(name=name, fallback_group=fallback, **options)
        for position, (asked, given) in enumerate(stages, 1):
            rest = dict(given)
            conditions, groups = rest.pop("conditions", []), Group.objects.filter(name=asked)
            escalate_to = Group.objects.filter(name=rest.pop("escalate_to", None))
            resolver = "" if groups or not asked else asked
            stage = made.stages.create(position=position, name=asked or "nobody", resolver=resolver, **rest)
            stage.groups.set(groups)
            stage.escalate_to.set(escalate_to)
            for attribute, operator, value in conditions:
                stage.conditions.create(attribute=attribute, operator=operator, value=value)
        return made

    return make


@pytest.fixture
def policy(draft):
    """Return a maker of published policies."""

    def make(*stages, **options):
        made = draft(*stages, **options)
        publish(made)
        return made

    return make


@pytest.fixture
def boss_of(people):
    """Register a resolver that finds ann for everybody but herself."""

    @approvers("boss of")
    def boss_of(subject, requester):
        return [] if requester == people.ann else [people.ann]


@pytest.fixture
def ask(people, pgworkflows):
    """Return a way to ask for approval that gives the started workflow; more keywords go to request_approval."""

    def ask(subject=None, by="eve", **options):
        requester = getattr(people, by) if by else None

        form = options.get("form")

        @workflow(name="tests.ask", forms=[form] if form else [])
        def body() -> ApprovalOutcome:
            return request_approval("Buy it", **options)

        started = body.using(subject=subject, requested_by=requester).start()
        pgworkflows.run_workflows()
        started.refresh_from_db()
        return started

    return ask


@pytest.fixture
def latest(pgworkflows):
    """Run what can run, and return the approval in which a workflow's last request stands."""

    def latest(workflow) -> Approval:
        pgworkflows.run_workflows()
        return workflow.approvals.order_by("-id").first()

    return latest
