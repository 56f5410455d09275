"""Finishing the orders that are there, imported ones for example; workers may be killed all the while."""

import random
import time
from dataclasses import dataclass, field

from demo_shop.card_client import CardClient
from demo_shop.demonstration.counting import is_drained
from demo_shop.demonstration.headless import Outcome, Run, Say, begin, crash, outcome_of, watch
from demo_shop.demonstration.processes import Processes
from demo_shop.demonstration.processor import SHOP_WAITS, start_processor
from demo_shop.demonstration.stories import Day


@dataclass(slots=True)
class Killer:
    """Kills a random worker whenever ``every`` seconds have passed; 0 spares them all."""

    every: float
    due: float = field(default_factory=time.monotonic)

    def __call__(self, run: Run) -> None:
        """Watch over the processes, and kill a worker if it is time."""
        for child in run.processes.children:
            child.check()
        now = time.monotonic()
        if self.every and now - self.due >= self.every:
            self.due = now
            crash(run, random.choice(run.workers))


def run_drain(processes: Processes, say: Say, *, kill_every: float) -> Outcome:
    """Let workers, a manager and a carrier finish every order. Raises ProcessDied, ProcessorFailed or DemoStuck."""
    client = CardClient(url=start_processor(processes), timeout=SHOP_WAITS)
    run = Run(day=Day(prefix=""), processes=processes, say=say, client=client)
    begin(run)
    watch(run, Killer(kill_every), is_drained)
    return outcome_of(run)
