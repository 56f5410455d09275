"""The unit of retry and of compensation."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Collection
from functools import partial
from typing import Any, Generic, ParamSpec, TypeVar, overload

from ..values.durations import Duration, optional_seconds
from ..values.texts import label
from .arguments import Arguments, bind, checked_signature
from .naming import default_name
from .retry import Retry
from .scope import current_scope

P = ParamSpec("P")
R = TypeVar("R")
F = TypeVar("F", bound=Callable[..., Any])

#: The executor of outside steps that name none: threads, unless PGWORKFLOWS["EXECUTORS"] has it.
DEFAULT_EXECUTOR = "default"


class Step(Generic[P, R]):
    """A function whose result is recorded when a workflow calls it; elsewhere it is just the function.

    With `atomic` its database effects happen exactly once. Without, it is attempted at least once, each time
    with the same idempotency key. `timeout` is in seconds. `elsewhere` names other database aliases that an atomic step
    may write to; what it writes there is neither undone with it nor done once. `executor` names the one of
    PGWORKFLOWS["EXECUTORS"] in which an outside step of `def` runs.
    """

    def __init__(
        self,
        function: Callable[P, Any],
        *,
        name: str | None,
        atomic: bool,
        retry: Retry,
        timeout: Duration | None,
        elsewhere: Collection[str] = (),
        executor: str | None = None,
    ):
        self.function = function
        self.name = label(name or default_name(function), "the name of a step")
        self.atomic = atomic
        self.retry = retry
        self.timeout = optional_seconds(timeout, what=f"{self.name}(timeout=)")
        self.signature = checked_signature(function)
        self.elsewhere = frozenset(elsewhere)
        self.executor = executor or DEFAULT_EXECUTOR
        self.is_async = asyncio.iscoroutinefunction(function)
        self.undo: Step[..., Any] | None = None
        self.__doc__ = function.__doc__
        self.__name__ = function.__name__
        self.__wrapped__ = function
        if isinstance(elsewhere, str):
            raise TypeError(f"{self.name}(elsewhere={elsewhere!r}) must be aliases, as in elsewhere=({elsewhere!r},).")
        if elsewhere and not atomic:
            raise TypeError(f"{self.name}(elsewhere=) is for atomic steps; one with atomic=False may write anywhere.")
        if executor is not None and atomic:
            raise TypeError(f"{self.name}(executor=) is for outside steps. Declare it with @step(atomic=False).")
        if executor is not None and self.is_async:
            raise TypeError(f"{self.name}(executor=) is for plain def: `async def` steps run on the worker's own loop.")
        if atomic and self.is_async:
            raise TypeError(
                f"Step {self.name} is `async def`, which cannot run inside the worker's transaction. "
                "Make it a plain def, or declare it with @step(atomic=False)."
            )

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Run as a step of the workflow that calls it; outside any workflow, just run."""
        scope = current_scope.get()
        if scope is None:
            return self.function(*args, **kwargs)  # type: ignore[no-any-return] # a coroutine counts as its result
        return scope.call_step(self, args, kwargs)  # type: ignore[no-any-return] # the record's type is R by contract

    def __repr__(self) -> str:
        return f"<Step {self.name}>"

    def bind(self, args: tuple[Any, ...], kwargs: Arguments) -> Arguments:
        """Bind a call to parameter names; raise TypeError."""
        return bind(self.name, self.signature, args, kwargs)

    @overload
    def compensation(self, function: F, /) -> F: ...
    @overload
    def compensation(
        self,
        /,
        *,
        atomic: bool = True,
        retry: Retry = ...,
        timeout: Duration | None = None,
        elsewhere: Collection[str] = (),
        executor: str | None = None,
    ) -> Callable[[F], F]: ...
    def compensation(
        self,
        function: Any = None,
        /,
        *,
        atomic: bool = True,
        retry: Retry = Retry(),  # noqa: B008 - frozen
        timeout: Duration | None = None,
        elsewhere: Collection[str] = (),
        executor: str | None = None,
    ) -> Any:
        """Declare how this step is undone: a function of the step's parameters and `result`."""

        def declare(undo: F) -> F:
            self._check_compensation(undo)
            name = f"{self.name}.compensation"
            self.undo = Step(undo, name=name, atomic=atomic, retry=retry, timeout=timeout, elsewhere=elsewhere, executor=executor)
            return undo

        return declare if function is None else declare(function)

    def _check_compensation(self, undo: Callable[..., Any]) -> None:
        if self.undo is not None:
            raise TypeError(f"Step {self.name} already has a compensation, {self.undo.function.__qualname__}.")
        wanted = [*self.signature.parameters, "result"]
        given = list(checked_signature(undo).parameters)
        if sorted(wanted) != sorted(given):
            raise TypeError(
                f"{undo.__qualname__} must take what step {self.name} takes, and result: "
                f"({', '.join(wanted)}), not ({', '.join(given)})."
            )
        if inspect.isgeneratorfunction(undo):
            raise TypeError(f"{undo.__qualname__} must be a function, not a generator.")


def bound_call(call: object, what: str) -> tuple[Step[..., Any], tuple[Any, ...], Arguments]:
    """Return the step that is called, by itself or by a `partial`, and the arguments so far; raise TypeError naming `what`."""
    args: tuple[Any, ...] = ()
    kwargs: Arguments = {}
    while isinstance(call, partial):
        args, kwargs = (*call.args, *args), {**call.keywords, **kwargs}
        call = call.func
    if not isinstance(call, Step):
        raise TypeError(f"{what} must be a step, or a partial of one: partial(step, argument). It is {call!r}.")
    return call, args, kwargs
