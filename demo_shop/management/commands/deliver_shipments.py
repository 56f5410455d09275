"""Let the demo's carrier deliver parcels."""

import time
from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from demo_shop.carrier import CarrierCallFailed, call_webhook, parcel_delivered
from demo_shop.delivery import parcels_on_their_way, parcels_to_come


class Command(BaseCommand):
    """Deliver what is on its way, once or for as long as parcels come."""

    help = "Deliver parcels as the demo's carrier, which tells the shop who signed."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Describe the command line."""
        parser.add_argument("--url", help="call the shop's webhook at this address instead of sending the event")
        parser.add_argument("--after", type=float, default=0, help="seconds that a parcel takes (0)")
        parser.add_argument("--leave", nargs="+", default=[], metavar="NUMBER", help="orders not to deliver")
        parser.add_argument("--until-idle", action="store_true", help="go on until no parcel can come any more")
        parser.add_argument("--forever", action="store_true", help="go on until stopped")
        parser.add_argument("--every", type=float, default=0.5, help="seconds between two rounds (0.5)")

    def handle(
        self,
        *args: Any,
        url: str | None,
        after: float,
        leave: list[str],
        until_idle: bool,
        forever: bool,
        every: float,
        **options: Any,
    ) -> None:
        """Deliver, and say how much."""
        told: set[str] = set()
        while True:
            again = forever or (until_idle and parcels_to_come(leave))
            sent_before = timezone.now() - timedelta(seconds=after)
            for parcel in parcels_on_their_way(sent_before, leave=leave):
                if parcel.tracking not in told and self.deliver(url, parcel.tracking, parcel.order.customer):
                    told.add(parcel.tracking)
            if not again:
                break
            time.sleep(every)
        self.stdout.write(f"{len(told)} parcels delivered.")

    def deliver(self, url: str | None, tracking: str, signed_by: str) -> bool:
        """Tell the shop; False when it did not listen, so that the next round tries again."""
        if url is None:
            parcel_delivered(tracking, signed_by)
            return True
        try:
            call_webhook(url, tracking, signed_by)
        except CarrierCallFailed as problem:
            self.stderr.write(str(problem))
            return False
        return True
