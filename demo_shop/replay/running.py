"""Replaying many cases at once: workers beside, and here the people."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from threading import Barrier
from uuid import UUID

from django.db import connections

from demo_shop.demonstration.processes import Processes
from demo_shop.models import Declaration
from demo_shop.policies import publish_policies
from demo_shop.replay.acts import EMPLOYEE, acts_of
from demo_shop.replay.judging import Verdict, judge
from demo_shop.replay.log import Case
from demo_shop.replay.people import People, gather
from demo_shop.replay.playing import Play, Standing, advance, is_over, look

#: Cases in play at one time.
AT_ONCE = 300
#: People who act at the same time, each on a connection of its own.
HANDS = 4
#: Seconds without any act after which something must be wrong.
PATIENCE = 60.0
#: Seconds between two looks.
PAUSE = 0.1


class ReplayStuck(Exception):
    """Nobody can act any more, though cases are unfinished."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """What came of it, and how long it took in seconds, from the first submission until the last case had ended."""

    verdicts: list[Verdict]
    seconds: float


def replay(cases: Sequence[Case], processes: Processes, *, workers: int, show: Callable[[int], None]) -> Replayed:
    """Play all cases through the policy. Raises ReplayStuck, ProcessDied, or ValueError for a log that means nothing here."""
    acts = [acts_of(case.activities) for case in cases]
    publish_policies()
    people = gather()
    plays = [
        Play(case=case, declaration=declaration, acts=doing)
        for case, declaration, doing in zip(cases, write_down(cases, people), acts, strict=True)
    ]
    processes.environment["SHOP_BASE_URL"] = ""  # nobody reads the mail of a replay
    processes.manage("worker", "runworkflows", "--processes", str(workers))
    began = time.monotonic()
    _play(plays, people, processes, show)
    seconds = time.monotonic() - began
    return Replayed(verdicts=list(judge(plays)), seconds=seconds)


def write_down(cases: Sequence[Case], people: People) -> list[Declaration]:
    """Save a declaration for each case; nothing is submitted yet. Each replay has declarations of its own."""
    run = 1
    while Declaration.objects.filter(number__startswith=f"{run}/").exists():
        run += 1
    return Declaration.objects.bulk_create(
        [Declaration(number=f"{run}/{case.name}", employee=people.next_of(EMPLOYEE)) for case in cases], batch_size=1000
    )


def _play(plays: Sequence[Play], people: People, processes: Processes, show: Callable[[int], None]) -> None:
    with ThreadPoolExecutor(HANDS) as hands:
        try:
            _play_by(hands, plays, people, processes, show)
        finally:
            list(hands.map(_hang_up, [Barrier(HANDS)] * HANDS))


def _play_by(hands: Executor, plays: Sequence[Play], people: People, processes: Processes, show: Callable[[int], None]) -> None:
    waiting, playing, done = list(reversed(plays)), list[Play](), 0
    acted = time.monotonic()
    while waiting or playing:
        for child in processes.children:
            child.check()
        while waiting and len(playing) < AT_ONCE:
            playing.append(waiting.pop())
        standings = look(playing)
        moved = sum(hands.map(lambda play, found=standings: advance(play, _standing(play, found), people), playing))
        still = [play for play in playing if not is_over(play, _standing(play, standings))]
        ended = len(playing) - len(still)
        playing, done = still, done + ended
        show(done)
        if moved or ended:
            acted = time.monotonic()
        elif time.monotonic() - acted > PATIENCE:
            raise ReplayStuck(f"For {PATIENCE:.0f} seconds nobody could act; {playing[0].case.name} is one that waits.")
        time.sleep(PAUSE)


def _hang_up(all_of_them: Barrier) -> None:
    """Close a thread's connection; each thread comes here once, since none goes on before all have come."""
    connections.close_all()
    all_of_them.wait()


def _standing(play: Play, standings: dict[UUID, Standing]) -> Standing | None:
    return standings.get(play.workflow.pk) if play.workflow is not None else None
