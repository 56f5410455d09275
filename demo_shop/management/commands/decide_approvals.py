"""Let the demo's manager decide about large orders."""

import time
from argparse import ArgumentParser
from decimal import Decimal
from typing import Any

from django.core.management.base import BaseCommand

from demo_shop.manager import Decided, decide_pending, demo_manager, may_be_asked_again


class Command(BaseCommand):
    """Decide what is pending, once or for as long as orders come."""

    help = "Decide pending approvals as the demo's manager: orders up to the limit yes, above no."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Describe the command line."""
        parser.add_argument("--limit", type=Decimal, default=Decimal(5000), help="approve up to this (5000)")
        parser.add_argument("--manager", default="manager", help="username of the manager (manager)")
        parser.add_argument("--leave", nargs="+", default=[], metavar="NUMBER", help="orders to leave undecided")
        parser.add_argument("--until-idle", action="store_true", help="go on until no order can ask any more")
        parser.add_argument("--forever", action="store_true", help="go on until stopped")
        parser.add_argument("--every", type=float, default=0.5, help="seconds between two looks (0.5)")

    def handle(
        self,
        *args: Any,
        limit: Decimal,
        manager: str,
        leave: list[str],
        until_idle: bool,
        forever: bool,
        every: float,
        **options: Any,
    ) -> None:
        """Decide, and say how much."""
        user = demo_manager(manager)
        decided = Decided()
        while True:
            # Asked before the look: what arrives in between is seen by the next one.
            again = forever or (until_idle and may_be_asked_again(leave))
            decided += decide_pending(user, limit=limit, leave=leave)
            if not again:
                break
            time.sleep(every)
        self.stdout.write(f"{decided.approved} approved, {decided.rejected} rejected.")
