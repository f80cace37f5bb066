"""The client for programs without asyncio."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING, Any, Callable, Generator, Generic, Sequence

import grpc

from ipamer import _calls, v1
from ipamer._calls import Answer, Request, Response
from ipamer.v1.ipamer_service_pb2_grpc import IpamerServiceStub

if TYPE_CHECKING:
    from grpc import _CallFuture


class Client(IpamerServiceStub):
    """Has every rpc of ipamer.v1 as a method, as the generated stub does, and iterators over lists of any length. It is
    safe for use by many threads, which share one connection; to close it, use it in a `with` or call `close`."""

    def __init__(self, channel: grpc.Channel, timeout: float | None = _calls.DEFAULT_TIMEOUT) -> None:
        super().__init__(channel)  # type: ignore[call-arg] # The stub has it; its types have __new__ instead.
        self.channel = channel
        """For the server's other services: health and reflection."""
        for rpc in _calls.unary_rpcs():
            setattr(self, rpc, _Call(getattr(self, rpc), timeout))

    def close(self) -> None:
        """Ends the connection. Calls that are under way fail as cancelled, those that come later raise ValueError."""
        self.channel.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def namespaces(self, request: v1.ListNamespacesRequest | None = None) -> Generator[v1.Namespace, None, None]:
        """Lists all namespaces by name. As with all lists here: page_size says how many rows one call fetches, and
        page_token where to begin."""
        for page in _pages(self.ListNamespaces, request or v1.ListNamespacesRequest()):
            yield from page.namespaces

    def prefixes(self, request: v1.ListPrefixesRequest | None = None) -> Generator[v1.Prefix, None, None]:
        """Lists the prefixes of a namespace that the request's filters leave: a prefix before what is in it."""
        for page in _pages(self.ListPrefixes, request or v1.ListPrefixesRequest()):
            yield from page.prefixes

    def ips(self, request: v1.ListIpsRequest) -> Generator[v1.Allocation, None, None]:
        """Lists the acquired addresses of a prefix that the request's filters leave, ascending."""
        for page in _pages(self.ListIps, request):
            yield from page.allocations

    def free_ranges(self, request: v1.ListFreeRequest) -> Generator[v1.FreeRange, None, None]:
        """Lists the free space of a prefix, ascending."""
        for page in _pages(self.ListFree, request):
            yield from page.ranges

    def lookup_pages(self, request: v1.LookupRequest) -> Generator[v1.LookupResponse, None, None]:
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
    """Makes a client of the server at `target`, such as "ipam.example.net:9090" or any other name that gRPC resolves. It
    does not wait for a connection: that is made with the first call.

    The connection is TLS, verified by the roots that come with gRPC, or by what `credentials` say.

    plaintext: leaves out TLS; whoever is on the way can read and change everything.
    timeout: in seconds, bounds calls that are made without one, their repetitions included; None or math.inf for no
        bound. It does not concern Export and Import. In a call None means this timeout, and math.inf no bound.
    options: more settings of gRPC's channel.
    """
    tls = _calls.channel_credentials(plaintext, credentials)
    settings = _calls.channel_options(options)
    if tls is None:
        channel = grpc.insecure_channel(target, settings)
    else:
        channel = grpc.secure_channel(target, tls, settings)
    return Client(channel, timeout)


def _pages(call: Callable[[Request], Answer], request: Request) -> Generator[Answer, None, None]:
    while True:
        page = call(request)
        yield page
        if not page.next_page_token:
            return
        request = _calls.with_text(request, "page_token", page.next_page_token)


class _Call(Generic[Request, Response]):
    """An rpc, with a request id and a timeout where the caller gives none. gRPC repeats calls by itself, with all that is
    in them. It is no interceptor, because calls on a closed channel that has those end the whole process."""

    def __init__(self, call: grpc.UnaryUnaryMultiCallable[Request, Response], timeout: float | None) -> None:
        self._call = call
        self._timeout = timeout

    def __call__(self, request: Request, timeout: float | None = None, *rest: Any, **others: Any) -> Response:
        return self._call(*self._sent(request, timeout), *rest, **others)

    def with_call(
        self, request: Request, timeout: float | None = None, *rest: Any, **others: Any
    ) -> tuple[Response, grpc.Call]:
        return self._call.with_call(*self._sent(request, timeout), *rest, **others)

    def future(
        self, request: Request, timeout: float | None = None, *rest: Any, **others: Any
    ) -> _CallFuture[Response]:
        return self._call.future(*self._sent(request, timeout), *rest, **others)

    def _sent(self, request: Request, timeout: float | None) -> tuple[Request, float | None]:
        return _calls.with_request_id(request), _calls.bound(timeout, self._timeout)
