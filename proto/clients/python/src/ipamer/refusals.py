"""Why the server refused."""

from __future__ import annotations

import dataclasses
from typing import Any, Mapping

import grpc
from google.protobuf import any_pb2
from google.protobuf.message import DecodeError, Message
from google.rpc import error_details_pb2, status_pb2

from ipamer import v1

_DOMAIN = "ipamer.io"
_PREFIX = "ERROR_REASON_"
_DETAILS = "grpc-status-details-bin"

# Where Protobuf is Python through and through, text that is no UTF-8 is the latter.
_GARBAGE = (DecodeError, UnicodeDecodeError)


@dataclasses.dataclass(frozen=True)
class Refusal:
    """What an error says, for programs."""

    code: grpc.StatusCode
    """The gRPC code; UNKNOWN of an error that has none."""
    message: str
    """A sentence for people."""
    reason: v1.ErrorReason.ValueType = v1.ERROR_REASON_UNSPECIFIED
    """ERROR_REASON_UNSPECIFIED when the server gave none, as with errors of the network, or when it is newer than this
    client and gave one that is not known here; `code` and `reason_name` still say which."""
    reason_name: str = ""
    """The reason as it came, such as "NO_FREE_ADDRESS"; "" when the server gave none."""
    metadata: Mapping[str, str] = dataclasses.field(default_factory=dict, hash=False)
    """Facts for programs; the comment of each reason names its keys."""
    retry_after: float | None = None
    """How many seconds to wait before the call is sent again, where waiting helps."""


def refusal(error: grpc.RpcError) -> Refusal:
    """Tells what is in an error of a call, with or without asyncio. It raises nothing, whatever is in there: what cannot be
    read was written by no server of ours, and is left out."""
    code = _said(error, "code")
    told = Refusal(
        code if isinstance(code, grpc.StatusCode) else grpc.StatusCode.UNKNOWN, _said(error, "details", str(error)) or ""
    )
    for key, value in _said(error, "trailing_metadata") or ():
        if key == _DETAILS and isinstance(value, bytes):
            told = _with_details(told, value)
    return told


def _said(error: grpc.RpcError, method: str, otherwise: Any = None) -> Any:
    """RpcError itself says nothing: only what gRPC raises has the methods, and what others raise may have some."""
    say = getattr(error, method, None)
    return say() if callable(say) else otherwise


def _with_details(told: Refusal, details: bytes) -> Refusal:
    try:
        status = status_pb2.Status.FromString(details)
    except _GARBAGE:
        return told
    info = error_details_pb2.ErrorInfo()
    retry = error_details_pb2.RetryInfo()
    for detail in status.details:
        if _unpacked(detail, info) and info.domain == _DOMAIN:
            known = v1.ErrorReason.DESCRIPTOR.values_by_name.get(_PREFIX + info.reason)
            told = dataclasses.replace(
                told,
                reason=v1.ERROR_REASON_UNSPECIFIED if known is None else v1.ErrorReason.Value(known.name),
                reason_name=info.reason,
                metadata=dict(info.metadata),
            )
        elif _unpacked(detail, retry):
            # Not as a timedelta, which holds less.
            told = dataclasses.replace(told, retry_after=retry.retry_delay.seconds + retry.retry_delay.nanos / 1e9)
    return told


def _unpacked(detail: any_pb2.Any, message: Message) -> bool:
    try:
        return detail.Unpack(message)
    except _GARBAGE:
        return False
