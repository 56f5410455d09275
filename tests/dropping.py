"""Taking a test's database away."""

import time

import psycopg


def drop_database(session: psycopg.Connection, name: str) -> None:
    """Drop it, whoever is still there; an owner may not end a server's own worker, which soon ends by itself."""
    until = time.monotonic() + 60
    while True:
        try:
            session.execute(f"DROP DATABASE {name} WITH (FORCE)")
            return
        except psycopg.errors.InsufficientPrivilege:
            if time.monotonic() > until:
                raise
            time.sleep(0.2)
