"""An account on loopback that answers the two calls that planning makes, and no other.

`GetCallerIdentity` says the account that the access key names, `GetRandomPassword` a marker by
which a leak is found. Every other operation is refused by name: a data source that would need an
account is so found at once.
"""

from __future__ import annotations

import contextlib
import json
import re
import threading
from collections.abc import Iterator

from werkzeug import Request, Response
from werkzeug.serving import WSGIRequestHandler, make_server

from tests.support import markers

HOST = "127.0.0.1"
_NAMESPACE = "https://sts.amazonaws.com/doc/2011-06-15/"
_JSON = "application/x-amz-json-1.1"


@Request.application
def _application(request: Request) -> Response:
    target = request.headers.get("X-Amz-Target", "").rpartition(".")[2]
    operation = target or request.form.get("Action") or f"{request.method} {request.path}"
    match operation:
        case "GetCallerIdentity":
            return Response(_identity(_account(request)), content_type="text/xml")
        case "GetRandomPassword":
            answer = {"RandomPassword": markers.PASSWORD}
            return Response(json.dumps(answer), content_type=_JSON)
    message = f"a plan must need no account, and this one asks AWS for {operation}"
    error = {"__type": "AccessDeniedException", "message": message}
    # An error of the client's is final; the provider would repeat one of the server's for minutes.
    return Response(json.dumps(error), status=400, content_type=_JSON)


def _account(request: Request) -> str:
    found = re.search(r"Credential=(\d{12})/", request.headers.get("Authorization", ""))
    return found[1] if found else "000000000000"


def _identity(account: str) -> str:
    return (
        f'<GetCallerIdentityResponse xmlns="{_NAMESPACE}"><GetCallerIdentityResult>'
        f"<Arn>arn:aws:iam::{account}:user/suite</Arn><UserId>suite</UserId>"
        f"<Account>{account}</Account></GetCallerIdentityResult><ResponseMetadata>"
        "<RequestId>suite</RequestId></ResponseMetadata></GetCallerIdentityResponse>"
    )


class _Silent(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"

    def log(self, type: str, message: str, *args: object) -> None:
        """Nobody reads it."""


@contextlib.contextmanager
def serving() -> Iterator[str]:
    """The endpoint's URL while it serves."""
    server = make_server(HOST, 0, _application, threaded=True, request_handler=_Silent)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://{HOST}:{server.port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def credentials(account: str, endpoint: str) -> dict[str, str]:
    """Environment variables that make a provider plan for `account` against `endpoint`."""
    return {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": account,
        "AWS_SECRET_ACCESS_KEY": "suite",
        "AWS_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
