"""Why the server refused."""

from __future__ import annotations

import dataclasses
from typing import Iterable, Mapping, cast

import grpc
from google.rpc import error_details_pb2, status_pb2

from ipamer import v1

_DOMAIN = "ipamer.io"
_PREFIX = "ERROR_REASON_"
_DETAILS = "grpc-status-details-bin"


@dataclasses.dataclass(frozen=True)
class Refusal:
    """What an error says, for programs."""

    code: grpc.StatusCode
    """The gRPC code."""
    message: str
    """A sentence for people."""
    reason: v1.ErrorReason.ValueType = v1.ERROR_REASON_UNSPECIFIED
    """ERROR_REASON_UNSPECIFIED when the server gave none, as with errors of the network, or when it is newer than this
    client and gave one that is not known here; `code` and `reason_name` still say which."""
    reason_name: str = ""
    """The reason as it came, such as "NO_FREE_ADDRESS"; "" when the server gave none."""
    metadata: Mapping[str, str] = dataclasses.field(default_factory=dict)
    """Facts for programs; the comment of each reason names its keys."""
    retry_after: float | None = None
    """How many seconds to wait before the call is sent again, where waiting helps."""


def refusal(error: grpc.RpcError) -> Refusal:
    """Tells what is in an error of a call, with or without asyncio."""
    told = Refusal(error.code(), error.details() or "")
    for key, value in cast("Iterable[tuple[str, str | bytes]]", error.trailing_metadata() or ()):
        if key == _DETAILS and isinstance(value, bytes):
            told = _with_details(told, status_pb2.Status.FromString(value))
    return told


def _with_details(told: Refusal, status: status_pb2.Status) -> Refusal:
    info = error_details_pb2.ErrorInfo()
    retry = error_details_pb2.RetryInfo()
    for detail in status.details:
        if detail.Unpack(info) and info.domain == _DOMAIN:
            known = v1.ErrorReason.DESCRIPTOR.values_by_name.get(_PREFIX + info.reason)
            told = dataclasses.replace(
                told,
                reason=v1.ERROR_REASON_UNSPECIFIED if known is None else v1.ErrorReason.Value(known.name),
                reason_name=info.reason,
                metadata=dict(info.metadata),
            )
        elif detail.Unpack(retry):
            told = dataclasses.replace(told, retry_after=retry.retry_delay.ToTimedelta().total_seconds())
    return told
