"""An executor on a Dask cluster."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import Any

from . import ExecutorUnavailable

#: How long connecting and saying goodbye may take, in seconds.
LONGEST_CONNECTING, LONGEST_GOODBYE = 10, 3


class DaskCluster(Executor):
    """Calls go to the scheduler at an address, each of them once."""

    def __init__(self, address: str) -> None:
        try:
            from distributed import Client
        except ImportError as error:
            raise ExecutorUnavailable(f"dask({address!r}) needs `pip install pgworkflows[dask]`: {error}") from error
        self._client: Any = Client(address, timeout=LONGEST_CONNECTING, set_as_default=False)
        self._connection = self._client.scheduler_comm
        # Equal calls are not one call, and a call is never repeated behind our back.
        self._executor: Any = self._client.get_executor(pure=False, retries=0)

    def trouble(self) -> str:
        """Return why it can be used no longer: what a lost scheduler had is lost, whatever becomes of the connection."""
        if self._client.status == "running" and self._client.scheduler_comm is self._connection:
            return ""
        return f"the connection to Dask's scheduler at {self._client._start_arg} was lost"

    def submit(self, function: Callable[..., Any], /, *arguments: Any) -> Future[Any]:  # type: ignore[override] # no keywords
        """Have a worker of the cluster make the call."""
        future: Future[Any] = self._executor.submit(function, *arguments)
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Leave the cluster."""
        self._client.close(timeout=LONGEST_GOODBYE)
