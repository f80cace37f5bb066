"""A server that does what a test says, and remembers what it was asked."""

from __future__ import annotations

from concurrent import futures
from typing import Any, Iterator

import grpc
from google.protobuf import any_pb2
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2
from ipamer import v1
from ipamer.v1.ipamer_service_pb2_grpc import IpamerServiceServicer, add_IpamerServiceServicer_to_server

Failure = tuple[grpc.StatusCode, tuple[Message, ...]]


def refused(code: grpc.StatusCode, reason: str, **metadata: str) -> Failure:
    retry = error_details_pb2.RetryInfo()
    retry.retry_delay.FromMilliseconds(250)
    info = error_details_pb2.ErrorInfo(domain="ipamer.io", reason=reason, metadata=metadata)
    return code, (info, retry)


UNAVAILABLE: Failure = (grpc.StatusCode.UNAVAILABLE, ())


class FakeServer(IpamerServiceServicer):
    def __init__(self, *failures: Failure | None) -> None:
        self.requests: list[Any] = []
        self._failures = list(failures)
        self._server = grpc.server(futures.ThreadPoolExecutor(4))
        add_IpamerServiceServicer_to_server(self, self._server)
        self.target = f"127.0.0.1:{self._server.add_insecure_port('127.0.0.1:0')}"
        self._server.start()

    def __enter__(self) -> FakeServer:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.stop(None).wait()

    def _called(self, request: Message, context: Any) -> None:
        self.requests.append(request)
        failure = self._failures.pop(0) if self._failures else None
        if failure is None:
            return
        code, details = failure
        status = status_pb2.Status(code=code.value[0], message="no")
        for detail in details:
            packed = any_pb2.Any()
            packed.Pack(detail)
            status.details.append(packed)
        context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
        context.abort(code, "no")

    def GetVersion(self, request: v1.GetVersionRequest, context: Any) -> v1.GetVersionResponse:
        remaining = context.time_remaining()
        # Without a deadline some versions say None, and others a time that is years away.
        bounded = remaining is not None and remaining < 1e6
        return v1.GetVersionResponse(version=str(round(remaining, -1)) if bounded else "none")

    def AcquireIp(self, request: v1.AcquireIpRequest, context: Any) -> v1.AcquireIpResponse:
        self._called(request, context)
        return v1.AcquireIpResponse()

    def ListPrefixes(self, request: v1.ListPrefixesRequest, context: Any) -> v1.ListPrefixesResponse:
        """Ten prefixes in pages of four."""
        self._called(request, context)
        first = int(request.page_token or "0")
        rows = [v1.Prefix(cidr=f"10.0.{i}.0/24") for i in range(first, min(first + 4, 10))]
        return v1.ListPrefixesResponse(prefixes=rows, next_page_token=str(first + 4) if first + 4 < 10 else "")

    def Export(self, request: v1.ExportRequest, context: Any) -> Iterator[v1.ExportResponse]:
        self._called(request, context)
        yield v1.ExportResponse(data=b"{}")

    def Import(self, request_iterator: Any, context: Any) -> Iterator[v1.ImportResponse]:
        self._called(v1.ImportRequest(), context)
        yield v1.ImportResponse(done=True)
