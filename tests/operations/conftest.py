"""What the operators' commands are tried on."""

from collections.abc import Callable, Iterator
from io import StringIO

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from pgworkflows import request_approval, step, wait_for_event, workflow
from pgworkflows.definitions.workflow import WorkflowFunction
from tests.ledger.models import Entry
from tests.workers import conninfo


@pytest.fixture
def workflows() -> Callable[..., str]:
    """Run `manage.py workflows ...` and return what it prints."""

    def run(*words: str) -> str:
        out = StringIO()
        call_command("workflows", *words, stdout=out)
        return out.getvalue()

    return run


@pytest.fixture
def refused(workflows) -> Callable[..., str]:
    """Do the same with what is refused; return the message."""

    def run(*words: str) -> str:
        with pytest.raises(CommandError) as raised:
            workflows(*words)
        return str(raised.value)

    return run


@pytest.fixture
def execute(db) -> Callable[..., list[tuple]]:
    """Run one statement on Django's connection, in a savepoint of its own."""

    def run(sql: str, *parameters) -> list[tuple]:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql, parameters or None)
            return cursor.fetchall() if cursor.description else []

    return run


@pytest.fixture
def session(transactional_db) -> Iterator[psycopg.Connection]:
    """Open a connection beside Django's."""
    with psycopg.connect(conninfo()) as opened:
        yield opened


@pytest.fixture
def quick() -> WorkflowFunction[..., None]:
    """Give a workflow that ends at once."""

    @step
    def note(name: str) -> None:
        Entry.objects.create(name=name)

    @workflow
    def quick_one(name: str = "x") -> None:
        note(name)

    return quick_one


@pytest.fixture
def patient() -> WorkflowFunction[..., object]:
    """Give a workflow that waits for an event."""

    @workflow
    def patient_one(name: str = "x") -> object:
        return wait_for_event("go")

    return patient_one


@pytest.fixture
def asking(django_user_model) -> WorkflowFunction[..., bool]:
    """Give a workflow that asks ann."""
    django_user_model.objects.create_user("ann")

    @workflow
    def asking_one(name: str = "x") -> bool:
        return request_approval(f"Release {name}", description="large", users=["ann"]).approved

    return asking_one
