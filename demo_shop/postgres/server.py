"""The server as its users see it: started, found again, stopped.

It listens on 127.0.0.1 only. Databases belong to a role that is no superuser; its password, and the superuser's, is random
and lies in the data folder, closed to other accounts. What is written is durable, as on any server, unless the options say
otherwise.
"""

import contextlib
import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import KW_ONLY, dataclass, field
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote

import psycopg
from psycopg import errors, pq, sql

from demo_shop.postgres.cluster import HOST, OWNER, START_SECONDS, SUPERUSER, Cluster
from demo_shop.postgres.install import EmbeddedPostgresError
from demo_shop.postgres.process import Postmaster, outlive
from demo_shop.state import make_folder, state_dir


def default_data_dir(version: int = 18) -> Path:
    """Return the demo's own data folder: one a user and checkout."""
    return state_dir() / f"postgres{version}"


@dataclass(frozen=True, slots=True)
class EmbeddedPostgres:
    """One server on one data folder; any process of the folder's owner finds it again.

    `options` are server settings such as `{"fsync": "off"}`; they count from the next start.
    """

    data_dir: Path
    _: KW_ONLY
    version: int = 18
    options: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "data_dir", Path(self.data_dir).resolve())

    @classmethod
    @contextlib.contextmanager
    def temporary(cls, *, version: int = 18, options: Mapping[str, str] | None = None) -> Iterator[Self]:
        """Run a server in a folder of its own; both are gone afterwards, even when this process is killed."""
        folder = Path(tempfile.mkdtemp(prefix="pgworkflows-")).resolve()
        if os.geteuid() == 0:
            folder.chmod(0o711)
        server = cls(folder / "data", version=version, options=options or {})
        guard = outlive(server.data_dir / "postmaster.pid", folder)
        try:
            yield server.start()
        finally:
            try:
                server.destroy()
            finally:
                shutil.rmtree(folder, ignore_errors=True)
                guard.communicate()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> Self:
        """Start the server unless it runs, making the cluster first where there is none.

        Raises EmbeddedPostgresError, with the server's own words and what to do.
        """
        try:
            make_folder(self.data_dir.parent)
            with self._locked():
                if not self._wait_for_running():
                    if not self._cluster.exists:
                        self._cluster.create()
                    self._cluster.launch()
        except OSError as error:
            raise EmbeddedPostgresError(f"PostgreSQL cannot start in {self.data_dir}: {error}") from error
        return self

    def stop(self, mode: str = "fast") -> None:
        """Stop the server if it runs: "fast" ends all sessions first, "immediate" is a crash that recovery repairs."""
        if mode not in ("fast", "immediate"):
            raise ValueError(f"mode is fast or immediate, not {mode!r}")
        if self.data_dir.exists():
            with self._locked():
                self._stop(mode)

    def restart(self, mode: str = "fast") -> Self:
        """Stop and start; the port stays the same as long as nobody else takes it in between."""
        self.stop(mode)
        return self.start()

    def destroy(self) -> None:
        """Stop the server and delete its data."""
        if self.data_dir.parent.exists():
            with self._locked():
                self._stop("immediate")
                self._cluster.destroy()

    def is_running(self) -> bool:
        """Say whether the server of this folder answers; one that recovers or has no free connection does run."""
        postmaster = Postmaster.of(self.data_dir)
        return postmaster is not None and _ping(postmaster.port) in (pq.Ping.OK, pq.Ping.REJECT)

    @property
    def port(self) -> int | None:
        """The TCP port, kept from start to start where it can be; None before the first."""
        return self._cluster.port

    def settings(self, dbname: str = "postgres") -> dict[str, Any]:
        """Return an entry for Django's DATABASES."""
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": dbname,
            "USER": OWNER,
            "PASSWORD": self._cluster.password,
            "HOST": HOST,
            "PORT": str(self.port or ""),
        }

    def url(self, dbname: str = "postgres") -> str:
        """Return the postgresql:// address of one database for the role that owns it, password included."""
        return self._url(OWNER, dbname)

    def superuser_url(self, dbname: str = "postgres") -> str:
        """Return the same for the superuser, whom nothing of ours needs but backups, standbys and checkpoints."""
        return self._url(SUPERUSER, dbname)

    def _url(self, role: str, dbname: str) -> str:
        return f"postgresql://{role}:{quote(self._cluster.password)}@{HOST}:{self.port}/{quote(dbname, safe='')}"

    def create_database(self, name: str) -> None:
        """Create a database unless it exists."""
        exists = "SELECT 1 FROM pg_database WHERE datname = %(name)s"
        with psycopg.connect(self.url(), autocommit=True) as connection:
            if connection.execute(exists, {"name": name}).fetchone() is None:
                # Another process may create it in this moment.
                with contextlib.suppress(errors.DuplicateDatabase, errors.UniqueViolation):
                    connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))

    def binary(self, name: str) -> Path:
        """Return the path of one of PostgreSQL's programs, such as psql."""
        return self._cluster.binary(name)

    def log(self, lines: int = 20) -> str:
        """Return the last lines of the server's log."""
        return self._cluster.log(lines)

    @property
    def _cluster(self) -> Cluster:
        return Cluster(data_dir=self.data_dir, version=self.version, options=self.options)

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        """Let one process at a time change what runs on this folder."""
        path = self.data_dir.with_name(f"{self.data_dir.name}.lock")
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise EmbeddedPostgresError(f"{error}. Choose another folder, one that is yours.") from error
        with open(descriptor) as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _wait_for_running(self) -> bool:
        """Say whether a server runs already, waiting for one that is just starting, recovering or stopping."""
        deadline = time.monotonic() + START_SECONDS
        while (postmaster := Postmaster.of(self.data_dir)) is not None:
            if _ping(postmaster.port) == pq.Ping.OK:
                return True
            if time.monotonic() > deadline:
                raise EmbeddedPostgresError(
                    f"PostgreSQL in {self.data_dir} (process {postmaster.pid}) does not answer. "
                    f"End that process, then try again. It said:\n{self.log()}"
                )
            time.sleep(0.05)
        return False

    def _stop(self, mode: str) -> None:
        if Postmaster.of(self.data_dir) is not None:
            self._cluster.stop(mode)


def _ping(port: int) -> pq.Ping:
    conninfo = f"host={HOST} port={port} user={OWNER} dbname=postgres connect_timeout=5"
    return pq.Ping(pq.PGconn.ping(conninfo.encode()))
