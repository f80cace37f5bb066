"""What the clients with and without asyncio have in common."""

from __future__ import annotations

import json
import math
import secrets
from typing import Any, Protocol, Sequence, TypeVar

import grpc
from google.protobuf.message import Message

from ipamer.v1 import ipamer_service_pb2

DEFAULT_TIMEOUT = 20.0
"""In seconds; as long as a server waits for a store that is away."""

_SERVICE = ipamer_service_pb2.DESCRIPTOR.services_by_name["IpamerService"]

# UNKNOWN is here for OUTCOME_UNKNOWN, of which the server says: send the call again with the same request id. Import has
# none, so it is not repeated. The waits add up to about seven seconds, which is how long a server may take to start.
_SERVICE_CONFIG = {
    "methodConfig": [
        {
            "name": [{"service": _SERVICE.full_name}],
            "retryPolicy": {
                "maxAttempts": 5,
                "initialBackoff": "0.1s",
                "maxBackoff": "5s",
                "backoffMultiplier": 4,
                "retryableStatusCodes": ["UNAVAILABLE", "UNKNOWN"],
            },
        },
        {"name": [{"service": _SERVICE.full_name, "method": "Import"}]},
    ]
}

_CHANNEL_OPTIONS: tuple[tuple[str, Any], ...] = (
    ("grpc.service_config", json.dumps(_SERVICE_CONFIG)),
    # What a server takes, it may also answer.
    ("grpc.max_receive_message_length", 64 << 20),
    # A connection on which calls wait and nothing comes is asked for a sign of life.
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.keepalive_timeout_ms", 10_000),
)


class Page(Protocol):
    """An answer that is one of several."""

    next_page_token: str


Request = TypeVar("Request", bound=Message)
Response = TypeVar("Response")
Answer = TypeVar("Answer", bound=Page)


def channel_options(more: Sequence[tuple[str, Any]]) -> list[tuple[str, Any]]:
    """The caller's come last, and so win."""
    return [*_CHANNEL_OPTIONS, *more]


def channel_credentials(
    plaintext: bool, credentials: grpc.ChannelCredentials | None
) -> grpc.ChannelCredentials | None:
    """None for no TLS."""
    if plaintext and credentials is not None:
        raise ValueError("plaintext and credentials were both given: a plaintext connection has no use for credentials")
    if plaintext:
        return None
    return grpc.ssl_channel_credentials() if credentials is None else credentials


def unary_rpcs() -> list[str]:
    """All but Export and Import."""
    return [method.name for method in _SERVICE.methods if not method.client_streaming and not method.server_streaming]


def bound(timeout: float | None, otherwise: float | None) -> float | None:
    """The caller's timeout, as gRPC takes it: None for no bound."""
    chosen = otherwise if timeout is None else timeout
    return None if chosen == math.inf else chosen


def with_request_id(request: Request) -> Request:
    """Requests that change something have a field for the id. The caller's message stays as it is, so that it can be
    sent again as a call of its own."""
    if not isinstance(request, Message) or "request_id" not in request.DESCRIPTOR.fields_by_name:
        return request
    if getattr(request, "request_id"):
        return request
    return with_text(request, "request_id", secrets.token_hex(16))


def with_text(message: Request, field: str, text: str) -> Request:
    """A copy in which one field is another."""
    changed = type(message)()
    changed.CopyFrom(message)
    setattr(changed, field, text)
    return changed
