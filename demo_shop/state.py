"""The demo's own folder: its server, its mail, its processor's ledger."""

import hashlib
import os
import stat
import tempfile
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
OVERRIDE = "DEMO_SHOP_STATE"


def state_dir() -> Path:
    """Return this user's folder for this checkout, made on first use; `DEMO_SHOP_STATE` names another one."""
    chosen = os.environ.get(OVERRIDE)
    folder = Path(chosen) if chosen else _home_of_state() / _checkout_key()
    make_folder(folder)
    return folder.resolve()


def make_folder(folder: Path) -> None:
    """Make a folder with its parents; the new ones of root can be passed through, since its server runs as another."""
    if folder.is_dir():
        return
    make_folder(folder.parent)
    folder.mkdir(exist_ok=True)
    if os.geteuid() == 0:
        folder.chmod(0o711)


def _checkout_key() -> str:
    return f"{CHECKOUT.name}-{hashlib.sha256(os.fsencode(CHECKOUT)).hexdigest()[:8]}"


def _home_of_state() -> Path:
    """Return the first folder of this user's that can be written, outside the checkout."""
    for folder in _candidates():
        try:
            make_folder(folder)
        except OSError:
            continue
        if os.access(folder, os.W_OK | os.X_OK):
            return folder
    return _private_temporary_folder()


def _candidates() -> list[Path]:
    if os.geteuid() == 0:
        # The server of root runs under another account, which cannot enter root's home.
        return [Path("/var/lib/pgworkflows-demo")]
    home = os.environ.get("XDG_STATE_HOME") or os.path.expanduser("~/.local/state")
    return [Path(home) / "pgworkflows-demo"]


def _private_temporary_folder() -> Path:
    """Return a folder in the shared temporary one, refusing one that somebody else put there."""
    folder = Path(tempfile.gettempdir()) / f"pgworkflows-demo-{os.geteuid()}"
    folder.mkdir(mode=0o711, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o022:
        raise PermissionError(f"{folder} is not a folder of yours alone. Name another one in {OVERRIDE}.")
    return folder
