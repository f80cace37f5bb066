"""Calls an Ipamer server: it hands out IP prefixes and addresses, and never hands the same one out twice.

`connect` gives a client that has every rpc of ipamer.v1 as a method (the module `ipamer.v1` has the messages), and beside
them iterators over lists of any length; `ipamer.aio.connect` the same for asyncio. Calls are repeated by themselves while
the server cannot be reached, which is safe because every call that changes something carries a request id. `refusal`
tells why the server refused.
"""

from ipamer import aio
from ipamer.client import Client, connect
from ipamer.refusals import Refusal, refusal

__all__ = ["Client", "Refusal", "aio", "connect", "refusal"]
