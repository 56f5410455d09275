"""How much of everything: a full run, and a quick one that is there for its counts."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """Workflows by workload; peers get what keeps them busy for some seconds."""

    bare: int = 30_000
    from_sql: int = 10_000
    one_by_one: int = 2_000
    orders: int = 8_000
    plain_orders: int = 4_000
    empty_steps: int = 20_000
    latencies: int = 500
    peer_latencies: int = 40
    warm_up_latencies: int = 10
    waiting: tuple[int, ...] = (10_000, 100_000, 1_000_000)
    peer_waiting: int = 10_000
    outside: int = 2_000
    long_calls: int = 150
    long_async_calls: int = 1_500
    long_call_seconds: float = 3.0
    hot: int = 6_000
    finished: int = 3_000_000
    backlog: int = 100_000
    approvals: int = 1_000
    lanes: int = 2_000
    events: int = 50_000
    #: How many processes share a link, in turn.
    linked_processes: tuple[int, ...] = (1, 4, 8)
    limit_batches: int = 1_000
    pgbench_seconds: int = 5
    #: Seconds that a peer's backlog should last at its expected rate.
    peer_seconds: float = 4.0
    #: Whether peers are measured with one process only, and without the setups that are only slow.
    quick: bool = False

    def through_a_link(self) -> Sizes:
        """Return what takes some seconds where every round trip takes a millisecond."""
        few = {"bare": 10_000, "orders": 2_000, "plain_orders": 1_500, "latencies": 200}
        return replace(self, **{name: min(getattr(self, name), most) for name, most in few.items()})


#: More than most machines that run this have processors.
MANY_PROCESSES = 8
FULL = Sizes()
#: For pairs: some seconds each.
PAIR = replace(FULL, orders=2_000, plain_orders=2_000, empty_steps=6_000, latencies=100)
QUICK = Sizes(
    bare=1_000,
    from_sql=500,
    one_by_one=200,
    orders=500,
    plain_orders=300,
    empty_steps=500,
    latencies=30,
    peer_latencies=5,
    warm_up_latencies=2,
    waiting=(1_000,),
    peer_waiting=100,
    outside=200,
    long_calls=120,
    long_async_calls=1_200,
    long_call_seconds=1.0,
    hot=300,
    finished=10_000,
    backlog=1_000,
    approvals=50,
    lanes=50,
    events=500,
    linked_processes=(1,),
    limit_batches=50,
    pgbench_seconds=1,
    peer_seconds=0.5,
    quick=True,
)
