"""The verbs that keep an installation in order: their options."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

from .words import age, count, positive


def add_check(verbs: Any) -> None:
    """Declare `check`."""
    checked = verbs.add_parser("check", help="whether all is well, for monitoring: exit status 0 or 1")
    checked.add_argument("--json", action="store_true", help="every figure, as one JSON object")
    checked.add_argument("--snapshots", action="store_true", help="only list what approvers are shown of each kind of row")
    checked.add_argument(
        "--runnable", type=age, default=timedelta(minutes=1), metavar="AGE",
        help="the longest that a runnable workflow may wait for a worker (default 60s)",
    )  # fmt: skip
    checked.add_argument("--wait", type=age, metavar="AGE", help="the longest that a wait may be open (default: any)")
    checked.add_argument("--overdue", type=count, default=0, metavar="N", help="approvals past their due date (default 0)")
    checked.add_argument("--workers", type=count, default=1, metavar="N", help="the fewest workers alive (default 1)")
    checked.add_argument("--blocked", type=count, default=0, metavar="N", help="blocked workflows (default 0)")
    checked.add_argument("--badly", type=count, metavar="N", help="workflows that ended FAILED or COMPENSATED (default: any)")
    checked.add_argument("--events", type=count, metavar="N", help="events that nobody took (default: any)")


def add_prune(parser: Any) -> None:
    """Declare the options of `prune`."""
    parser.add_argument("--older-than", type=age, required=True, metavar="AGE", help="what ended before that, as in 90d")
    parser.add_argument("--batch", type=positive, default=1000, metavar="N", help="workflows to a transaction (default 1000)")
    parser.add_argument(
        "--export", type=Path, metavar="FILE", help="write their history there, as JSON Lines, and remove it; without, it stays"
    )
    parser.add_argument("--dry-run", action="store_true", help="only count")


def add_forget(parser: Any) -> None:
    """Declare what `forget` takes."""
    parser.add_argument("subject", help="as in shop.order:7")


def add_roles(verbs: Any) -> None:
    """Declare `roles`."""
    printed = verbs.add_parser("roles", help="print the SQL that makes roles with no more rights than they need")
    printed.add_argument("--prefix", default="shop", help="what their names begin with (default %(default)s)")
