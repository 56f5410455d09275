"""Importing orders from CSV files, good and bad."""

import re
from collections.abc import Callable
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from demo_shop.models import Order, OrderLine, Product
from pgworkflows.models import Workflow

pytestmark = pytest.mark.django_db

PRODUCTS = "sku,name,unit_price,units_in_stock\n1,Chai,18,39\n2,Chang,19.0000004,17\n"
HEADER = "order,ordered_on,customer,ship_country,freight,sku,unit_price,quantity,discount\n"
FIRST = "10248,1996-07-04,VINET,France,32.3800011,1,14,12,0\n"
SECOND = "10248,1996-07-04,VINET,France,32.3800011,2,9.80000019,10,0.0500000007\n"
OTHER = "10249,1996-07-05,TOMSP,Germany,11.6099997,1,18.6000004,9,0\n"


@pytest.fixture
def run_import(tmp_path: Path) -> Callable[..., str]:
    """Write both files and import them; returns what the command printed."""

    def run(products: str | bytes, orders: str | bytes, *options: str) -> str:
        files = tmp_path / "products.csv", tmp_path / "orders.csv"
        for file, content in zip(files, (products, orders), strict=True):
            file.write_bytes(content if isinstance(content, bytes) else content.encode())
        said = StringIO()
        call_command("import_orders", *map(str, files), *options, stdout=said, stderr=said)
        return said.getvalue()

    return run


def refusal_of(run_import: Callable[..., str], products: str | bytes, orders: str | bytes) -> str:
    with pytest.raises(CommandError) as problem:
        run_import(products, orders)
    assert not Product.objects.exists()
    assert not Order.objects.exists()
    assert not Workflow.objects.exists()
    return str(problem.value)


def test_each_order_gets_its_workflow(run_import):
    said = run_import(PRODUCTS, HEADER + FIRST + SECOND + OTHER)
    assert said == "Imported 2 products and 2 orders with 3 lines; 2 workflows started.\n"
    assert {w.key: w.kwargs for w in Workflow.objects.all()} == {
        order.number: {"order_id": order.pk} for order in Order.objects.all()
    }


def test_values_are_rounded_as_money(run_import):
    run_import(PRODUCTS, HEADER + FIRST + SECOND)
    order = Order.objects.get()
    line = OrderLine.objects.get(product__sku="2")
    assert (str(order.freight), str(line.unit_price), str(line.discount)) == ("32.38", "9.80", "0.0500")
    assert str(order.total) == "293.48"


def test_second_import_changes_nothing(run_import):
    run_import(PRODUCTS, HEADER + FIRST)
    Product.objects.filter(sku="1").update(stock=3)
    said = run_import(PRODUCTS, HEADER + FIRST + OTHER)
    assert said == ("Imported 0 products and 1 order with 1 line; 1 workflow started. There already: 2 products and 1 order.\n")
    assert Product.objects.get(sku="1").stock == 3
    assert Workflow.objects.count() == 2


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("10250,1996-07-04,A,France,1,1,14,twelve,0", "quantity 'twelve' is not a whole number"),
        ("10250,1996-07-04,A,France,1,1,14,0,0", "quantity '0' is not between 1 and 1000000"),
        ("10250,1996-07-04,A,France,1,1,-14,1,0", "unit_price '-14' is negative"),
        ("10250,1996-07-04,A,France,1,1,NaN,1,0", "unit_price 'NaN' is not a number"),
        ("10250,1996-07-04,A,France,much,1,14,1,0", "freight 'much' is not a number"),
        ("10250,1996-07-04,A,France,1,1,14,1,1.5", "discount '1.5' is not between 0 and 1"),
        ("10250,4 July,A,France,1,1,14,1,0", "ordered_on '4 July' is not a date such as 1996-07-04"),
        ("10250,1996-07-04,,France,1,1,14,1,0", "customer is empty"),
        (",1996-07-04,A,France,1,1,14,1,0", "order is empty"),
        ("10 250,1996-07-04,A,France,1,1,14,1,0", "order '10 250' may have only plain letters, digits, '-' and '_'"),
        (f"10250,1996-07-04,{'A' * 201},France,1,1,14,1,0", "customer has 201 characters, more than 200"),
        (
            "10250,1996-07-04,A,France,1,99,14,1,0",
            "sku 99 is unknown: it is neither in the products file nor in the shop",
        ),
        ("10250,1996-07-04,A,France,1,1,14,1", "8 values where the header names 9"),
        ("10250,1996-07-04,A,France,0,1,14,1,1", "order 10250 costs nothing: there is nothing to charge"),
        ("10248,1996-07-04,VINET,France,32.38,1,14,1,0", "sku 1 comes twice in order 10248"),
        (
            "10248,1996-07-04,VINET,Spain,32.38,2,14,1,0",
            "order 10248 has another date, customer, country or freight in line 2",
        ),
        ("10250,1996-07-04,A\0,France,1,1,14,1,0", "customer contains a NUL character"),
    ],
)
def test_bad_order_line_is_named(run_import, line, problem):
    with pytest.raises(CommandError, match="1 line is bad, so nothing was imported"):
        run_import(PRODUCTS, HEADER + FIRST + line + "\n")
    assert not Order.objects.exists()
    said = run_import(PRODUCTS, HEADER + FIRST + line + "\n", "--skip-bad-lines")
    assert said.splitlines()[0] == f"orders.csv, line 3: {problem}"


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("1,Chai again,18,39", "sku 1 comes twice"),
        ("3,Syrup,10,-1", "units_in_stock '-1' is not between 0 and 1000000"),
        ("3,Syrup,10,1.5", "units_in_stock '1.5' is not a whole number"),
        ("3,,10,1", "name is empty"),
        ("3,Syrup,1e99,1", "unit_price '1e99' is too large"),
    ],
)
def test_bad_product_line_is_named(run_import, line, problem):
    said = run_import(PRODUCTS + line + "\n", HEADER + FIRST, "--skip-bad-lines")
    assert said.splitlines()[0] == f"products.csv, line 4: {problem}"
    assert Product.objects.count() == 2


def test_order_with_bad_line_left_out(run_import):
    bad = "10248,1996-07-04,VINET,France,32.38,2,9.8,none,0\n"
    said = run_import(PRODUCTS, HEADER + FIRST + bad + OTHER, "--skip-bad-lines")
    assert [order.number for order in Order.objects.all()] == ["10249"]
    assert said.splitlines()[1] == (
        "Imported 2 products and 1 order with 1 line; 1 workflow started. Left out: 1 bad line, and the orders with a bad line."
    )


def test_missing_column_refuses_the_file(run_import):
    assert re.fullmatch(
        r".*products\.csv has no column unit_price, units_in_stock\. "
        r"Its first line must name the columns: sku,name,unit_price,units_in_stock\.",
        refusal_of(run_import, "sku,name\n1,Chai\n", HEADER + FIRST),
    )


def test_empty_file_is_refused(run_import):
    assert "orders.csv has no column order" in refusal_of(run_import, PRODUCTS, "")


def test_doubled_column_is_refused(run_import):
    refusal = refusal_of(run_import, PRODUCTS.replace("name", "sku", 1).replace("sku,sku", "sku,name,sku"), "")
    assert "more than one column sku" in refusal


def test_missing_file_is_named(tmp_path):
    with pytest.raises(CommandError, match=r"products\.csv cannot be read: No such file or directory"):
        call_command("import_orders", str(tmp_path / "products.csv"), str(tmp_path / "orders.csv"))


def test_byte_order_mark_and_crlf_are_fine(run_import):
    orders = (HEADER + FIRST).replace("\n", "\r\n").encode("utf-8-sig")
    assert "1 order with 1 line" in run_import(PRODUCTS.encode("utf-8-sig"), orders)


def test_wrong_encoding_costs_its_line(run_import):
    orders = (HEADER + FIRST + OTHER.replace("TOMSP", "Käse")).encode("latin-1")
    said = run_import(PRODUCTS, orders, "--skip-bad-lines")
    assert said.splitlines()[0] == "orders.csv, line 3: customer is not UTF-8; save the file as UTF-8"


def test_open_quote_is_named(run_import):
    said = run_import(PRODUCTS, HEADER + FIRST + OTHER.replace("TOMSP", '"TOMSP'), "--skip-bad-lines")
    assert said.splitlines()[0] == "orders.csv, line 3: this is not CSV: unexpected end of data"


def test_many_bad_lines_are_counted(run_import):
    with pytest.raises(CommandError, match="30 lines are bad"):
        run_import(PRODUCTS, HEADER + "x\n" * 30)
