"""A shop of its own for the real orders: own ledger, real processes; looked at with plain SQL."""

import csv
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import psycopg

from demo_shop.card_client import CardClient
from demo_shop.demonstration.processes import CHECKOUT, Child, Processes

DATA = CHECKOUT.parent / "shared" / "data"
PRODUCTS = DATA / "northwind_products.csv"
ORDERS = DATA / "northwind_orders.csv"
FAULTS = ("--lost-answers", "0.05", "--unavailable", "0.05", "--never-answers", "0.2", "--declines", "0.03")
WITHIN = 270.0
#: A slow machine gets to nothing between two kills.
MOST_KILLS = 30

STATUSES = """
SELECT o.number, o.status, w.status
FROM demo_shop_order o
LEFT JOIN pgworkflows_workflow w ON w.name = 'demo_shop.fulfil_order' AND w.key = o.number
"""
UNITS_LEFT = "SELECT sku, stock FROM demo_shop_product"
UNFINISHED = "SELECT count(*) FROM pgworkflows_workflow WHERE finished_at IS NULL AND status <> 'BLOCKED'"


class Shop:
    """The processes of one shop, and what its database says."""

    def __init__(self, processes: Processes, url: str) -> None:
        self.processes = processes
        self.url = url
        self.workers: list[Child] = []
        self.client = CardClient(url="", timeout=5)

    def manage(self, *arguments: str) -> str:
        """Run one management command to its end, which must be good, and return what it printed."""
        environment = {**os.environ, **self.processes.environment}
        command = [sys.executable, str(CHECKOUT / "manage.py"), *arguments]
        done = subprocess.run(command, cwd=CHECKOUT, env=environment, text=True, capture_output=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def start_processor(self, ledger: Path) -> None:
        command = [sys.executable, "-m", "demo_shop.card_processor", "--ledger", str(ledger), *FAULTS]
        child = self.processes.start("card processor", command, stdout=subprocess.PIPE)
        self.client = CardClient(url=child.process.stdout.readline().strip(), timeout=5)
        self.processes.environment["SHOP_CARD_PROCESSOR_URL"] = self.client.url

    def start_worker(self) -> None:
        self.workers.append(self.processes.manage(f"worker {len(self.workers)}", "runworkflows"))

    def query(self, statement: str) -> list[Any]:
        with psycopg.connect(self.url, autocommit=True) as connection:
            return connection.execute(statement).fetchall()

    def wait_until_done(self) -> None:
        """Wait for manager, carrier and every workflow."""
        deadline = time.monotonic() + WITHIN
        while self.query(UNFINISHED) != [(0,)]:
            assert time.monotonic() < deadline, (self.query(STATUSES + "WHERE w.finished_at IS NULL"), self.processes)
            time.sleep(0.5)


@contextmanager
def new_shop(environment: dict[str, str], folder: Path) -> Iterator[Shop]:
    """Start a processor and prepare the database that the environment names."""
    with Processes(logs=folder / "logs", environment=environment) as processes:
        shop = Shop(processes, environment["DATABASE_URL"])
        shop.start_processor(folder / "ledger.sqlite3")
        shop.manage("migrate", "--verbosity", "0")
        yield shop


@contextmanager
def killing_workers(shop: Shop, seed: int) -> Iterator[list[str]]:
    """Send SIGKILL to a worker every second or two, MOST_KILLS times: now the one process, now it and all its children."""
    killed: list[str] = []
    stop = threading.Event()
    chance = random.Random(seed)

    def kill() -> None:
        while len(killed) < MOST_KILLS and not stop.wait(chance.uniform(1, 2)):
            victim = chance.choice(shop.workers)
            children = children_of(victim.process.pid)
            if children and chance.random() < 0.5:
                with suppress(ProcessLookupError):
                    os.kill(chance.choice(children), signal.SIGKILL)
                killed.append("process")
            else:
                shop.workers.remove(victim)
                shop.processes.abandon(victim)
                killed.append("group")
                shop.start_worker()

    thread = threading.Thread(target=kill)
    thread.start()
    try:
        yield killed
    finally:
        stop.set()
        thread.join()


def children_of(parent: int) -> list[int]:
    """Return the process ids of a process's children."""
    listed = subprocess.run(["ps", "-axo", "pid=,ppid="], text=True, capture_output=True, check=True).stdout
    pairs = (map(int, line.split()) for line in listed.splitlines())
    return [child for child, its_parent in pairs if its_parent == parent]


def opening_stock() -> dict[str, int]:
    with PRODUCTS.open(encoding="utf-8") as file:
        return {row["sku"]: int(row["units_in_stock"]) for row in csv.DictReader(file)}


def ordered_lines() -> dict[str, list[dict[str, str]]]:
    lines: dict[str, list[dict[str, str]]] = defaultdict(list)
    with ORDERS.open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            lines[row["order"]].append(row)
    return lines


def due(lines: list[dict[str, str]]) -> int:
    """Return what an order costs in cents, reckoned from the file alone."""

    def cents(text: str) -> Decimal:
        return Decimal(text).quantize(Decimal("0.01"), ROUND_HALF_UP)

    goods = sum(cents(row["unit_price"]) * int(row["quantity"]) * (1 - round(Decimal(row["discount"]), 4)) for row in lines)
    return int(((goods + cents(lines[0]["freight"])) * 100).quantize(Decimal(1), ROUND_HALF_UP))
