"""`migrate pgworkflows` while the project's own tables are read and written: nobody waits long for a lock."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg
import pytest
from psycopg import errors

from tests.scratch import Scratch, database

pytestmark = pytest.mark.direct

#: Seconds that a statement of the project's may wait for a lock; the migrations themselves take some tenths.
BOUND = 2


@pytest.fixture(scope="module")
def scratch() -> Iterator[Scratch]:
    """Give a project's database with users, which the foreign keys of our tables refer to."""
    with database("loaded", "tests.settings") as made:
        made.execute(
            "INSERT INTO auth_user (username, password, is_superuser, first_name, last_name, email, is_staff, is_active, "
            "date_joined) SELECT 'u' || n, '', false, '', '', '', false, true, now() FROM generate_series(1, 1000) n"
        )
        yield made


class Load:
    """Sessions that do the same small transactions over and over, and give up where a lock keeps them longer than the bound."""

    STATEMENTS = (
        "UPDATE auth_user SET last_login = now() WHERE username = 'u7'",
        "SELECT count(*) FROM auth_user JOIN django_content_type ON true",
        "INSERT INTO auth_group (name) VALUES (gen_random_uuid()::text)",
    )

    def __init__(self, address: str) -> None:
        self.address, self.ended = address, threading.Event()
        self.failures: list[Exception] = []
        self.done = [0] * len(self.STATEMENTS)
        self.longest = 0.0

    def run(self, place: int) -> None:
        with psycopg.connect(self.address, autocommit=True, options=f"-c lock_timeout={BOUND}s") as session:
            while not self.ended.is_set():
                began = time.monotonic()
                try:
                    session.execute(self.STATEMENTS[place])
                except psycopg.Error as error:
                    self.failures.append(error)
                self.longest = max(self.longest, time.monotonic() - began)
                self.done[place] += 1
                time.sleep(0.005)


@contextmanager
def load(scratch: Scratch) -> Iterator[Load]:
    made = Load(scratch.address)
    threads = [threading.Thread(target=made.run, args=[place]) for place in range(len(made.STATEMENTS))]
    for thread in threads:
        thread.start()
    try:
        yield made
    finally:
        made.ended.set()
        for thread in threads:
            thread.join()


def test_migrations_hold_up_nobody_for_long(scratch, record_property):
    scratch.manage("migrate", "pgworkflows", "zero", "--verbosity", "0")  # may meet a join in a deadlock: docs/operations.md
    with load(scratch) as made:
        for target in ([], ["0001"], []):  # forward, then back and forth over 0002
            scratch.manage("migrate", "pgworkflows", *target, "--verbosity", "0")
    assert made.failures == []
    assert min(made.done) > 100
    record_property("longest statement under load, seconds", round(made.longest, 3))


@pytest.fixture
def long_transaction(scratch) -> Iterator[Callable[[], None]]:
    """Hold a row of a table that our foreign keys refer to, until told to let go."""
    scratch.manage("migrate", "pgworkflows", "zero", "--verbosity", "0")
    with psycopg.connect(scratch.address) as session:
        session.execute("UPDATE auth_user SET last_login = now() WHERE username = 'u1'")
        yield session.rollback


def test_lock_timeout_lets_a_migration_give_way(scratch, long_transaction, monkeypatch):
    with load(scratch) as made:
        monkeypatch.setenv("PGOPTIONS", "-c lock_timeout=500ms")
        with pytest.raises(AssertionError, match="LockNotAvailable"):
            scratch.manage("migrate", "pgworkflows", "--verbosity", "0")
        assert scratch.ours() == set()
        long_transaction()
        scratch.manage("migrate", "pgworkflows", "--verbosity", "0")
    assert made.failures == []
    assert "start" in scratch.ours()


def test_migration_without_it_holds_up_the_others(scratch, long_transaction):
    """Why the advice is given: behind a migration that waits, everybody waits."""
    with load(scratch) as made:
        migrating = threading.Thread(target=scratch.manage, args=["migrate", "pgworkflows", "--verbosity", "0"])
        migrating.start()
        end = time.monotonic() + 30
        while not made.failures and time.monotonic() < end:
            time.sleep(0.05)
        long_transaction()
        migrating.join()
    assert {type(error) for error in made.failures} == {errors.LockNotAvailable}
