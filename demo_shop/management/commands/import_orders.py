"""Import products and orders from CSV files."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from demo_shop.imports.checking import ORDER_COLUMNS, PRODUCT_COLUMNS
from demo_shop.imports.problems import BadLine, ImportRefused
from demo_shop.imports.storing import BadLines, Imported, import_files

SHOWN_LINES = 20


class Command(BaseCommand):
    """Parse the command line, import, say what came of it."""

    help = (
        "Import products and orders, and start the fulfilment of each new order. "
        f"Columns: {','.join(PRODUCT_COLUMNS)} and {','.join(ORDER_COLUMNS)}; one line of an order on each line."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Describe the command line."""
        parser.add_argument("products", type=Path, metavar="PRODUCTS.csv")
        parser.add_argument("orders", type=Path, metavar="ORDERS.csv")
        parser.add_argument(
            "--skip-bad-lines",
            action="store_true",
            help="leave out bad lines, and the orders they belong to, and import the rest; "
            "without it one bad line keeps everything out",
        )

    def handle(self, *args: Any, products: Path, orders: Path, skip_bad_lines: bool, **options: Any) -> None:
        """Import both files, or nothing."""
        try:
            imported = import_files(products, orders, skip_bad_lines=skip_bad_lines)
        except BadLines as problem:
            self.show(problem.bad)
            raise CommandError(str(problem)) from problem
        except ImportRefused as problem:
            raise CommandError(str(problem)) from problem
        self.show(imported.bad)
        self.stdout.write(summary(imported))

    def show(self, bad: list[BadLine]) -> None:
        """List bad lines, the first of them where they are many."""
        for line in bad[:SHOWN_LINES]:
            self.stderr.write(str(line))
        if len(bad) > SHOWN_LINES:
            self.stderr.write(f"... and {len(bad) - SHOWN_LINES} more bad lines")


def summary(imported: Imported) -> str:
    """Say what was imported."""
    products, orders = counted(imported.products, "product"), counted(imported.orders, "order")
    parts = [
        f"Imported {products} and {orders} with {counted(imported.lines, 'line')}; "
        f"{counted(imported.orders, 'workflow')} started."
    ]
    if imported.known_products or imported.known_orders:
        known = f"{counted(imported.known_products, 'product')} and {counted(imported.known_orders, 'order')}"
        parts.append(f"There already: {known}.")
    if imported.bad:
        parts.append(f"Left out: {counted(len(imported.bad), 'bad line')}, and the orders with a bad line.")
    return " ".join(parts)


def counted(number: int, what: str) -> str:
    """Return a number with its noun."""
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
