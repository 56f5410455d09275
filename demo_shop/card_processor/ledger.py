"""The processor's books: an SQLite file, so that they outlive the program and owe nothing to Postgres."""

import hashlib
import json
import secrets
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SCHEMA = """
CREATE TABLE IF NOT EXISTS charges (
    reference TEXT PRIMARY KEY,
    idempotency_key TEXT NOT NULL UNIQUE,
    card TEXT NOT NULL,
    amount INTEGER NOT NULL CHECK (amount > 0),
    description TEXT NOT NULL,
    captured_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP
);
CREATE TABLE IF NOT EXISTS refunds (
    reference TEXT PRIMARY KEY,
    idempotency_key TEXT NOT NULL UNIQUE,
    charge TEXT NOT NULL REFERENCES charges (reference),
    amount INTEGER NOT NULL CHECK (amount > 0),
    refunded_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP
);
CREATE TABLE IF NOT EXISTS answers (
    idempotency_key TEXT PRIMARY KEY,
    request TEXT NOT NULL,
    status INTEGER NOT NULL,
    body TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS attempts (
    idempotency_key TEXT PRIMARY KEY,
    number INTEGER NOT NULL
);
"""

CHARGE = """
SELECT reference, idempotency_key, card, amount, description,
       (SELECT coalesce(sum(amount), 0) FROM refunds WHERE charge = charges.reference) AS refunded
FROM charges
"""

# Stands where the fingerprint of the request would: this key may no longer capture anything.
CLOSED = "closed"

Row = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An HTTP answer, as it is kept under its idempotency key."""

    status: int
    body: Row


class Ledger:
    """Captures and refunds, each recorded in the transaction that records its answer."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with self._connection() as connection:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.executescript(SCHEMA)

    def attempt(self, key: str) -> int:
        """Count a call under ``key`` and return its number, from 1."""
        with self._transaction() as connection:
            connection.execute(
                "INSERT INTO attempts VALUES (?, 1) ON CONFLICT (idempotency_key) DO UPDATE SET number = number + 1",
                (key,),
            )
            row = connection.execute("SELECT number FROM attempts WHERE idempotency_key = ?", (key,)).fetchone()
            return int(row["number"])

    def once(self, key: str, request: Row, act: Callable[[sqlite3.Connection], Answer]) -> Answer:
        """Run ``act`` the first time that ``key`` comes; later give its answer again, or 422 to another request."""
        fingerprint = hashlib.sha256(json.dumps(request, sort_keys=True).encode()).hexdigest()
        with self._transaction() as connection:
            found = connection.execute("SELECT * FROM answers WHERE idempotency_key = ?", (key,)).fetchone()
            if found is None:
                answer = act(connection)
                kept = (key, fingerprint, answer.status, json.dumps(answer.body))
                connection.execute("INSERT INTO answers VALUES (?, ?, ?, ?)", kept)
                return answer
            if found["request"] not in (fingerprint, CLOSED):
                return Answer(status=422, body={"error": "idempotency_key_reused"})
            return Answer(status=found["status"], body=json.loads(found["body"]))

    def close(self, key: str) -> Row | None:
        """Return the capture made under ``key``; if there is none, see to it that there never will be."""
        closed = Answer(status=402, body={"error": "key_closed"})
        with self._transaction() as connection:
            connection.execute(
                "INSERT INTO answers VALUES (?, ?, ?, ?) ON CONFLICT (idempotency_key) DO NOTHING",
                (key, CLOSED, closed.status, json.dumps(closed.body)),
            )
        return self.charge_by_key(key)

    def charge_by_key(self, key: str) -> Row | None:
        """Return the capture that was made under ``key``, if there is one."""
        with self._connection() as connection:
            row = connection.execute(f"{CHARGE} WHERE idempotency_key = ?", (key,)).fetchone()
        return dict(row) if row else None

    def everything(self) -> dict[str, list[Row]]:
        """Return all captures and all refunds."""
        with self._connection() as connection:
            charges = connection.execute(f"{CHARGE} ORDER BY rowid").fetchall()
            refunds = connection.execute("SELECT * FROM refunds ORDER BY rowid").fetchall()
        return {"charges": [dict(row) for row in charges], "refunds": [dict(row) for row in refunds]}

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        # One connection a call: the server's threads never share one.
        with closing(sqlite3.connect(self.path, timeout=30, isolation_level=None)) as connection:
            connection.row_factory = sqlite3.Row
            connection.execute("PRAGMA foreign_keys = ON")
            connection.execute("PRAGMA synchronous = NORMAL")
            yield connection

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._connection() as connection:
            # IMMEDIATE takes the write lock before the first read, so two calls under one key queue up.
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")


def capture(connection: sqlite3.Connection, *, key: str, card: str, cents: int, description: str) -> Answer:
    """Take the money."""
    reference = f"ch_{secrets.token_hex(10)}"
    connection.execute(
        "INSERT INTO charges (reference, idempotency_key, card, amount, description) VALUES (?, ?, ?, ?, ?)",
        (reference, key, card, cents, description),
    )
    return Answer(status=201, body={"reference": reference, "amount": cents, "refunded": 0})


def refund(connection: sqlite3.Connection, *, key: str, charge: str, cents: int) -> Answer:
    """Give back ``cents`` of a capture, refusing more than is left of it."""
    row = connection.execute(f"{CHARGE} WHERE reference = ?", (charge,)).fetchone()
    if row is None:
        return Answer(status=404, body={"error": "unknown_charge"})
    left = row["amount"] - row["refunded"]
    if cents > left:
        return Answer(status=409, body={"error": "amount_too_large", "left": left})
    reference = f"re_{secrets.token_hex(10)}"
    connection.execute(
        "INSERT INTO refunds (reference, idempotency_key, charge, amount) VALUES (?, ?, ?, ?)",
        (reference, key, charge, cents),
    )
    return Answer(status=201, body={"reference": reference, "charge": charge, "amount": cents})


def refuse(connection: sqlite3.Connection, *, answer: Answer) -> Answer:
    """Move nothing: only the refusal is kept, so that it is the same the next time."""
    return answer
