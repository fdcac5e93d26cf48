"""Ways in which AWS can fail, as answers of the proxy."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import botocore.session

from tests.selftest.staging.proxy import Exchange, Fault
from tests.support.emulator import wire
from tests.support.emulator.wire import Answer

# What stands for a first page in a request for the next; lists of AWS's are continued by words.
TOKEN = "the-next-page"
# botocore knows no paginator for these: input token, output token, list, sign of more.
_UNKNOWN_PAGES = {("wafv2", "ListWebACLs"): ("NextMarker", "NextMarker", "WebACLs", "")}


def error(code: str, status: int, message: str = "the fault of a test") -> Fault:
    """That error, whatever is asked."""
    return lambda exchange: wire.serialize_error(exchange.target, code, message, status)


def denied(exchange: Exchange) -> Answer:
    """No permission, said as IAM says it."""
    action = f"{exchange.target.service}:{exchange.target.operation}"
    text = f"User: arn:aws:iam::222233334444:user/x is not authorized to perform: {action}"
    return wire.serialize_error(exchange.target, "AccessDenied", text, 403)


def only(operation: str, fault: Fault) -> Fault:
    """The fault for one operation, and honest answers to all others."""
    return lambda one: fault(one) if one.target.operation == operation else one.honest()


def first(count: int, fault: Fault) -> Fault:
    """The fault `count` times, and honest answers from then on."""
    left = [count]

    def answer(exchange: Exchange) -> Answer:
        left[0] -= 1
        return fault(exchange) if left[0] >= 0 else exchange.honest()

    return answer


def changed(change: Callable[[dict[str, Any]], dict[str, Any]], exchange: Exchange) -> Answer:
    """The honest answer with another content, if it is one of success with fields."""
    answer = exchange.honest()
    target, environ = exchange.target, exchange.environ
    if answer[0] >= 300 or wire.operation_model(target).output_shape is None:
        return answer
    content = change(wire.parse_answer(target, environ, answer))
    return wire.serialize_result(target, environ, content)


def without_lists(value: Any) -> Any:
    """The value with every list emptied."""
    match value:
        case dict():
            return {name: without_lists(each) for name, each in value.items()}
        case list():
            return []
    return value


# No object is there.
empty: Fault = partial(changed, without_lists)


def _paging(exchange: Exchange) -> tuple[str, str, str, str] | None:
    """The names of both tokens of a list that goes on, of the list, and of the sign of more."""
    asked = (exchange.target.service, str(exchange.target.operation))
    if asked in _UNKNOWN_PAGES:
        return _UNKNOWN_PAGES[asked]
    try:
        model = botocore.session.get_session().get_paginator_model(asked[0])
        how = model.get_paginator(asked[1])
    except (ValueError, botocore.exceptions.DataNotFoundError):
        return None
    given, taken, lists = how["output_token"], how["input_token"], how["result_key"]
    if any(isinstance(one, list) for one in (given, taken)):
        return None
    listed = lists[0] if isinstance(lists, list) else lists
    return taken, given.partition(" || ")[0], listed, how.get("more_results", "")


def paged(continued: Fault, exchange: Exchange) -> Answer:
    """A first page with nothing in it but a token; `continued` answers the request with it."""
    names = _paging(exchange)
    if names is None:
        return exchange.honest()
    taken, *others = names
    asked = wire.parse_request(exchange.target, exchange.environ)
    if asked.get(taken) == TOKEN:
        del asked[taken]
        again = wire.build_request(exchange.target, asked, exchange.environ)
        return continued(Exchange(exchange.target, again, exchange.forward))
    return changed(lambda answer: _first_page(answer, *others), exchange)


def _first_page(answer: dict[str, Any], given: str, listed: str, more: str) -> dict[str, Any]:
    outer, _, inner = listed.rpartition(".")
    holder = answer[outer] if outer else answer
    holder |= {inner: [], given.rpartition(".")[2]: TOKEN}
    if more:
        holder[more.rpartition(".")[2]] = True
    return answer


def by_operation(chosen: dict[str, Fault]) -> Fault:
    """Each operation's own fault, and honest answers to all others."""
    return lambda one: chosen.get(str(one.target.operation), Exchange.honest)(one)


def for_terraform(fault: Fault, exchange: Exchange) -> Answer:
    """The fault for what Terraform asks S3, and honest answers to all others."""
    state = exchange.target.service == "s3" and exchange.environ["PATH_INFO"].startswith(
        "/mantisnxt-terraform-state"
    )
    return fault(exchange) if state else exchange.honest()


def blank(exchange: Exchange) -> Answer:
    """Success, and nothing in it."""
    return changed(lambda _: {}, exchange)
