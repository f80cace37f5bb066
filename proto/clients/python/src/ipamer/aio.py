"""The client for programs with asyncio."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING, Any, AsyncGenerator, Awaitable, Callable, Generic, Sequence

import grpc
import grpc.aio

from ipamer import _calls, v1
from ipamer._calls import Answer, Request, Response

if TYPE_CHECKING:
    from ipamer.v1.ipamer_service_pb2_grpc import IpamerServiceAsyncStub as _Stub
else:
    from ipamer.v1.ipamer_service_pb2_grpc import IpamerServiceStub as _Stub


class Client(_Stub):
    """As `ipamer.Client`, for one event loop; to close it, use it in an `async with` or await `close`."""

    def __init__(self, channel: grpc.aio.Channel, timeout: float | None = _calls.DEFAULT_TIMEOUT) -> None:
        super().__init__(channel)
        self.channel = channel
        """For the server's other services: health and reflection."""
        for rpc in _calls.unary_rpcs():
            setattr(self, rpc, _Call(getattr(self, rpc), timeout))

    async def close(self) -> None:
        """Ends the connection. Calls that are under way fail as cancelled, those that come later raise
        grpc.aio.UsageError."""
        await self.channel.close()

    async def __aenter__(self) -> Client:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def namespaces(self, request: v1.ListNamespacesRequest | None = None) -> AsyncGenerator[v1.Namespace, None]:
        """Lists all namespaces by name. As with all lists here: page_size says how many rows one call fetches, and
        page_token where to begin."""
        async for page in _pages(self.ListNamespaces, request or v1.ListNamespacesRequest()):
            for row in page.namespaces:
                yield row

    async def prefixes(self, request: v1.ListPrefixesRequest | None = None) -> AsyncGenerator[v1.Prefix, None]:
        """Lists the prefixes of a namespace that the request's filters leave: a prefix before what is in it."""
        async for page in _pages(self.ListPrefixes, request or v1.ListPrefixesRequest()):
            for row in page.prefixes:
                yield row

    async def ips(self, request: v1.ListIpsRequest) -> AsyncGenerator[v1.Allocation, None]:
        """Lists the acquired addresses of a prefix that the request's filters leave, ascending."""
        async for page in _pages(self.ListIps, request):
            for row in page.allocations:
                yield row

    async def free_ranges(self, request: v1.ListFreeRequest) -> AsyncGenerator[v1.FreeRange, None]:
        """Lists the free space of a prefix, ascending."""
        async for page in _pages(self.ListFree, request):
            for row in page.ranges:
                yield row

    def lookup_pages(self, request: v1.LookupRequest) -> AsyncGenerator[v1.LookupResponse, None]:
        """Finds what has an owner or labels. Gives the answers as they come, for they have rows of two kinds: all prefixes
        first, then addresses."""
        return _pages(self.Lookup, request)


def connect(
    target: str,
    *,
    plaintext: bool = False,
    credentials: grpc.ChannelCredentials | None = None,
    timeout: float | None = _calls.DEFAULT_TIMEOUT,
    options: Sequence[tuple[str, Any]] = (),
) -> Client:
    """As `ipamer.connect`, for the event loop that is running."""
    tls = _calls.channel_credentials(plaintext, credentials)
    settings = _calls.channel_options(options)
    if tls is None:
        channel = grpc.aio.insecure_channel(target, settings)
    else:
        channel = grpc.aio.secure_channel(target, tls, settings)
    return Client(channel, timeout)


async def _pages(call: Callable[[Request], Awaitable[Answer]], request: Request) -> AsyncGenerator[Answer, None]:
    while True:
        page = await call(request)
        yield page
        if not page.next_page_token:
            return
        request = _calls.with_text(request, "page_token", page.next_page_token)


class _Call(Generic[Request, Response]):
    """An rpc, with a request id and a timeout where the caller gives none. gRPC repeats calls by itself, with all that is
    in them."""

    def __init__(self, call: grpc.aio.UnaryUnaryMultiCallable[Request, Response], timeout: float | None) -> None:
        self._call = call
        self._timeout = timeout

    def __call__(
        self,
        request: Request,
        timeout: float | None = None,
        metadata: Any = None,
        credentials: grpc.CallCredentials | None = None,
        wait_for_ready: bool | None = None,
        compression: grpc.Compression | None = None,
    ) -> grpc.aio.UnaryUnaryCall[Request, Response]:
        """Takes by place, too, what calls without asyncio do."""
        return self._call(
            _calls.with_request_id(request),
            timeout=_calls.bound(timeout, self._timeout),
            metadata=metadata,
            credentials=credentials,
            wait_for_ready=wait_for_ready,
            compression=compression,
        )
