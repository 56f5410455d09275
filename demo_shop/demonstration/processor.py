"""Running the card processor for a shop: one ledger a database, whatever database that is."""

import subprocess
import sys
from pathlib import Path

from django.conf import settings
from django.db import connection

from demo_shop.demonstration.processes import Processes

# Seconds that a stalled call is held: longer than the shop waits.
STALL = 2.5
SHOP_WAITS = 1.5
FAULTS = ("--lost-answers", "0.06", "--timeouts", "0.02", "--unavailable", "0.05")

# A database that was dropped and made again has another number, so it never meets the old one's ledger.
IDENTITY = """
SELECT system_identifier, (SELECT oid FROM pg_database WHERE datname = current_database())
FROM pg_control_system()
"""


class ProcessorFailed(Exception):
    """The card processor did not start."""


def ledger_path() -> Path:
    """Return where the processor keeps its books about this shop's database."""
    with connection.cursor() as cursor:
        cursor.execute(IDENTITY)
        server, database = cursor.fetchone() or ("", "")
    return Path(settings.STATE_DIR) / f"card-processor-{server}-{database}.sqlite3"


def start_processor(processes: Processes) -> str:
    """Start the processor and return its URL; what is started later finds it in its environment.

    Raises ProcessorFailed.
    """
    command = [sys.executable, "-m", "demo_shop.card_processor", "--ledger", str(ledger_path())]
    child = processes.start("card processor", [*command, *FAULTS, "--stall", str(STALL)], stdout=subprocess.PIPE)
    assert child.process.stdout is not None, "the address is read from it"
    url = child.process.stdout.readline().strip()
    if not url:
        raise ProcessorFailed(f"The card processor did not start; {child.log} says why.")
    processes.environment["SHOP_CARD_PROCESSOR_URL"] = url
    processes.environment["SHOP_CARD_PROCESSOR_TIMEOUT"] = str(SHOP_WAITS)
    return url
