"""People, what they are asked, and browsers without a screen."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.test import Client

from pgworkflows import request_approval, workflow
from pgworkflows.models import Approval
from tests.ledger.forms import CostCentreForm
from tests.ledger.models import Purchase

#: ann and bob are asked; eve asks; gus is nobody; root may do everything but decide.
NAMES = ("ann", "bob", "cora", "eve", "gus", "root")


@pytest.fixture
def people(db: None) -> SimpleNamespace:
    """Make users: the bosses are ann and bob; only gus and root are staff."""
    made = SimpleNamespace(**{name: User.objects.create_user(name, f"{name}@example.com", "pw") for name in NAMES})
    User.objects.filter(username__in=("gus", "root")).update(is_staff=True)
    User.objects.filter(username="root").update(is_superuser=True)
    Group.objects.create(name="bosses").user_set.add(made.ann, made.bob)
    for user in vars(made).values():
        user.refresh_from_db()
    return made


def allow(user: User, *permissions: str) -> User:
    """Give a user permissions of the app; return them as the next request would see them."""
    user.user_permissions.add(*Permission.objects.filter(codename__in=permissions, content_type__app_label="pgworkflows"))
    return User.objects.get(pk=user.pk)


@pytest.fixture
def ask(people: SimpleNamespace, pgworkflows: Any) -> Callable[..., Approval]:
    """Return what asks the bosses about a purchase, as eve, and gives the approval."""

    def ask(title: str = "Buy chairs", *, subject: bool = True, form: bool = False, **options: Any) -> Approval:
        about = Purchase.objects.create(total=Decimal(100), details={"what": "chairs"}) if subject else None
        given = {"groups": ["bosses"], "form": CostCentreForm if form else None} | options

        @workflow(name=f"tests.{Approval.objects.count()}", forms=[CostCentreForm])
        def body() -> str:
            return request_approval(title, **given).status

        body.using(requested_by=people.eve, subject=about).start()
        pgworkflows.run_workflows()
        return Approval.objects.latest("id")

    return ask


@pytest.fixture
def as_user(people: SimpleNamespace) -> Callable[[str], Client]:
    """Return a browser in which somebody is logged in."""

    def as_user(name: str, **options: Any) -> Client:
        client = Client(**options)
        client.force_login(User.objects.get(username=name))
        return client

    return as_user


def decide(client: Client, approval: Approval, verb: str, /, *, site: str = "/approvals/", **given: Any) -> Any:
    """Post what the page would post."""
    posted = {"revision": Approval.objects.get(pk=approval.pk).revision} | given
    return client.post(f"{site}{approval.pk}/{verb}/", posted)
