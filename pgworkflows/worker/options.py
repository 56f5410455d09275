"""How a worker process is to run; the supervisor hands it over as JSON."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field

from ..conf import conf
from ..execution.agenda import Takes

#: The process ended itself because a step overran its time; its supervisor replaces it at once.
REPLACE_ME = 75


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerOptions:
    """What `runworkflows` was told, for one process. Durations are seconds."""

    name: str
    queues: list[str] = field(default_factory=list)
    concurrency: int = field(default_factory=lambda: conf().CONCURRENCY)
    batch_size: int = field(default_factory=lambda: conf().BATCH_SIZE)
    poll_interval: float = field(default_factory=lambda: conf().POLL_INTERVAL)
    drain: bool = False
    takes: Takes = Takes.BOTH
    #: The names of the processes that this one replaces: certainly dead.
    predecessors: list[str] = field(default_factory=list)
    #: How many batches of one workflow, whose try is committed first, to begin with.
    probation: int = 3
    #: The process that replaces this one when it dies, and without which it ends; 0 for whichever has started it.
    supervisor: int = 0
    #: A file descriptor to report to, once a second.
    report_to: int = -1

    def to_json(self) -> str:
        """Return the text that `from_json` reads."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> WorkerOptions:
        """Read what `to_json` wrote."""
        return cls(**json.loads(text))
