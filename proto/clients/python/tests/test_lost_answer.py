"""Needs a server that gives addresses out: IPAMER_TEST_TARGET, which may be changed in namespaces of the tests' own."""

from __future__ import annotations

import os
import socket
import threading
import unittest

import ipamer
from ipamer import v1

TARGET = os.environ.get("IPAMER_TEST_TARGET", "")
CIDR = "10.0.0.0/24"


class Line:
    """A way to a server on which an answer can get lost: the connection ends where the answer would begin."""

    def __init__(self, target: str) -> None:
        self.cuts_the_next_answer = False
        self._host, _, self._port = target.rpartition(":")
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> Line:
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.create_connection((self._host, int(self._port)))
            threading.Thread(target=self._requests, args=(client, server), daemon=True).start()
            threading.Thread(target=self._answers, args=(client, server), daemon=True).start()

    def _requests(self, client: socket.socket, server: socket.socket) -> None:
        with server:
            try:
                while some := client.recv(65536):
                    server.sendall(some)
                server.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def _answers(self, client: socket.socket, server: socket.socket) -> None:
        """Copies frames of HTTP/2 one by one: answers begin with one of type HEADERS."""
        with client, server.makefile("rb") as frames:
            try:
                while len(frame := frames.read(9)) == 9:
                    if frame[3] == 1 and self.cuts_the_next_answer:
                        self.cuts_the_next_answer = False
                        break
                    client.sendall(frame + frames.read(int.from_bytes(frame[:3], "big")))
                client.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


@unittest.skipUnless(TARGET, "IPAMER_TEST_TARGET names no server")
class LostAnswers(unittest.IsolatedAsyncioTestCase):
    def test_a_call_whose_answer_was_lost_is_done_once(self) -> None:
        namespace = "python-lost-answer"
        with Line(TARGET) as line, ipamer.connect(line.address, plaintext=True) as client:
            client.CreateNamespace(v1.CreateNamespaceRequest(name=namespace))
            client.CreatePrefix(v1.CreatePrefixRequest(namespace=namespace, cidr=CIDR))
            line.cuts_the_next_answer = True
            answer = client.AcquireIp(v1.AcquireIpRequest(namespace=namespace, prefix_cidr=CIDR))
            held = [ip.address for ip in client.ips(v1.ListIpsRequest(namespace=namespace, prefix_cidr=CIDR))]
        self.assertTrue(answer.replayed, "no answer was lost")
        self.assertEqual(held, [answer.allocation.address])

    async def test_a_call_whose_answer_was_lost_is_done_once_with_asyncio(self) -> None:
        namespace = "python-lost-answer-aio"
        with Line(TARGET) as line:
            async with ipamer.aio.connect(line.address, plaintext=True) as client:
                await client.CreateNamespace(v1.CreateNamespaceRequest(name=namespace))
                await client.CreatePrefix(v1.CreatePrefixRequest(namespace=namespace, cidr=CIDR))
                line.cuts_the_next_answer = True
                answer = await client.AcquireIp(v1.AcquireIpRequest(namespace=namespace, prefix_cidr=CIDR))
                request = v1.ListIpsRequest(namespace=namespace, prefix_cidr=CIDR)
                held = [ip.address async for ip in client.ips(request)]
        self.assertTrue(answer.replayed, "no answer was lost")
        self.assertEqual(held, [answer.allocation.address])
