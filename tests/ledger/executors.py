"""Executors that tests name in PGWORKFLOWS["EXECUTORS"]."""

import multiprocessing
import time
from concurrent.futures import ProcessPoolExecutor

import django

from pgworkflows.executors import processes

two_processes = processes(2)


def pool_of_one_s_own() -> ProcessPoolExecutor:
    return ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn"), initializer=django.setup)


def never_return(text: str) -> str:
    time.sleep(600)
    return text
