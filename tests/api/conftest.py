"""People with rights, their browsers' sessions, and a workflow to start."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.test import Client
from django.urls import reverse

from pgworkflows import request_approval, step, wait_for_event, workflow
from pgworkflows.models import Approval
from pgworkflows.store.definitions import write_definition
from tests.store.conftest import connect, watch  # noqa: F401 - fixtures

VERBS = ("start_workflow", "cancel_workflow", "retry_workflow", "compensate_workflow", "send_event", "ask_workflow")


class API(Client):
    """A client that is logged in and speaks JSON."""

    def __init__(self, user: User | None = None, **options: Any) -> None:
        super().__init__(**options)
        if user is not None:
            self.force_login(user)

    def read(self, address: str, /, *args: object, **query: object) -> Any:
        """GET an address by its name."""
        return self.get(reverse(f"pgworkflows-api:{address}", args=args), query)

    def send(self, address: str, /, *args: object, body: object = None, **headers: str) -> Any:
        """POST JSON to an address by its name."""
        named = {header.replace("_", "-"): value for header, value in headers.items()}
        path = reverse(f"pgworkflows-api:{address}", args=args)
        return self.post(path, json.dumps({} if body is None else body), "application/json", headers=named)


@pytest.fixture
def person(db: None) -> Callable[..., User]:
    """Make a user with these permissions of the app."""

    def make(name: str, *codenames: str) -> User:
        user = User.objects.create_user(name)
        user.user_permissions.set(Permission.objects.filter(content_type__app_label="pgworkflows", codename__in=codenames))
        assert user.user_permissions.count() == len({*codenames})
        return user

    return make


@pytest.fixture
def ann(person: Callable[..., User]) -> API:
    """Somebody who may do everything to her own workflows."""
    return API(person("ann", *VERBS))


@pytest.fixture
def bob(person: Callable[..., User]) -> API:
    """Somebody else who may."""
    return API(person("bob", *VERBS))


@pytest.fixture
def auditor(person: Callable[..., User]) -> API:
    """Somebody who sees everything."""
    return API(person("auditor", "view_workflow"))


@step
def note(text: str) -> str:
    return text.upper()


@pytest.fixture
def fulfil(db: None) -> Any:
    """Declare a workflow that the API may start."""

    @workflow(name="shop.fulfil", api=True)
    def fulfil(order: int, speed: str = "slow") -> object:
        note(speed)
        return wait_for_event("go", correlation=f"order {order}")

    write_definition(fulfil)
    return fulfil


@pytest.fixture
def people(person: Callable[..., User]) -> dict[str, User]:
    """Three managers and who asks them."""
    named = {name: person(name) for name in ("mia", "max", "moe", "rita")}
    Group.objects.create(name="managers").user_set.add(named["mia"], named["max"], named["moe"])
    return named


@pytest.fixture
def clients(people: dict[str, User]) -> dict[str, API]:
    """Their sessions."""
    return {name: API(user) for name, user in people.items()}


@pytest.fixture
def ask(people: dict[str, User], pgworkflows: Any) -> Callable[..., Approval]:
    """Have the managers asked, by rita."""

    def ask(title: str = "Buy it", **question: object) -> Approval:
        form: Any = question.get("form")

        @workflow(name="tests.ask", forms=[form] if form else [])
        def ask() -> str:
            return request_approval(title, groups=["managers"], **question).status

        ask.using(requested_by=people["rita"]).start()
        pgworkflows.run_workflows()
        return Approval.objects.latest("id")

    return ask


def problem(response: Any, status: int, name: str) -> dict[str, Any]:
    """Return a problem, after checking that it is one of this kind."""
    assert response.headers["Content-Type"] == "application/problem+json", response.content
    body: dict[str, Any] = response.json()
    assert (response.status_code, body["status"]) == (status, status), body
    assert body["type"] == f"urn:pgworkflows:problem:{name}", body
    return body
