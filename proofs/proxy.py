"""`python -m proofs.proxy TARGET_PORT`: a TCP proxy whose connections can be cut or left half-open.

It prints its own port, then obeys one word a line and answers with how many connections it concerned: `cut` resets
all; `freeze` keeps all that there are open and passes nothing on any more, for ever; `count` does nothing.
"""

from __future__ import annotations

import asyncio
import socket
import struct
import sys

HOST = "127.0.0.1"
RESET = struct.pack("ii", 1, 0)  # SO_LINGER 0: the peer gets a RST, not a FIN


class Proxy:
    """Passes bytes on, until told otherwise."""

    def __init__(self, target: int) -> None:
        self.target = target
        self.writers: dict[asyncio.StreamWriter, bool] = {}

    async def connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection until either side ends it."""
        try:
            other_reader, other_writer = await asyncio.open_connection(HOST, self.target)
        except OSError:
            self._reset(writer)
            return
        self.writers |= {writer: False, other_writer: False}
        await asyncio.gather(self._pass_on(reader, other_writer), self._pass_on(other_reader, writer))

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(65536):
                if self.writers.get(writer):
                    continue  # half-open: taken, acknowledged by the kernel, and never seen by anybody
                writer.write(data)
                await writer.drain()
        except OSError:
            pass
        if not self.writers.get(writer, False):
            self.writers.pop(writer, None)
            writer.close()

    def obey(self, word: str) -> int:
        """Do what one line says; return how many connections it concerned."""
        concerned = [writer for writer, frozen in self.writers.items() if not frozen]
        for writer in concerned:
            if word == "cut":
                self._reset(writer)
            elif word == "freeze":
                self.writers[writer] = True
        return len(concerned) // 2

    def _reset(self, writer: asyncio.StreamWriter) -> None:
        self.writers.pop(writer, None)
        opened = writer.get_extra_info("socket")
        if opened is not None:
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        writer.transport.abort()


async def main() -> None:
    """Serve until standard input ends."""
    proxy = Proxy(int(sys.argv[1]))
    server = await asyncio.start_server(proxy.connect, HOST, 0)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        sys.stdout.write(f"{proxy.obey(line.strip())}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(main())
