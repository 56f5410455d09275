"""Pruning, as it goes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import nullcontext
from datetime import timedelta
from pathlib import Path

from ...store.connection import database_now
from ...store.retention.archive import open_archive
from ...store.retention.pruning import BEGINNING, count_prunable, prune_answers, prune_batch
from .text import moment

#: How many times as long as a batch took it rests, so that workers have the server to themselves most of the time.
REST = 3


def prune(older_than: timedelta, *, most: int, export: Path | None, dry_run: bool) -> Iterator[str]:
    """Remove what ended that long ago, batch by batch, and yield how it goes, a line a second at most."""
    before = database_now() - older_than
    if dry_run:
        yield f"{count_prunable(before)} workflows ended before {moment(before)}. Nothing was removed."
        return
    workflows = history = 0
    after, said_at = BEGINNING, time.monotonic()
    with open_archive(export) if export else nullcontext() as archive:
        while True:
            began = time.monotonic()
            batch = prune_batch(before, after=after, most=most, archive=archive)
            workflows, history = workflows + batch.workflows, history + batch.history
            if batch.last is None:
                break
            after = batch.last
            if time.monotonic() - said_at > 1:
                said_at = time.monotonic()
                yield f"{workflows} workflows removed"
            time.sleep(REST * (time.monotonic() - began))
    answers = 0
    while removed := prune_answers(before, most=most):
        answers += removed
    exported = f"; {history} history rows are in {export} and no longer in the database" if export else "; their history stays"
    yield f"Removed {workflows} workflows that ended before {moment(before)}{exported}."
    if answers:
        yield f"Removed {answers} answers to requests with an Idempotency-Key that are as old."
