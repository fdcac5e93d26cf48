"""AWS wire protocols: which operation a request asks for, its parameters, and answers to it.

Everything is driven by botocore's service models (through moto's loader, which corrects a few of
them), so one implementation serves query, ec2, json, rest-json and rest-xml services.
"""

from __future__ import annotations

import functools
import gzip
import io
import json
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, unquote, urlencode
from xml.sax.saxutils import escape

from botocore.awsrequest import HeadersDict
from botocore.exceptions import UnknownServiceError
from botocore.parsers import create_parser
from botocore.serialize import create_serializer
from moto.core.parse import PROTOCOL_PARSERS
from moto.core.request import Request, determine_request_protocol
from moto.core.routing import get_service_router
from moto.core.serialize import get_serializer_class
from moto.core.utils import get_service_model
from werkzeug.exceptions import HTTPException

Environ = dict[str, Any]
Answer = tuple[int, list[tuple[str, str]], bytes]

_SIGNING_NAMES = {
    "monitoring": "cloudwatch",
    "email": "ses",
    "elasticfilesystem": "efs",
    "tagging": "resourcegroupstaggingapi",
    "states": "stepfunctions",
}
_ENCODING = "HTTP_CONTENT_ENCODING"
_ELB_VERSION_2 = "2015-12-01"
_REST_XML = {"s3", "s3control", "cloudfront", "route53"}
_ERROR_CODE = re.compile(r'(?:<Code>|"__type"\s*:\s*")([\w.#:-]+)')
_router = functools.cache(get_service_router)


@dataclass(frozen=True)
class Target:
    """What a request asks for. `operation` is None when the model does not know it either."""

    service: str
    operation: str | None
    region: str
    protocol: str
    uri_params: dict[str, Any]

    @property
    def name(self) -> str:
        """`service:Operation` for messages."""
        return f"{self.service}:{self.operation or 'unknown operation'}"


def identify(environ: Environ) -> Target:
    """The service, operation, region and protocol of a request, read from its signature scope.

    Without a signature come only requests for public objects and, as forms, to assume a role with
    somebody else's token.
    """
    scope = re.search(
        r"Credential=[^/]*/\d+/([^/]+)/([^/]+)/", environ.get("HTTP_AUTHORIZATION", "")
    )
    form = _form(environ)
    unsigned = ("us-east-1", "sts" if "Action" in form else "s3")
    region, signing_name = (scope.group(1), scope.group(2)) if scope else unsigned
    service = _SIGNING_NAMES.get(signing_name, signing_name)
    if service == "elasticloadbalancing":
        service = "elbv2" if form.get("Version") == _ELB_VERSION_2 else "elb"
    target = environ.get("HTTP_X_AMZ_TARGET")
    if target:
        return Target(service, target.split(".")[-1], region, "json", {})
    if "Action" in form:
        protocol = "ec2" if service == "ec2" else "query"
        return Target(service, form["Action"], region, protocol, {})
    protocol = "rest-xml" if service in _REST_XML else "rest-json"
    return Target(service, *_rest_operation(service, environ, region, protocol))


def _rest_operation(
    service: str, environ: Environ, region: str, protocol: str
) -> tuple[str | None, str, str, dict[str, Any]]:
    try:
        operation, uri_params = _router(service).match(Request(dict(environ)))
    except (HTTPException, UnknownServiceError):  # unknown to the model, or to botocore
        return None, region, protocol, {}
    return str(operation.name), region, protocol, uri_params


def _form(environ: Environ) -> dict[str, str]:
    """The query string and, for form posts, the body, as a flat dictionary."""
    fields = environ.get("QUERY_STRING", "")
    if environ.get("CONTENT_TYPE", "").startswith("application/x-www-form-urlencoded"):
        fields = f"{fields}&{body_of(environ).decode(errors='replace')}"
    return {key: values[0] for key, values in parse_qs(fields, keep_blank_values=True).items()}


def body_of(environ: Environ) -> bytes:
    """The buffered request body, with the stream rewound for the next reader."""
    stream = environ["wsgi.input"]
    stream.seek(0)
    body: bytes = stream.read()
    stream.seek(0)
    return body


def _inflated(environ: Environ) -> bytes:
    """The body of an operation's input, which clients compress when it is long.

    An object's content is not for the wire to change: no handler asks for it.
    """
    body = body_of(environ)
    return gzip.decompress(body) if environ.get(_ENCODING) == "gzip" else body


def operation_model(target: Target) -> Any:
    """botocore's model of the target's operation."""
    return get_service_model(target.service).operation_model(target.operation)


def protocol_of(target: Target, environ: Environ) -> str:
    """The wire protocol of this request; a service may support several."""
    service_model = get_service_model(target.service)
    return determine_request_protocol(service_model, environ.get("CONTENT_TYPE"))


def parse_request(target: Target, environ: Environ) -> dict[str, Any]:
    """The operation's input as a plain dictionary."""
    request = Request(dict(environ))
    parser_class = PROTOCOL_PARSERS[protocol_of(target, environ)]
    parser = parser_class(operation_model(target), map_type=dict)
    parsed: dict[str, Any] = parser.parse(
        {
            "method": request.method,
            "values": request.values,
            "headers": request.headers,
            "body": _inflated(environ),
            "url_path": request.path,
            "url_params": target.uri_params,
        }
    )
    return parsed


def build_request(target: Target, params: dict[str, Any], environ: Environ) -> Environ:
    """The client's request with other parameters."""
    return _serialized(target, params, protocol_of(target, environ), environ)


def new_request(service: str, operation: str, region: str, params: dict[str, Any]) -> Environ:
    """A request of the emulator's own, as a client would send it."""
    model = get_service_model(service)
    known = [str(model.protocol), *model.metadata.get("protocols", [])]
    protocol = next(name for name in known if name in PROTOCOL_PARSERS)
    signing_name = model.signing_name or model.endpoint_prefix
    target = Target(service, operation, region, protocol, {})
    base = {
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "80",
        "HTTP_HOST": "127.0.0.1",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.url_scheme": "http",
        "wsgi.input_terminated": True,
        "HTTP_AUTHORIZATION": (
            f"AWS4-HMAC-SHA256 Credential=emulator/20260101/{region}/{signing_name}/aws4_request"
        ),
    }
    return _serialized(target, params, protocol, base)


def _serialized(target: Target, params: dict[str, Any], protocol: str, environ: Environ) -> Environ:
    model = operation_model(target)
    made = create_serializer(protocol, include_validation=False).serialize_to_request(params, model)
    body = made["body"]
    if isinstance(body, dict):
        body = urlencode(body)
    encoded = body.encode() if isinstance(body, str) else body
    path, _, query = made["url_path"].partition("?")
    extra = urlencode(made["query_string"], doseq=True) if made["query_string"] else ""
    fresh = {key: value for key, value in environ.items() if key != _ENCODING}
    fresh.update(
        {
            "REQUEST_METHOD": made["method"],
            "SCRIPT_NAME": "",
            "PATH_INFO": unquote(path),
            "RAW_URI": path,
            "REQUEST_URI": path,
            "QUERY_STRING": "&".join(part for part in (query, extra) if part),
            "CONTENT_LENGTH": str(len(encoded)),
            "wsgi.input": io.BytesIO(encoded),
        }
    )
    for name, value in made["headers"].items():
        key = name.upper().replace("-", "_")
        fresh[key if key == "CONTENT_TYPE" else f"HTTP_{key}"] = value
    return fresh


def parse_answer(target: Target, environ: Environ, answer: Answer) -> dict[str, Any]:
    """moto's successful answer as the dictionary a boto3 client would get."""
    status, headers, body = answer
    parser = create_parser(protocol_of(target, environ))
    shape = operation_model(target).output_shape
    parsed: dict[str, Any] = parser.parse(
        {"status_code": status, "headers": HeadersDict(headers), "body": body}, shape
    )
    parsed.pop("ResponseMetadata", None)
    return parsed


def serialize_result(target: Target, environ: Environ, result: dict[str, Any]) -> Answer:
    """The wire form of an operation's result."""
    serializer = get_serializer_class(target.service, protocol_of(target, environ))
    made = serializer(operation_model=operation_model(target)).serialize(result)
    body = made["body"]
    encoded = body.encode() if isinstance(body, str) else body
    return int(made["status_code"]), list(made["headers"].items()), encoded


def serialize_error(target: Target, code: str, message: str, status: int) -> Answer:
    """The wire form of an error, in the protocol the request came in."""
    if target.protocol in ("json", "rest-json"):
        document = {"__type": code, "code": code, "message": message, "Message": message}
        headers = [("Content-Type", "application/x-amz-json-1.1"), ("x-amzn-ErrorType", code)]
        return status, headers, json.dumps(document).encode()
    fields = f"<Code>{escape(code)}</Code><Message>{escape(message)}</Message>"
    number = "<RequestId>emulator</RequestId>"
    if target.service == "s3":
        body = f"<Error>{fields}{number}</Error>"
    elif target.protocol == "ec2":
        body = f"<Response><Errors><Error>{fields}</Error></Errors>{number}</Response>"
    else:
        error = f"<Error><Type>Sender</Type>{fields}</Error>"
        body = f"<ErrorResponse>{error}{number}</ErrorResponse>"
    return status, [("Content-Type", "text/xml")], body.encode()


def error_code(answer: Answer) -> str:
    """The error code in an answer, for the log; empty for a success or an answer without one."""
    status, headers, body = answer
    if status < 400:
        return ""
    named = {name.lower(): value for name, value in headers}.get("x-amzn-errortype", "")
    found = _ERROR_CODE.search(body[:2000].decode(errors="replace"))
    return named or (found.group(1) if found else "")
