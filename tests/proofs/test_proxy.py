"""The proxy cuts, and leaves half-open."""

import socket
from threading import Thread

import pytest

from proofs.machinery import proxy


@pytest.fixture
def echo():
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve():
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                Thread(target=answer, args=[connection], daemon=True).start()

        def answer(connection):
            with connection:
                try:
                    while data := connection.recv(100):
                        connection.sendall(data)
                except OSError:
                    pass

        Thread(target=serve, daemon=True).start()
        yield server.getsockname()[1]


def test_it_passes_on_until_cut(echo):
    with proxy(echo) as between, socket.create_connection(("127.0.0.1", between.port), timeout=10) as client:
        client.sendall(b"hello")
        assert client.recv(100) == b"hello"
        assert between.tell("cut") == 1
        with pytest.raises(ConnectionResetError):
            client.recv(100)


def test_half_open_takes_and_never_answers(echo):
    with proxy(echo) as between, socket.create_connection(("127.0.0.1", between.port), timeout=10) as client:
        client.sendall(b"hello")
        assert client.recv(100) == b"hello"
        assert between.tell("freeze") == 1
        client.sendall(b"anybody?")
        client.settimeout(0.3)
        with pytest.raises(TimeoutError):
            client.recv(100)
        with socket.create_connection(("127.0.0.1", between.port), timeout=10) as other:
            other.sendall(b"new ones pass")
            assert other.recv(100) == b"new ones pass"
