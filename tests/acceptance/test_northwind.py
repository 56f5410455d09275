"""830 real orders through real worker processes, undisturbed and under fire: the same end state, the same ledger."""

from collections import Counter

import pytest
from northwind import (
    DATA,
    ORDERS,
    PRODUCTS,
    STATUSES,
    UNITS_LEFT,
    Shop,
    due,
    killing_workers,
    new_shop,
    opening_stock,
    ordered_lines,
)

pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason=f"the Northwind orders are not in {DATA}")
LIMIT_CENTS = 5000_00


def fulfil_everything(shop: Shop) -> None:
    said = shop.manage("import_orders", str(PRODUCTS), str(ORDERS))
    assert "Imported 77 products and 830 orders with 2155 lines; 830 workflows started." in said
    shop.processes.manage("manager", "decide_approvals", "--limit", "5000", "--until-idle")
    shop.processes.manage("carrier", "deliver_shipments", "--until-idle")
    shop.wait_until_done()


def check_end_state(shop: Shop) -> Counter[str]:
    orders = {number: (status, workflow) for number, status, workflow in shop.query(STATUSES)}
    assert set(orders.values()) == {("COMPLETED", "COMPLETED"), ("CANCELLED", "COMPENSATED")}
    lines = ordered_lines()
    assert orders.keys() == lines.keys()
    completed = {number for number, (status, _) in orders.items() if status == "COMPLETED"}
    assert all(due(lines[number]) <= LIMIT_CENTS for number in completed)
    check_stock(shop, [row for number in completed for row in lines[number]])
    return check_ledger(shop, completed, {number: due(rows) for number, rows in lines.items()})


def check_stock(shop: Shop, sold: list[dict[str, str]]) -> None:
    units: Counter[str] = Counter()
    for row in sold:
        units[row["sku"]] += int(row["quantity"])
    left = dict(shop.query(UNITS_LEFT))
    assert {sku: left[sku] + units[sku] for sku in left} == opening_stock()


def check_ledger(shop: Shop, completed: set[str], due_by_order: dict[str, int]) -> Counter[str]:
    ledger = shop.client.ledger()
    charges = {charge["description"].removeprefix("order "): charge for charge in ledger["charges"]}
    assert len(charges) == len(ledger["charges"]), "an order was captured twice"
    assert completed <= charges.keys()
    refunded = {refund["charge"]: refund["amount"] for refund in ledger["refunds"]}
    assert len(refunded) == len(ledger["refunds"]), "a capture was refunded twice"
    for number, charge in charges.items():
        given_back = refunded.get(charge["reference"], 0)
        wanted = (due_by_order[number], 0 if number in completed else due_by_order[number])
        assert (charge["amount"], given_back) == wanted, number
    return Counter(completed=len(completed), charged_and_refunded=len(refunded))


def test_northwind_orders_reconcile(separate_project, tmp_path):
    with new_shop(separate_project, tmp_path) as shop:
        for _ in range(2):
            shop.start_worker()
        fulfil_everything(shop)
        counts = check_end_state(shop)
        shop.manage("runworkflows", "--drain")
    assert counts["completed"] > 50
    assert counts["charged_and_refunded"] > 0


def test_northwind_orders_survive_kills(separate_project, tmp_path):
    with new_shop(separate_project, tmp_path) as shop:
        for _ in range(2):
            shop.start_worker()
        with killing_workers(shop, seed=1) as killed:
            fulfil_everything(shop)
        check_end_state(shop)
    assert len(killed) >= 3
