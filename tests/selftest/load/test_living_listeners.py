"""A request meets the action of the first rule that applies to it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.load.living.listeners import Answer, Asked, Forward, Listener
from tests.selftest.load.balanced import GROUP_ARN, balanced, in_loop, listener
from tests.support.outcomes import SuiteError

_FORWARD = {"Type": "forward", "TargetGroupArn": GROUP_ARN}


def _fixed(status: int) -> dict[str, Any]:
    return {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": str(status)}}


def _rule(priority: str, action: dict[str, Any], *conditions: dict[str, Any]) -> dict[str, Any]:
    return {
        "RuleArn": f"arn:rule/{priority}",
        "Priority": priority,
        "Conditions": list(conditions),
        "Actions": [action],
    }


def _path(*values: str) -> dict[str, Any]:
    return {"Field": "path-pattern", "PathPatternConfig": {"Values": list(values)}}


def _host(*values: str) -> dict[str, Any]:
    return {"Field": "host-header", "HostHeaderConfig": {"Values": list(values)}}


def _header(name: str, *values: str) -> dict[str, Any]:
    config = {"HttpHeaderName": name, "Values": list(values)}
    return {"Field": "http-header", "HttpHeaderConfig": config}


def _asked(path: str = "/", host: str = "www.example.com", **headers: str) -> Asked:
    return Asked("GET", host, path, "", headers)


@pytest.mark.parametrize(
    ("condition", "asked", "applies"),
    [
        pytest.param(_path("/img/*"), _asked("/img/a/b"), True, id="path"),
        pytest.param(_path("/img/*"), _asked("/IMG/a"), False, id="path_case"),
        pytest.param(_path("/a?c"), _asked("/abc"), True, id="one_sign"),
        pytest.param(_path("/a?c"), _asked("/ac"), False, id="no_sign"),
        pytest.param(_path("/a.c"), _asked("/abc"), False, id="no_expression"),
        pytest.param(_path("/a", "/b"), _asked("/b"), True, id="any_value"),
        pytest.param(_path("/a"), _asked("/a/b"), False, id="whole_path"),
        pytest.param(_host("*.example.com"), _asked(host="API.Example.com:80"), True, id="host"),
        pytest.param(_host("*.example.com"), _asked(host="example.com"), False, id="other_host"),
        pytest.param(_header("X-Kind", "*bot*"), _asked(**{"X-Kind": "a Bot"}), True, id="header"),
        pytest.param(_header("X-Kind", "*"), _asked(), False, id="no_header"),
        pytest.param({"Field": "path-pattern", "Values": ["/a"]}, _asked("/a"), True, id="values"),
        pytest.param({"Field": "http-request-method",
                      "HttpRequestMethodConfig": {"Values": ["POST"]}}, _asked(), False,
                     id="method"),
    ],
)  # fmt: skip
def test_a_rule_applies_where_its_condition_holds(
    condition: dict[str, Any], asked: Asked, applies: bool
) -> None:
    described = listener(Rules=[_rule("1", _fixed(404), condition)])
    action = Listener.of(described, GROUP_ARN).action(asked)
    assert action == (Answer(404) if applies else Forward())


def test_every_condition_of_a_rule_must_hold() -> None:
    rule = _rule("1", _fixed(404), _path("/a"), _host("www.example.com"))
    found = Listener.of(listener(Rules=[rule]), GROUP_ARN)
    assert found.action(_asked("/a")) == Answer(404)
    assert found.action(_asked("/a", "other.example.com")) == Forward()


def test_the_lowest_priority_number_comes_first_and_the_default_last() -> None:
    rules = [
        _rule("default", _FORWARD),
        _rule("10", _fixed(410), _path("*")),
        _rule("9", _fixed(409), _path("/a")),
    ]
    found = Listener.of(listener(Rules=rules), GROUP_ARN)
    assert found.action(_asked("/a")) == Answer(409)
    assert found.action(_asked("/b")) == Answer(410)


@pytest.mark.parametrize(
    ("config", "location"),
    [
        pytest.param({}, "http://www.example.com:80/a/b?c=d", id="all_kept"),
        pytest.param({"Protocol": "HTTPS", "Port": "443"},
                     "https://www.example.com:443/a/b?c=d", id="https"),
        pytest.param({"Host": "new.#{host}"}, "http://new.www.example.com:80/a/b?c=d", id="host"),
        pytest.param({"Path": "/#{port}/#{path}"}, "http://www.example.com:80/80/a/b?c=d",
                     id="path"),
        pytest.param({"Query": "#{query}&e=f"}, "http://www.example.com:80/a/b?c=d&e=f",
                     id="query"),
    ],
)  # fmt: skip
def test_a_redirect_keeps_what_it_does_not_change(config: dict[str, str], location: str) -> None:
    action = {"Type": "redirect", "RedirectConfig": {"StatusCode": "HTTP_302", **config}}
    found = Listener.of(listener(80, action), GROUP_ARN).action(_asked())
    assert isinstance(found, Answer)
    assert found.location is not None
    asked = Asked("GET", "www.example.com:8000", "/a/b", "c=d", {})
    assert (found.status, found.location.of(asked, "HTTP", 80)) == (302, location)


@in_loop
async def test_rules_are_met_by_real_requests() -> None:
    rules = [_rule("1", _fixed(404), _path("/gone/*"))]
    async with balanced(listeners=[listener(Rules=rules)]) as running:
        assert (await running.get("/gone/?a=b"))[0] == 404
        assert (await running.get("/"))[0] == 503


@pytest.mark.parametrize(
    ("rule", "complaint"),
    [
        pytest.param(_rule("1", {"Type": "authenticate-oidc"}), "type authenticate-oidc",
                     id="action"),
        pytest.param(_rule("1", {"Type": "forward", "TargetGroupArn": "arn:other"}),
                     "forwarding to arn:other", id="other_group"),
        pytest.param(_rule("1", {"Type": "forward", "ForwardConfig": {"TargetGroups": [
            {"TargetGroupArn": GROUP_ARN}, {"TargetGroupArn": "arn:other"}]}}),
            "forwarding to arn:other", id="weighted"),
        pytest.param(_rule("1", _FORWARD | {"ForwardConfig": {
            "TargetGroupStickinessConfig": {"Enabled": True}}}), "stickiness", id="sticky"),
        pytest.param(_rule("1", _FORWARD, {"Field": "source-ip"}), "condition on source-ip",
                     id="condition"),
        pytest.param(_rule("1", _FORWARD, {"Field": "path-pattern", "PathPatternConfig": {
            "RegexValues": ["^/a"]}}), "without values", id="expression"),
        pytest.param(_rule("1", _FORWARD) | {"Transforms": [{"Type": "url-rewrite"}]},
                     "transforms", id="transform"),
    ],
)  # fmt: skip
def test_a_rule_that_is_not_modelled_is_refused(rule: dict[str, Any], complaint: str) -> None:
    with pytest.raises(SuiteError, match=rf"arn:rule/1: .*{complaint}"):
        Listener.of(listener(Rules=[rule]), GROUP_ARN)
