"""The declarations as the database knows them."""

from decimal import Decimal

import pytest
from django.core.management import call_command
from django.db import models

from pgworkflows import NotStorable, step, workflow
from pgworkflows.models import WorkflowDefinition
from pgworkflows.store.definitions import unfinished_with_other_body, write_definition


@step(name="definitions.reserve")
def reserve(units: int) -> None: ...


@step(name="definitions.charge")
def charge(units: int) -> None: ...


@pytest.fixture
def declared(db):
    @workflow(name="tests.order", queue="slow", priority=3, timeout=60, api=True)
    def order(units: int, price: Decimal = Decimal("1.50"), express: bool = False) -> None:
        reserve(units)
        charge(units)

    return order


def test_migrate_writes_definitions(declared):
    call_command("migrate", verbosity=0)
    row = WorkflowDefinition.objects.get(name="tests.order")
    assert (row.version, row.fingerprint) == (1, declared.fingerprint)
    assert row.parameters == ["units", "price", "express"]
    assert row.defaults == {"price": {"$decimal": "1.50"}, "express": False}
    assert row.options == {"queue": "slow", "priority": 3, "timeout": 60.0, "api": True, "largest": 1_000_000}
    assert row.steps == ["definitions.reserve", "definitions.charge"]


def test_demo_s_definitions_are_there(db):
    assert WorkflowDefinition.objects.filter(name="demo_shop.fulfil_order").exists()


def test_definition_is_written_only_where_it_differs(declared, execute):
    write_definition(declared)
    before = execute("SELECT xmin, ctid FROM pgworkflows_workflowdefinition WHERE name = 'tests.order'")
    write_definition(declared)
    assert execute("SELECT xmin, ctid FROM pgworkflows_workflowdefinition WHERE name = 'tests.order'") == before


def test_changed_body_is_another_fingerprint(declared):
    write_definition(declared)
    declared.start(1)
    assert unfinished_with_other_body(declared) == 0

    @workflow(name="tests.order")
    def order(units: int) -> None:
        charge(units)

    assert unfinished_with_other_body(order) == 1


def test_default_that_cannot_be_stored_is_named(db):
    @workflow(name="tests.odd")
    def odd(what: object = models) -> None: ...

    with pytest.raises(NotStorable, match=r"tests.odd: default of 'what' cannot be stored"):
        write_definition(odd)
