from __future__ import annotations

import math
import unittest
from typing import Any

import grpc
import ipamer
from fake_server import UNAVAILABLE, Failure, FakeServer, refused
from google.protobuf import any_pb2
from google.rpc import error_details_pb2, status_pb2
from ipamer import v1


def client_of(server: FakeServer, timeout: float | None = 20.0) -> ipamer.Client:
    return ipamer.connect(server.target, plaintext=True, timeout=timeout)


class RequestIds(unittest.TestCase):
    def test_every_call_that_changes_something_has_one_of_its_own(self) -> None:
        request = v1.AcquireIpRequest(prefix_cidr="10.0.0.0/24")
        with FakeServer() as server, client_of(server) as client:
            client.AcquireIp(request)
            client.AcquireIp(request)
        first, second = server.requests
        self.assertTrue(first.request_id)
        self.assertNotEqual(first.request_id, second.request_id)
        self.assertEqual(first.prefix_cidr, "10.0.0.0/24")
        self.assertEqual(request.request_id, "", "the caller's request was changed")

    def test_the_callers_own_is_sent(self) -> None:
        with FakeServer() as server, client_of(server) as client:
            client.AcquireIp(v1.AcquireIpRequest(request_id="mine"))
        self.assertEqual(server.requests[0].request_id, "mine")

    def test_a_call_that_is_repeated_keeps_it(self) -> None:
        outcome_unknown = refused(grpc.StatusCode.UNKNOWN, "OUTCOME_UNKNOWN")
        with FakeServer(UNAVAILABLE, outcome_unknown) as server, client_of(server) as client:
            client.AcquireIp(v1.AcquireIpRequest())
        self.assertEqual(len(server.requests), 3)
        self.assertEqual(len({request.request_id for request in server.requests}), 1)

    def test_calls_as_futures_have_one(self) -> None:
        with FakeServer() as server, client_of(server) as client:
            client.AcquireIp.future(v1.AcquireIpRequest()).result()
        self.assertTrue(server.requests[0].request_id)


class Repetitions(unittest.TestCase):
    def test_a_refusal_is_not_asked_for_again(self) -> None:
        with FakeServer(refused(grpc.StatusCode.RESOURCE_EXHAUSTED, "NO_FREE_ADDRESS")) as server:
            with client_of(server) as client, self.assertRaises(grpc.RpcError):
                client.AcquireIp(v1.AcquireIpRequest())
        self.assertEqual(len(server.requests), 1)

    def test_an_import_is_not_sent_again(self) -> None:
        with FakeServer(UNAVAILABLE) as server:
            with client_of(server) as client, self.assertRaises(grpc.RpcError):
                list(client.Import(iter([v1.ImportRequest(header=v1.ImportHeader())])))
        self.assertEqual(len(server.requests), 1)


class Failed(grpc.RpcError):
    """An error with details that no server of ours sends."""

    def __init__(self, details: bytes) -> None:
        self._details = details

    def code(self) -> grpc.StatusCode:
        return grpc.StatusCode.UNAVAILABLE

    def details(self) -> str:
        return "gone"

    def trailing_metadata(self) -> Any:
        return (("server", "a proxy"), ("grpc-status-details-bin", self._details))


class OnlyACode(grpc.RpcError):
    code: Any = None


class Refusals(unittest.TestCase):
    def test_a_refusal_has_reason_and_metadata(self) -> None:
        overlaps = refused(grpc.StatusCode.ALREADY_EXISTS, "PREFIX_OVERLAPS", cidr="10.0.0.0/8")
        self.assertEqual(
            self.told_of(overlaps),
            ipamer.Refusal(
                code=grpc.StatusCode.ALREADY_EXISTS,
                message="no",
                reason=v1.ERROR_REASON_PREFIX_OVERLAPS,
                reason_name="PREFIX_OVERLAPS",
                metadata={"cidr": "10.0.0.0/8"},
                retry_after=0.25,
            ),
        )

    def test_a_reason_of_a_newer_server_keeps_its_name_and_code(self) -> None:
        told = self.told_of(refused(grpc.StatusCode.PERMISSION_DENIED, "NOT_YOURS"))
        self.assertEqual(told.reason, v1.ERROR_REASON_UNSPECIFIED)
        self.assertEqual(told.reason_name, "NOT_YOURS")
        self.assertEqual(told.code, grpc.StatusCode.PERMISSION_DENIED)

    def test_an_error_without_a_reason_still_has_its_code(self) -> None:
        told = self.told_of((grpc.StatusCode.RESOURCE_EXHAUSTED, ()))
        self.assertEqual(told, ipamer.Refusal(code=grpc.StatusCode.RESOURCE_EXHAUSTED, message="no"))

    def test_a_stream_is_refused_with_a_reason_too(self) -> None:
        with FakeServer(refused(grpc.StatusCode.NOT_FOUND, "NAMESPACE_NOT_FOUND")) as server:
            with client_of(server) as client, self.assertRaises(grpc.RpcError) as raised:
                list(client.Export(v1.ExportRequest()))
        self.assertEqual(ipamer.refusal(raised.exception).reason, v1.ERROR_REASON_NAMESPACE_NOT_FOUND)

    def test_details_that_are_garbage_leave_code_and_message(self) -> None:
        told = ipamer.refusal(Failed(b"\xff\xff garbage"))
        self.assertEqual(told, ipamer.Refusal(code=grpc.StatusCode.UNAVAILABLE, message="gone"))

    def test_a_detail_that_is_garbage_leaves_the_others(self) -> None:
        good = any_pb2.Any()
        good.Pack(error_details_pb2.ErrorInfo(domain="ipamer.io", reason="NO_FREE_ADDRESS"))
        no_message, no_utf8 = b"\xff", b"\x0a\x01\xff"
        for kind, value in (("ErrorInfo", no_message), ("ErrorInfo", no_utf8), ("RetryInfo", no_message), ("Else", b"")):
            garbage = any_pb2.Any(type_url=f"type.googleapis.com/google.rpc.{kind}", value=value)
            for details in ([garbage, good], [good, garbage]):
                told = ipamer.refusal(Failed(status_pb2.Status(details=details).SerializeToString()))
                self.assertEqual((told.reason_name, told.retry_after), ("NO_FREE_ADDRESS", None), kind)

    def test_any_time_to_wait_can_be_told(self) -> None:
        forever = error_details_pb2.RetryInfo()
        forever.retry_delay.seconds = 2**62
        detail = any_pb2.Any()
        detail.Pack(forever)
        told = ipamer.refusal(Failed(status_pb2.Status(details=[detail]).SerializeToString()))
        self.assertEqual(told.retry_after, 2.0**62)

    def test_an_error_that_says_nothing_is_unknown(self) -> None:
        for error in (grpc.RpcError("a proxy's"), OnlyACode("a proxy's")):
            told = ipamer.refusal(error)
            self.assertEqual(told, ipamer.Refusal(code=grpc.StatusCode.UNKNOWN, message="a proxy's"))

    def test_refusals_can_be_keys(self) -> None:
        overlaps = refused(grpc.StatusCode.ALREADY_EXISTS, "PREFIX_OVERLAPS", cidr="10.0.0.0/8")
        self.assertEqual(len({self.told_of(overlaps), self.told_of(overlaps)}), 1)

    def told_of(self, failure: Failure) -> ipamer.Refusal:
        with FakeServer(failure) as server, client_of(server) as client:
            with self.assertRaises(grpc.RpcError) as raised:
                client.AcquireIp(v1.AcquireIpRequest())
        return ipamer.refusal(raised.exception)


class Lists(unittest.TestCase):
    def test_a_list_goes_through_all_pages(self) -> None:
        request = v1.ListPrefixesRequest(owner="me")
        with FakeServer() as server, client_of(server) as client:
            cidrs = [prefix.cidr for prefix in client.prefixes(request)]
        self.assertEqual(cidrs, [f"10.0.{i}.0/24" for i in range(10)])
        self.assertEqual([asked.page_token for asked in server.requests], ["", "4", "8"])
        self.assertEqual({asked.owner for asked in server.requests}, {"me"})
        self.assertEqual(request.page_token, "", "the caller's request was changed")

    def test_a_list_stops_where_its_reader_does(self) -> None:
        with FakeServer() as server, client_of(server) as client:
            next(client.prefixes())
        self.assertEqual(len(server.requests), 1)

    def test_a_list_that_is_closed_asks_for_no_more(self) -> None:
        with FakeServer() as server, client_of(server) as client:
            prefixes = client.prefixes()
            next(prefixes)
            prefixes.close()
            self.assertEqual(list(prefixes), [])
        self.assertEqual(len(server.requests), 1)

    def test_a_list_raises_what_goes_wrong_on_the_way(self) -> None:
        rows = []
        with FakeServer(None, refused(grpc.StatusCode.NOT_FOUND, "NAMESPACE_NOT_FOUND")) as server:
            with client_of(server) as client, self.assertRaises(grpc.RpcError):
                for prefix in client.prefixes():
                    rows.append(prefix)
        self.assertEqual(len(rows), 4)


class Connections(unittest.TestCase):
    def test_calls_without_a_timeout_get_one(self) -> None:
        with FakeServer() as server:
            for timeout, wanted in ((20.0, "20.0"), (100.0, "100.0"), (None, "none"), (math.inf, "none")):
                with client_of(server, timeout) as client:
                    self.assertEqual(client.GetVersion(v1.GetVersionRequest()).version, wanted)
            with client_of(server) as client:
                self.assertEqual(client.GetVersion(v1.GetVersionRequest(), timeout=60).version, "60.0")

    def test_a_call_can_be_without_a_bound(self) -> None:
        with FakeServer() as server, client_of(server) as client:
            self.assertEqual(client.GetVersion(v1.GetVersionRequest(), timeout=math.inf).version, "none")

    def test_the_connection_is_tls_unless_told_otherwise(self) -> None:
        with FakeServer() as server, ipamer.connect(server.target, timeout=1) as client:
            with self.assertRaises(grpc.RpcError):
                client.AcquireIp(v1.AcquireIpRequest())
        self.assertEqual(server.requests, [])

    def test_plaintext_has_no_use_for_credentials(self) -> None:
        with self.assertRaisesRegex(ValueError, "plaintext and credentials were both given"):
            ipamer.connect("127.0.0.1:1", plaintext=True, credentials=grpc.ssl_channel_credentials())

    def test_a_closed_client_says_so(self) -> None:
        with FakeServer() as server:
            client = client_of(server)
            client.close()
            with self.assertRaisesRegex(ValueError, "closed channel"):
                client.AcquireIp(v1.AcquireIpRequest())
