"""Executors that tests name in PGWORKFLOWS["EXECUTORS"]."""

import time

from pgworkflows.executors import processes

two_processes = processes(2)


def never_return(text: str) -> str:
    time.sleep(600)
    return text
