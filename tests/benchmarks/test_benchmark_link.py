"""The link with a delay, and who is measured through it."""

import socket
import threading
import time

import pytest

from benchmarks.catalogue import contenders
from benchmarks.figures import Results
from benchmarks.run import Link, Run
from benchmarks.sizes import FULL
from benchmarks.subprocesses import linked

DELAY = 0.05


@pytest.fixture
def server():
    """Give back what comes, until the other side has gone; say so then."""
    gone = threading.Event()
    listener = socket.create_server(("127.0.0.1", 0))

    def serve():
        connection, _ = listener.accept()
        with connection:
            while piece := connection.recv(1 << 16):
                connection.sendall(piece)
        gone.set()

    threading.Thread(target=serve, daemon=True).start()
    yield f"postgresql://me:secret@127.0.0.1:{listener.getsockname()[1]}/shop", gone
    listener.close()


def test_link_hands_on_later_in_order_and_ends_both_sides(server):
    url, gone = server
    sent = b"".join(bytes([number % 256]) * 1000 for number in range(300))
    with linked(url, DELAY) as port, socket.create_connection(("127.0.0.1", port)) as connection:
        began = time.monotonic()
        connection.sendall(sent)
        back = b""
        while len(back) < len(sent):
            back += connection.recv(1 << 16)
        assert time.monotonic() - began >= 2 * DELAY
        assert back == sent
        connection.close()
        assert gone.wait(20)


def test_workers_are_given_the_link_and_nobody_else():
    run = Run(server=None, sizes=FULL, processes=(1, 2), peers=(), results=Results(), link=Link(seconds=DELAY, port=4711))
    assert run.address("postgresql://me:secret@host:5432/shop") == "postgresql://me:secret@127.0.0.1:4711/shop"


def test_through_the_link_go_only_workers_in_each_number():
    run = Run(server=None, sizes=FULL, processes=(1, 2), peers=("pgqueuer",), results=Results())
    listed = [(contender.subject, contender.processes) for contender in contenders("W2L", run)]
    names = ("plain Django", "pgworkflows")
    assert listed[:6] == [(name, processes) for processes in (1, 4, 8) for name in names]
    assert listed[6:] == [("PgQueuer, chained jobs", processes) for processes in (1, 4, 8)]
    assert [contender.processes for contender in contenders("W1L", run)] == [1, 1]
