"""A decorated function that runs durably, and how it is started."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Generic, NoReturn, ParamSpec, TypedDict, TypeVar, Unpack

from ..values.durations import Duration, moment, optional_seconds
from ..values.people import Person
from ..values.texts import key_text, label
from .arguments import Arguments, bind
from .scope import current_scope
from .step import Step

if TYPE_CHECKING:
    from django.db.models import Model

    from ..models import Workflow

P = ParamSpec("P")
R = TypeVar("R")

LOWEST_PRIORITY, HIGHEST_PRIORITY = -100, 100


class StartOptions(TypedDict, total=False):
    """What `.using()` takes."""

    queue: str
    priority: int
    key: str | int | None
    run_after: datetime | None
    timeout: Duration | None
    subject: Model | None
    requested_by: Person | None
    attributes: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkflowFunction(Generic[P, R]):
    """A workflow's definition and the options of its next start; `.using()` returns a changed copy."""

    function: Callable[P, R]
    name: str
    version: int = 1
    queue: str = "default"
    priority: int = 0
    timeout: float | None = None
    compensate_on: tuple[type[BaseException], ...] = (Exception,)
    #: The exceptions that are part of its business: such an end is no error in the log.
    expected: tuple[type[BaseException], ...] = ()
    batch: bool = True
    api: bool = False
    #: The forms that its approvals may ask for.
    forms: tuple[type[Any], ...] = ()
    signature: inspect.Signature
    fingerprint: str
    key: str | None = None
    run_after: datetime | None = None
    subject: Model | None = None
    requested_by: Person | None = None
    attributes: Mapping[str, Any] = field(default_factory=dict)

    def __call__(self, *args: object, **kwargs: object) -> NoReturn:
        """Refuse: a workflow is started, not called."""
        raise TypeError(
            f"{self.name} is a workflow: calling it would not be durable. Use {self.function.__name__}.start(...), "
            f"and .wait() on what that returns."
        )

    def __repr__(self) -> str:
        return f"<Workflow {self.name} v{self.version}>"

    def using(self, **options: Unpack[StartOptions]) -> WorkflowFunction[P, R]:
        """Return a copy with other start options.

        `queue`, `priority` (-100 to 100, higher first), `key` (text or a whole number, unique per workflow name), `run_after` (an
        aware datetime), `timeout`, `subject` (a saved model instance), `requested_by` (a user or a name), `attributes`.
        """
        known = StartOptions.__annotations__
        unknown = sorted(set(options) - set(known))
        if unknown:
            raise TypeError(f"{self.name}.using() got {', '.join(unknown)}; it takes {', '.join(sorted(known))}.")
        changes: dict[str, Any] = dict(options)
        if changes.get("key") is not None:
            changes["key"] = key_text(changes["key"], f"{self.name}: the key")
        if "timeout" in changes:
            changes["timeout"] = optional_seconds(changes["timeout"], what=f"{self.name}.using(timeout=)")
        if changes.get("run_after") is not None:
            changes["run_after"] = moment(changes["run_after"], what=f"{self.name}.using(run_after=)")
        changed = replace(self, **changes)
        changed.check_options()
        return changed

    def check_options(self) -> None:
        """Raise TypeError or ValueError for an option that cannot be meant."""
        if not isinstance(self.queue, str) or not self.queue:
            raise TypeError(f"{self.name}: queue must be text that is not empty, not {self.queue!r}.")
        label(self.name, "the name of a workflow")
        label(self.queue, f"{self.name}: the queue")
        label(self.key or "", f"{self.name}: the key")
        for option, given in (("compensate_on", self.compensate_on), ("expected", self.expected)):
            classes = given if isinstance(given, tuple) else (None,)
            if not all(isinstance(kind, type) and issubclass(kind, BaseException) for kind in classes):
                raise TypeError(f"{self.name}: {option} must be a tuple of exception classes, not {given!r}.")
        if not isinstance(self.version, int) or self.version < 1:
            raise ValueError(f"{self.name}: version {self.version!r} is not a whole number of 1 or more.")
        if not LOWEST_PRIORITY <= self.priority <= HIGHEST_PRIORITY:
            raise ValueError(f"{self.name}: priority {self.priority} is not between {LOWEST_PRIORITY} and {HIGHEST_PRIORITY}.")
        if self.key is not None and (not isinstance(self.key, str) or not self.key):
            raise TypeError(f"{self.name}: key must be text that is not empty, not {self.key!r}.")
        if self.subject is not None and self.subject.pk is None:
            raise ValueError(f"{self.name}: the subject {self.subject!r} has not been saved yet. Save it first.")

    def bind(self, args: tuple[Any, ...], kwargs: Arguments) -> Arguments:
        """Bind a call to parameter names; raise TypeError."""
        return bind(self.name, self.signature, args, kwargs)

    def steps(self) -> list[Step[..., Any]]:
        """List the steps that the body names, in the order in which it names them."""
        known = inspect.getclosurevars(self.function)
        named = {**known.globals, **known.nonlocals}
        order = [name for name in self.function.__code__.co_names + self.function.__code__.co_freevars if name in named]
        return [named[name] for name in order if isinstance(named[name], Step)]

    def start(self, *args: P.args, **kwargs: P.kwargs) -> Workflow:
        """Start one execution in the current transaction; it exists if and only if that commits."""
        return _starter().start(self, self.bind(args, kwargs))  # type: ignore[no-any-return] # see Scope

    def start_many(self, calls: Iterable[Mapping[str, Any]]) -> Sequence[Workflow]:
        """Start one execution for each mapping of arguments, in as few round trips as that takes.

        Arguments are checked before the first is started. A row is made when it is looked at.
        """
        bound = [self.bind((), dict(call)) for call in calls]
        return _starter().start_many(self, bound)  # type: ignore[no-any-return] # see Scope

    async def astart(self, *args: P.args, **kwargs: P.kwargs) -> Workflow:
        """Start from async code; like Django's own async ORM, outside any transaction of the caller."""
        from asgiref.sync import sync_to_async

        return await sync_to_async(self.start)(*args, **kwargs)


def _starter() -> Any:
    scope = current_scope.get()
    if scope is not None:
        return scope
    from ..store import starting

    return starting
