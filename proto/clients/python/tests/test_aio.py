from __future__ import annotations

import contextlib
import math
import unittest
from typing import Any

import grpc
import ipamer
from fake_server import UNAVAILABLE, FakeServer, refused
from ipamer import v1


def client_of(server: FakeServer, timeout: float | None = 20.0) -> ipamer.aio.Client:
    return ipamer.aio.connect(server.target, plaintext=True, timeout=timeout)


class WithAsyncio(unittest.IsolatedAsyncioTestCase):
    async def test_a_call_that_is_repeated_keeps_its_request_id(self) -> None:
        request = v1.AcquireIpRequest()
        with FakeServer(UNAVAILABLE) as server:
            async with client_of(server) as client:
                await client.AcquireIp(request)
                await client.AcquireIp(request)
        first, again, other = (asked.request_id for asked in server.requests)
        self.assertTrue(first)
        self.assertEqual(first, again)
        self.assertNotEqual(first, other)
        self.assertEqual(request.request_id, "", "the caller's request was changed")

    async def test_an_import_is_not_sent_again(self) -> None:
        with FakeServer(UNAVAILABLE) as server:
            async with client_of(server) as client:
                with self.assertRaises(grpc.RpcError):
                    async for _ in client.Import(iter([v1.ImportRequest(header=v1.ImportHeader())])):
                        pass
        self.assertEqual(len(server.requests), 1)

    async def test_a_refusal_has_reason_and_metadata(self) -> None:
        with FakeServer(refused(grpc.StatusCode.ALREADY_EXISTS, "PREFIX_OVERLAPS", cidr="10.0.0.0/8")) as server:
            async with client_of(server) as client:
                with self.assertRaises(grpc.RpcError) as raised:
                    await client.AcquireIp(v1.AcquireIpRequest())
        told = ipamer.refusal(raised.exception)
        self.assertEqual((told.code, told.message), (grpc.StatusCode.ALREADY_EXISTS, "no"))
        self.assertEqual(told.reason, v1.ERROR_REASON_PREFIX_OVERLAPS)
        self.assertEqual(told.metadata, {"cidr": "10.0.0.0/8"})
        self.assertEqual(told.retry_after, 0.25)

    async def test_a_list_goes_through_all_pages(self) -> None:
        with FakeServer() as server:
            async with client_of(server) as client:
                cidrs = [prefix.cidr async for prefix in client.prefixes(v1.ListPrefixesRequest(owner="me"))]
        self.assertEqual(cidrs, [f"10.0.{i}.0/24" for i in range(10)])
        self.assertEqual([asked.page_token for asked in server.requests], ["", "4", "8"])
        self.assertEqual({asked.owner for asked in server.requests}, {"me"})

    async def test_calls_without_a_timeout_get_one(self) -> None:
        with FakeServer() as server:
            for timeout, wanted in ((20.0, "20.0"), (None, "none"), (math.inf, "none")):
                async with client_of(server, timeout) as client:
                    self.assertEqual((await client.GetVersion(v1.GetVersionRequest())).version, wanted)
            async with client_of(server) as client:
                self.assertEqual((await client.GetVersion(v1.GetVersionRequest(), timeout=60)).version, "60.0")
                self.assertEqual((await client.GetVersion(v1.GetVersionRequest(), timeout=math.inf)).version, "none")

    async def test_what_a_call_takes_by_place_is_the_same_without_asyncio(self) -> None:
        by_place: Any = (v1.GetVersionRequest(), 60.0, (("key", "value"),), None, True, grpc.Compression.Gzip)
        with FakeServer() as server:
            with ipamer.connect(server.target, plaintext=True) as client:
                self.assertEqual(client.GetVersion(*by_place).version, "60.0")
            async with client_of(server) as aio:
                self.assertEqual((await aio.GetVersion(*by_place)).version, "60.0")

    async def test_a_list_that_is_closed_asks_for_no_more(self) -> None:
        with FakeServer() as server:
            async with client_of(server) as client:
                async with contextlib.aclosing(client.prefixes()) as prefixes:
                    await anext(prefixes)
                self.assertEqual([prefix async for prefix in prefixes], [])
        self.assertEqual(len(server.requests), 1)

    async def test_a_closed_client_says_so(self) -> None:
        with FakeServer() as server:
            client = client_of(server)
            await client.close()
            with self.assertRaisesRegex(grpc.aio.UsageError, "closed"):
                await client.AcquireIp(v1.AcquireIpRequest())

    async def test_the_connection_is_tls_unless_told_otherwise(self) -> None:
        with FakeServer() as server:
            async with ipamer.aio.connect(server.target, timeout=1) as client:
                with self.assertRaises(grpc.RpcError):
                    await client.AcquireIp(v1.AcquireIpRequest())
        self.assertEqual(server.requests, [])
