"""Random programs over everything that the engine can do, as JSON; the same seed gives the same program.

A node is a dict: `do` says what, `at` is its label, which the rows and calls that it makes carry. `workflows.py`
interprets a program as a workflow's body, `model.py` says what must have come of it.

    write      atomic step: one row             call       outside step: one entry in the ledger
    sleep      a timer                          event      a wait for an event
    approval   a wait for people                child      a workflow whose result may be asked for
    spawn      atomic step that starts one      send       atomic step that sends a correlated event
    state      set_state                        value      now(), uuid4() or random()
    transfer   atomic step on two hot rows      meddle     atomic step that does what no step may
    share      two waits under one correlation  nest       atomic step with a transaction inside
    repair     a step that fails until a person has mended its cause, who then has it tried again, or all undone
    if, loop, try                               raise      the body fails
    cancelled  a wait that a person ends            misdeed    a step that does what `misdeeds.py` lists
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from .misdeeds import MISDEEDS

Node = dict[str, Any]
Program = list[Node]

#: Attempts of a step that is declared with a Retry.
TRIES = 4
ACCOUNTS = 4
#: How long anything waits that does not come, and at most where it does.
NEVER_SECONDS, LONG_SECONDS = 0.2, 600.0

WEIGHTS = {
    "write": 30, "call": 18, "if": 7, "loop": 6, "try": 8, "state": 6, "event": 8, "sleep": 5, "child": 4, "value": 4,
    "spawn": 3, "approval": 3, "send": 3, "transfer": 5, "meddle": 2, "raise": 2, "share": 4, "nest": 5, "repair": 2,
}  # fmt: skip
DEEPEST = 3
NOTHING: Program = []
MEDDLING = ("rollback", "swallow", "foreign_key")
NESTING = ("kept", "undone", "refused", "fails")
SURE: Node = {"do": "write", "tries": 1, "fails": 0, "gives": 1, "undo": None, "undo_fails": 0}
#: What the first programs of a plan begin with, so that no plan leaves it to chance.
SAMPLES: list[Program] = [
    *([{"do": kind}] for kind in WEIGHTS),
    *([SURE, {"do": "meddle", "how": how}, SURE] for how in MEDDLING),
    *([{"do": "nest", "how": how}] for how in NESTING),
    *([{"do": "repair", "chosen": chosen}] for chosen in ("retry", "compensate")),
    *([{"do": "share", "among": among}] for among in ("self", "child")),
    *([{"do": "event", "sent": sent}] for sent in ("before", "never", "late")),
    [{"do": "write", "fails": 0, "undo": "atomic", "undo_fails": TRIES}, {"do": "raise"}],
    [{"do": "write", "fails": 0, "undo": "outside", "undo_fails": TRIES}, {"do": "raise"}],
    *([{"do": "call", "waits": waits, "refused": False, "tries": TRIES, "fails": 2}] for waits in (True, False, True, False)),
]


@dataclass
class Generator:
    """Makes one program; `left` bounds how many nodes it may still get."""

    random: random.Random
    left: int
    _made: int = field(default=0)

    def program(self, weights: Mapping[str, float], sample: Program = NOTHING) -> Program:
        """Make the program of a workflow that somebody starts; it begins with the sample."""
        self._weights = weights
        program = [*self._like(sample), *self.block(0, alone=True)]
        if self.random.random() < 0.04 and not any(node["do"] in ("child", "spawn") for node in every(program)):
            program.append({"do": "cancelled", "at": self._label(), "compensate": self.random.random() < 0.7})
        return program

    def block(self, depth: int, *, alone: bool) -> Program:
        """Make a few nodes in a row; `alone` says that they run once and under a label known beforehand."""
        nodes: Program = []
        for _ in range(self.random.randint(1, 4 if depth else 6)):
            if self.left > 0:
                nodes += self.node(depth, alone=alone)
        return nodes

    def node(self, depth: int, *, alone: bool) -> Program:
        """Make one node, or the few that belong together."""
        self.left -= 1
        deepest = ("if", "loop", "try", "child", "spawn") if depth >= DEEPEST else ()
        kinds = [kind for kind in self._weights if kind not in deepest and (alone or kind != "repair")]
        kind = self.random.choices(kinds, [self._weights[kind] for kind in kinds])[0]
        return self._make({"do": kind, "at": self._label()}, depth, alone)

    def _like(self, sample: Program) -> Iterator[Node]:
        for given in sample:
            node = {"do": given["do"], "at": self._label()}
            made = self._make(node, 0, alone=True)
            node |= given
            yield from made

    def _make(self, node: Node, depth: int, alone: bool) -> Program:
        made = getattr(self, f"_{node['do']}")(node, depth, alone)
        return made if isinstance(made, list) else [node]

    def _label(self) -> str:
        self._made += 1
        return str(self._made)

    def _chance(self, likely: float) -> bool:
        return self.random.random() < likely

    def _write(self, node: Node, depth: int, alone: bool) -> None:
        node["tries"] = TRIES if self._chance(0.3) else 1
        node["fails"] = self.random.choice([0, 1, 2, TRIES]) if node["tries"] > 1 else int(self._chance(0.05))
        node["gives"] = self.random.randint(0, 9)
        node["undo"] = self.random.choice([None, None, "atomic", "outside"])
        node["undo_fails"] = self.random.choice([0, 0, 0, 0, 1, TRIES]) if node["undo"] else 0

    def _call(self, node: Node, depth: int, alone: bool) -> None:
        self._write(node, depth, alone)
        node["waits"] = self._chance(0.5)  # as `async def`
        node["refused"] = self._chance(0.05)
        node["fails"] = 0 if node["refused"] else node["fails"]

    def _sleep(self, node: Node, depth: int, alone: bool) -> None:
        node["seconds"] = self.random.choice([0.02, 0.1, 0.6])

    def _event(self, node: Node, depth: int, alone: bool) -> None:
        node["sent"] = self.random.choice(["after", "after", "never", "late", *(["before"] if alone else [])])
        node["correlated"] = self._chance(0.5)
        node["limited"] = self._chance(0.5)
        node["gives"] = self.random.randint(0, 9)

    def _send(self, node: Node, depth: int, alone: bool) -> Program:
        wait = {"do": "event", "at": self._label(), "sent": "step", "correlated": True, "gives": self.random.randint(0, 9)}
        wait["limited"] = False
        node |= {"to": wait["at"], "gives": wait["gives"]}
        return [node, *self.node(depth, alone=alone), wait] if self.left > 0 else [node, wait]

    def _approval(self, node: Node, depth: int, alone: bool) -> None:
        node["verdict"] = self.random.choice(["approve", "approve", "reject", "never"])
        node["quorum"] = self.random.choice([1, 2])
        node["limited"] = node["verdict"] == "never" or self._chance(0.5)
        node["on_timeout"] = self.random.choice(["expire", "reject"]) if node["limited"] else "expire"

    def _child(self, node: Node, depth: int, alone: bool) -> None:
        node["program"] = self.block(depth + 1, alone=False)
        node["awaited"] = self._chance(0.75)
        node["meanwhile"] = self.block(depth + 1, alone=alone) if self._chance(0.5) else []

    def _spawn(self, node: Node, depth: int, alone: bool) -> None:
        node["program"] = self.block(depth + 1, alone=False)

    def _state(self, node: Node, depth: int, alone: bool) -> None:
        node["name"] = self.random.choice(["OPEN", "PAID", "SENT", "CLOSED"])

    def _value(self, node: Node, depth: int, alone: bool) -> Program:
        node["which"] = self.random.choice(["now", "uuid4", "random"])
        return [node, {"do": "sleep", "at": self._label(), "seconds": 0.02}]  # so that the body runs again, and gets it again

    def _transfer(self, node: Node, depth: int, alone: bool) -> None:
        node["from"], node["to"] = self.random.sample(range(ACCOUNTS), 2)

    def _meddle(self, node: Node, depth: int, alone: bool) -> None:
        node["how"] = self.random.choice(MEDDLING)

    def _share(self, node: Node, depth: int, alone: bool) -> None:
        node["among"] = self.random.choice(["self", "child"])
        node["gives"] = self.random.sample(range(10), 2)

    def _nest(self, node: Node, depth: int, alone: bool) -> None:
        node["how"] = self.random.choice(NESTING)

    def _repair(self, node: Node, depth: int, alone: bool) -> Program:
        node["chosen"] = self.random.choice(["retry", "compensate"])
        before = {"do": "write", "at": self._label(), "tries": 1, "fails": 0, "gives": 0, "undo": "atomic", "undo_fails": 0}
        return [before, node]  # so that there is something to undo

    def _misdeed(self, node: Node, depth: int, alone: bool) -> None:
        node["how"] = self.random.choices(list(MISDEEDS), [misdeed.weight for misdeed in MISDEEDS.values()])[0]

    def _raise(self, node: Node, depth: int, alone: bool) -> None:
        pass

    def _if(self, node: Node, depth: int, alone: bool) -> None:
        node["then"] = self.block(depth + 1, alone=alone)
        node["else"] = self.block(depth + 1, alone=alone) if self._chance(0.6) else []

    def _loop(self, node: Node, depth: int, alone: bool) -> None:
        node["times"] = self.random.choice([0, 2, 3, "last"])
        node["body"] = self.block(depth + 1, alone=False)

    def _try(self, node: Node, depth: int, alone: bool) -> None:
        node["body"] = self.block(depth + 1, alone=alone)
        node["otherwise"] = self.block(depth + 1, alone=alone) if self._chance(0.5) else []


def every(program: Program) -> list[Node]:
    """List all nodes of a program, those inside others too."""
    found = []
    for node in program:
        found.append(node)
        for part in ("program", "meanwhile", "then", "else", "body", "otherwise"):
            found += every(node.get(part, []))
    return found
