"""Run the processor: ``python -m demo_shop.card_processor --port 0 --ledger ledger.sqlite3``."""

import argparse
import signal
import sqlite3
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from demo_shop.card_processor.faults import Faults
from demo_shop.card_processor.ledger import Ledger
from demo_shop.card_processor.server import CardProcessor


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until told to stop; the first line printed is the URL."""
    options = parser().parse_args(arguments)
    faults = Faults(
        lost_answers=options.lost_answers,
        timeouts=options.timeouts,
        unavailable=options.unavailable,
        never_answers=options.never_answers,
        declines=options.declines,
        stall=options.stall,
    )
    try:
        processor = CardProcessor((options.host, options.port), Ledger(options.ledger), faults)
    except (OSError, sqlite3.Error) as problem:
        sys.stderr.write(f"The card processor cannot begin: {problem}. Choose another --port or --ledger.\n")
        return 1
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    sys.stdout.write(f"{processor.url}\n")
    sys.stdout.flush()
    with suppress(KeyboardInterrupt):
        processor.serve_forever()
    return 0


def parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    parser = argparse.ArgumentParser(prog="python -m demo_shop.card_processor", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0 takes any free port (the default)")
    parser.add_argument("--ledger", type=Path, required=True, help="SQLite file of the processor's books")
    parser.add_argument("--lost-answers", type=fraction, default=0.0, metavar="RATE")
    parser.add_argument("--timeouts", type=fraction, default=0.0, metavar="RATE")
    parser.add_argument("--unavailable", type=fraction, default=0.0, metavar="RATE")
    parser.add_argument("--never-answers", type=fraction, default=0.0, metavar="RATE")
    parser.add_argument("--declines", type=fraction, default=0.0, metavar="RATE")
    parser.add_argument("--stall", type=float, default=5.0, metavar="SECONDS", help="how long a time-out lasts")
    return parser


def fraction(text: str) -> float:
    """Read a rate between 0 and 1."""
    rate = float(text)
    if not 0 <= rate <= 1:
        raise argparse.ArgumentTypeError("must be between 0 and 1")
    return rate


if __name__ == "__main__":
    sys.exit(main())
