"""All proofs by name, in the order in which they run, and how large each is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .faults import (
    clock,
    connections,
    cuts,
    disk,
    failover,
    half_open,
    hostile,
    kill,
    locks,
    networks,
    pgbouncer,
    points,
    poison,
    prune,
    restart,
    soak,
    supervisor,
    traps,
    undisturbed,
    upgrade,
    zombies,
)
from .proof import Run


@dataclass(frozen=True, slots=True)
class Proof:
    """One proof: what it does to the run, and how many workflows it takes, quickly and by default.

    One that measures speed says nothing in a hurry: with None it is left out of a quick run unless it is named.
    """

    prove: Callable[[Run], None]
    fault: str
    quick: int | None
    full: int


PROOFS = {
    "traps": Proof(traps.prove, traps.FAULT, 0, 0),
    "undisturbed": Proof(undisturbed.prove, undisturbed.FAULT, 100, 2000),
    "kill": Proof(kill.prove, kill.FAULT, 150, 4000),
    "points": Proof(points.prove, points.FAULT, 80, 500),
    "zombies": Proof(zombies.prove, zombies.FAULT, 80, 1000),
    "supervisor": Proof(supervisor.prove, supervisor.FAULT, 60, 1000),
    "restart": Proof(restart.prove, restart.FAULT, 80, 1000),
    "cuts": Proof(cuts.prove, cuts.FAULT, 80, 2000),
    "half-open": Proof(half_open.prove, half_open.FAULT, 60, 500),
    "locks": Proof(locks.prove, locks.FAULT, 60, 1000),
    "clock": Proof(clock.prove, clock.FAULT, 60, 500),
    "upgrade": Proof(upgrade.prove, upgrade.FAULT, 100, 1000),
    "connections": Proof(connections.prove, connections.FAULT, 60, 500),
    "disk": Proof(disk.prove, disk.FAULT, 80, 500),
    "networks": Proof(networks.prove, networks.FAULT, 60, 500),
    "failover": Proof(failover.prove, failover.FAULT, 80, 1000),
    "pgbouncer": Proof(pgbouncer.prove, pgbouncer.FAULT, 60, 1000),
    "hostile": Proof(hostile.prove, hostile.FAULT, 60, 400),
    "poison": Proof(poison.prove, poison.FAULT, 30, 100),
    "prune": Proof(prune.prove, prune.FAULT, None, 0),
    "soak": Proof(soak.prove, soak.FAULT, 0, 0),
}
