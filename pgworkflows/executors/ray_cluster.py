"""An executor on a Ray cluster."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import Any

from . import ExecutorUnavailable


class RayCluster(Executor):
    """Calls go to the cluster at an address, each of them once. Ray knows one cluster a process."""

    def __init__(self, address: str) -> None:
        try:
            import ray
        except ImportError as error:
            raise ExecutorUnavailable(f"ray({address!r}) needs `pip install pgworkflows[ray]`: {error}") from error
        self._ray: Any = ray
        ray.shutdown()  # of one that broke
        handed_on = {name: os.environ[name] for name in ("DJANGO_SETTINGS_MODULE",) if name in os.environ}
        path = os.pathsep.join(entry for entry in sys.path if entry)
        ray.init(address, runtime_env={"env_vars": handed_on | {"PYTHONPATH": path}}, log_to_driver=False, logging_level="ERROR")
        self._remote: dict[Callable[..., Any], Any] = {}

    def trouble(self) -> str:
        """Return why it can be used no longer."""
        return "" if self._ray.is_initialized() else "the connection to the Ray cluster was lost"

    def submit(self, function: Callable[..., Any], /, *arguments: Any) -> Future[Any]:  # type: ignore[override] # no keywords
        """Have a worker of the cluster make the call."""
        if function not in self._remote:
            self._remote[function] = self._ray.remote(max_retries=0)(function)
        reference = self._remote[function].remote(*arguments)
        future: Future[Any] = reference.future()
        future.add_done_callback(lambda done: done.cancelled() and self._ray.cancel(reference, force=True))
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Leave the cluster."""
        self._ray.shutdown()
