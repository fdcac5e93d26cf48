"""What the load balancer does to header fields.

Sources: Elastic Load Balancing user guide, "HTTP headers and Application Load Balancers" (the
client's address is appended to X-Forwarded-For) and "Request tracing".
"""

from __future__ import annotations

import random
import time

from aiohttp import web
from multidict import CIMultiDict, CIMultiDictProxy

from tests.load.living.listeners import Listener

_OF_ONE_CONNECTION = frozenset(
    ("connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding",
     "upgrade")
)  # fmt: skip
_TRACE = "X-Amzn-Trace-Id"


def for_target(request: web.BaseRequest, listener: Listener) -> CIMultiDict[str]:
    """The client's, with those that a load balancer adds."""
    headers = passed_on(request.headers)
    before = headers.popall("X-Forwarded-For", [])
    headers["X-Forwarded-For"] = ", ".join([*before, request.remote or ""])
    headers["X-Forwarded-Proto"] = listener.protocol.lower()
    headers["X-Forwarded-Port"] = str(listener.port)
    headers[_TRACE] = _trace(headers.get(_TRACE, ""))
    return headers


def passed_on(headers: CIMultiDictProxy[str]) -> CIMultiDict[str]:
    """Without what is between two ends of one connection."""
    return CIMultiDict(
        (name, value) for name, value in headers.items() if name.lower() not in _OF_ONE_CONNECTION
    )


def _trace(given: str) -> str:
    """Root where the client gave none; else Self before what it gave, instead of its own Self."""
    mark = f"1-{int(time.time()):08x}-{random.getrandbits(96):024x}"
    fields = [one for one in given.split(";") if one and not one.startswith("Self=")]
    rooted = any(one.startswith("Root=") for one in fields)
    return ";".join([f"Self={mark}" if rooted else f"Root={mark}", *fields])
