"""`@step` and `@workflow`, which register what they make."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Collection, Coroutine, Iterable
from typing import Any, ParamSpec, TypeVar, overload

from django.forms import BaseForm

from ..values.durations import Duration, optional_seconds
from ..values.encoding import importable_path
from .arguments import checked_signature
from .naming import default_name, fingerprint
from .registry import registry
from .retry import Retry
from .step import Step
from .workflow import WorkflowFunction

P = ParamSpec("P")
R = TypeVar("R")


@overload
def step(function: Callable[P, R], /) -> Step[P, R]: ...
@overload
def step(
    *,
    atomic: bool = True,
    retry: Retry = ...,
    timeout: Duration | None = None,
    name: str | None = None,
    elsewhere: Collection[str] = (),
    executor: str | None = None,
) -> StepDecorator: ...
def step(
    function: Callable[..., Any] | None = None,
    /,
    *,
    atomic: bool = True,
    retry: Retry = Retry(),  # noqa: B008 - frozen
    timeout: Duration | None = None,
    name: str | None = None,
    elsewhere: Collection[str] = (),
    executor: str | None = None,
) -> Any:
    """Make a function a step: `@step` or `@step(atomic=False, retry=Retry(max_attempts=3))`."""
    decorate = StepDecorator(atomic=atomic, retry=retry, timeout=timeout, name=name, elsewhere=elsewhere, executor=executor)
    return decorate if function is None else decorate(function)


class StepDecorator:
    """`@step(...)` with its options."""

    def __init__(self, **options: Any) -> None:
        self.options = options

    @overload
    def __call__(self, function: Callable[P, Coroutine[Any, Any, R]], /) -> Step[P, R]: ...
    @overload
    def __call__(self, function: Callable[P, R], /) -> Step[P, R]: ...
    def __call__(self, function: Callable[..., Any], /) -> Any:
        """Make the function a step and register it."""
        made: Step[..., Any] = Step(function, **self.options)
        registry.add_step(made)
        return made


def _checked_forms(name: str, forms: Iterable[Any]) -> tuple[type[BaseForm], ...]:
    declared = tuple(forms)
    for form in declared:
        if not (isinstance(form, type) and issubclass(form, BaseForm)):
            raise TypeError(f"{name}: forms= holds {form!r}, which is no class of Django forms.")
        importable_path(form, f"{name}(forms=): {form.__qualname__}")
    return declared


@overload
def workflow(function: Callable[P, R], /) -> WorkflowFunction[P, R]: ...
@overload
def workflow(
    *,
    name: str | None = None,
    version: int = 1,
    queue: str = "default",
    priority: int = 0,
    timeout: Duration | None = None,
    compensate_on: tuple[type[BaseException], ...] = (Exception,),
    expected: tuple[type[BaseException], ...] = (),
    batch: bool = True,
    api: bool = False,
    forms: Iterable[type[BaseForm]] = (),
) -> Callable[[Callable[P, R]], WorkflowFunction[P, R]]: ...
def workflow(
    function: Callable[..., Any] | None = None,
    /,
    *,
    name: str | None = None,
    timeout: Duration | None = None,
    forms: Iterable[type[BaseForm]] = (),
    **options: Any,
) -> Any:
    """Make a function a workflow: `@workflow` or `@workflow(version=2, queue="slow")`."""

    def declare(body: Callable[..., Any]) -> WorkflowFunction[..., Any]:
        if asyncio.iscoroutinefunction(body) or inspect.isgeneratorfunction(body) or inspect.isasyncgenfunction(body):
            raise TypeError(f"{body.__qualname__}: a workflow's body is a plain def. Put what awaits into a step(atomic=False).")
        chosen = name or default_name(body)
        made: WorkflowFunction[..., Any] = WorkflowFunction(
            function=body,
            name=chosen,
            timeout=optional_seconds(timeout, what=f"{chosen}(timeout=)"),
            signature=checked_signature(body),
            fingerprint=fingerprint(body),
            forms=_checked_forms(chosen, forms),
            **options,
        )
        made.check_options()
        registry.add_workflow(made)
        return made

    return declare if function is None else declare(function)
