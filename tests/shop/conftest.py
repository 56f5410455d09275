"""A card processor, and a shop with something to sell."""

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from django.contrib.auth.models import User

from demo_shop.card_client import CardClient
from demo_shop.card_processor.faults import Faults
from demo_shop.card_processor.ledger import Ledger
from demo_shop.card_processor.server import CardProcessor
from demo_shop.manager import demo_manager
from demo_shop.models import Product


@contextmanager
def running_processor(ledger: Path, **faults: float) -> Iterator[CardProcessor]:
    processor = CardProcessor(("127.0.0.1", 0), Ledger(ledger), Faults(**faults))
    thread = threading.Thread(target=processor.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield processor
    finally:
        processor.shutdown()
        thread.join()
        processor.server_close()


@pytest.fixture
def start_processor(tmp_path: Path) -> Iterator[Callable[..., CardClient]]:
    """Start a processor with these faults and return a client; its ledger is the test's."""
    with ExitStack() as stack:

        def start(*, timeout: float = 5, **faults: float) -> CardClient:
            processor = stack.enter_context(running_processor(tmp_path / "ledger.sqlite3", **faults))
            return CardClient(url=processor.url, timeout=timeout)

        yield start


@pytest.fixture
def make_product(db: None) -> Callable[..., Product]:
    """Put a product on the shelf."""

    def make(sku: str = "cup", *, stock: int = 10, price: str = "12.50") -> Product:
        return Product.objects.create(sku=sku, name=sku.title(), unit_price=price, stock=stock, received=stock)

    return make


@pytest.fixture(autouse=True)
def manager(db: None) -> User:
    """Have somebody who can release large orders."""
    return demo_manager()
