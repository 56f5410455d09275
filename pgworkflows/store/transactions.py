"""The transactions of workers: how each is bounded, found by others, and ended."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction

from ..conf import conf
from .connection import answered, database, query

#: The first half of the advisory lock that each transaction of a worker holds, shared; the worker's id is the second. Tried
#: only, since any login can take it first.
TRANSACTION_LOCK = 1885828969
#: How long after a lease the server ends an idle transaction, in heartbeats; its worker takes two to be sure that it hangs.
BEATS_LATER = 4


def bounded(worker: int, lease: float) -> str:
    """Return the statements that bound a transaction and say whose it is: for it only, so that a pooler hands nothing on.

    The server itself ends the transaction of a worker that is stopped or out of reach, unless it has got half a message. It
    does so some beats after the lease: a worker that lives is to say first which workflow it hangs in.
    """
    milliseconds, third = int(lease * 1000), max(1, int(lease / 3))
    idle = milliseconds + int(BEATS_LATER * conf().HEARTBEAT * 1000)
    return (
        f"SELECT pg_try_advisory_xact_lock_shared({TRANSACTION_LOCK}, {worker}); "
        f"SET LOCAL idle_in_transaction_session_timeout = {idle}; "
        f"SET LOCAL client_connection_check_interval = 1000; SET LOCAL tcp_user_timeout = {milliseconds}; "
        f"SET LOCAL tcp_keepalives_idle = {third}; SET LOCAL tcp_keepalives_interval = 1; "
        f"SET LOCAL tcp_keepalives_count = {third}; "
    )


@contextmanager
def own_transaction(worker: int) -> Iterator[None]:
    """Let a worker write outside its batches; in a test's transaction, which goes on, that is not bounded."""
    outermost = not database().in_atomic_block
    with answered(), transaction.atomic(using=conf().DATABASE):
        if outermost:
            query(bounded(worker, conf().LEASE))
        yield


# A backend that waits for the rest of a message is no idle one, and no timeout of PostgreSQL 15 and 16 ends it. Whom the
# server would not let us end is left alone: anybody may hold the lock.
END_TRANSACTIONS = """
SELECT pg_terminate_backend(a.pid, 2000)
FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid JOIN pg_roles r ON r.oid = a.usesysid
WHERE l.locktype = 'advisory' AND l.classid = %(kind)s AND l.objid = %(worker)s::bigint::oid AND l.objsubid = 2 AND l.granted
  AND a.datname = current_database() AND a.pid <> pg_backend_pid()
  AND pg_has_role(r.oid, 'USAGE') AND (NOT r.rolsuper OR current_setting('is_superuser')::boolean)
"""


def end_transactions_of(worker: int) -> None:
    """End what a worker that is gone has left open on the server, with all the row locks that it holds."""
    query(END_TRANSACTIONS, {"kind": TRANSACTION_LOCK, "worker": worker})


END_TRANSACTION = "SELECT pg_terminate_backend(pid, 2000) FROM pg_stat_activity WHERE backend_xid = (%(transaction)s::xid8)::xid"


def end_transaction(transaction: str) -> None:
    """End the session that has this transaction open."""
    query(END_TRANSACTION, {"transaction": transaction})


AT_WORK = """
SELECT EXISTS (SELECT FROM pg_stat_activity
WHERE backend_xid = (%(transaction)s::xid8)::xid AND wait_event IS DISTINCT FROM 'ClientRead')
"""


def at_work(transaction: str) -> bool:
    """Whether the server is at work in this transaction; false where it waits for the client, or has ended it."""
    return bool(query(AT_WORK, {"transaction": transaction})[0][0])
