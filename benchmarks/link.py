"""`python -m benchmarks.link HOST PORT SECONDS`: a link to a server, with a delay each way.

It prints the port on 127.0.0.1 that it listens on, and hands every piece on so many seconds later, in both directions, until
its standard input ends.
"""

from __future__ import annotations

import select
import socket
import sys
import time
from collections import deque
from dataclasses import dataclass, field

PIECE = 1 << 18


@dataclass(eq=False, slots=True)
class End:
    """One of the two sockets of a connection, and what is on its way to it, with when it is due."""

    socket: socket.socket
    other: End | None = None
    coming: deque[tuple[float, bytes]] = field(default_factory=deque)

    def fileno(self) -> int:
        """Let select take it for its socket."""
        return self.socket.fileno()


class Link:
    """All connections through the link."""

    def __init__(self, target: tuple[str, int], delay: float) -> None:
        self.target, self.delay = target, delay
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.ends: set[End] = set()
        self.busy: set[End] = set()

    def serve(self) -> None:
        """Pass on until standard input ends."""
        while True:
            first = min((end.coming[0][0] for end in self.busy), default=None)
            pause = None if first is None else max(first - time.monotonic(), 0)
            readable, _, _ = select.select([sys.stdin, self.listener, *self.ends], [], [], pause)
            now = time.monotonic()
            for ready in readable:
                if ready is sys.stdin:
                    return
                if ready is self.listener:
                    self._accept()
                elif ready in self.ends:
                    self._read(ready, now)
            for end in [end for end in self.busy if end.coming[0][0] <= now]:
                self._write(end, now)

    def _accept(self) -> None:
        near, _ = self.listener.accept()
        far = socket.create_connection(self.target)
        for one in (near, far):
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        a, b = End(near), End(far)
        a.other, b.other = b, a
        self.ends |= {a, b}

    def _read(self, end: End, now: float) -> None:
        try:
            piece = end.socket.recv(PIECE)
        except ConnectionError:
            piece = b""
        assert end.other is not None
        end.other.coming.append((now + self.delay, piece))  # nothing is the end
        self.busy.add(end.other)
        if not piece:
            self.ends.discard(end)

    def _write(self, end: End, now: float) -> None:
        while end.coming and end.coming[0][0] <= now:
            _, piece = end.coming.popleft()
            try:
                end.socket.sendall(piece)
            except OSError:
                piece = b""
            if not piece:
                self._close(end)
        if not end.coming:
            self.busy.discard(end)

    def _close(self, end: End) -> None:
        for one in (end, end.other):
            assert one is not None
            one.coming.clear()
            one.socket.close()
            self.ends.discard(one)
            self.busy.discard(one)


def main() -> None:
    """Say where it listens, and serve."""
    link = Link((sys.argv[1], int(sys.argv[2])), float(sys.argv[3]))
    print(link.listener.getsockname()[1], flush=True)
    link.serve()


if __name__ == "__main__":
    main()
