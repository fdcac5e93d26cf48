"""The load balancer's listeners: which action a request meets, and what a redirect says.

Sources: Elastic Load Balancing user guide, "Listener rules" (rules by priority, the default rule
last; `*` and `?` in values; paths are case-sensitive, names of hosts and values of headers are not;
all conditions of a rule, any value of a condition) and API reference, "RedirectActionConfig" (what
is not given keeps its value; `#{path}` is without its leading slash).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from tests.load.living.modelled import only
from tests.support.outcomes import SuiteError

_DEFAULT = "default"
_PLACEHOLDER = re.compile(r"#\{(protocol|host|port|path|query)\}")
_FIELDS = {
    "path-pattern": "PathPatternConfig",
    "host-header": "HostHeaderConfig",
    "http-header": "HttpHeaderConfig",
    "http-request-method": "HttpRequestMethodConfig",
}


@dataclass(frozen=True)
class Asked:
    """What a request is told apart by; `headers` finds names in any case."""

    method: str
    host: str
    path: str
    query: str
    headers: Mapping[str, str]


@dataclass(frozen=True)
class Forward:
    """To the load balancer's target group."""


@dataclass(frozen=True)
class Answer:
    """What the load balancer answers itself; a redirect has a `location`."""

    status: int
    content_type: str = "text/plain"
    body: str = ""
    location: Redirect | None = None


@dataclass(frozen=True)
class Redirect:
    """The parts of a location, with placeholders."""

    protocol: str
    host: str
    port: str
    path: str
    query: str

    def of(self, asked: Asked, protocol: str, port: int) -> str:
        """The location for a request to the listener of that protocol and port."""
        values = {
            "protocol": protocol,
            "host": asked.host.partition(":")[0],
            "port": str(port),
            "path": asked.path.removeprefix("/"),
            "query": asked.query,
        }

        def filled(text: str) -> str:
            return _PLACEHOLDER.sub(lambda found: values[found[1]], text)

        query = filled(self.query)
        return (
            f"{filled(self.protocol).lower()}://{filled(self.host)}:{filled(self.port)}"
            f"{filled(self.path)}{'?' if query else ''}{query}"
        )


Action = Forward | Answer
Condition = Callable[[Asked], bool]


@dataclass(frozen=True)
class Listener:
    """`protocol` and `port` are the deployed ones; `rules` are by priority, the default last."""

    arn: str
    protocol: str
    port: int
    rules: tuple[tuple[tuple[Condition, ...], Action], ...]

    @classmethod
    def of(cls, described: Mapping[str, Any], group_arn: str) -> Listener:
        """From DescribeListeners, with DescribeRules' rules under "Rules" where there are any.

        Raises SuiteError naming what is not modelled.
        """
        arn = described["ListenerArn"]
        only(arn, "protocol", described["Protocol"], "HTTP", "HTTPS")
        rules = [rule for rule in described.get("Rules", ()) if rule["Priority"] != _DEFAULT]
        default: Mapping[str, Any] = {"RuleArn": arn, "Actions": described["DefaultActions"]}
        ordered = [*sorted(rules, key=lambda rule: int(rule["Priority"])), default]
        return cls(
            arn,
            described["Protocol"],
            described["Port"],
            tuple(
                (_conditions(rule), _action(rule["RuleArn"], rule["Actions"], group_arn))
                for rule in ordered
            ),
        )

    def action(self, asked: Asked) -> Action:
        """What the first rule that applies wants."""
        return next(action for wanted, action in self.rules if all(one(asked) for one in wanted))


def _conditions(rule: Mapping[str, Any]) -> tuple[Condition, ...]:
    only(rule["RuleArn"], "transforms", rule.get("Transforms") or None, None)
    return tuple(_condition(rule["RuleArn"], one) for one in rule.get("Conditions", ()))


def _condition(where: str, described: Mapping[str, Any]) -> Condition:
    name = described["Field"]
    only(where, "a condition on", name, *_FIELDS)
    config = described.get(_FIELDS[name], {})
    values = config.get("Values") or described.get("Values") or ()
    if not values:
        raise SuiteError(f"{where}: a condition on {name} without values is not modelled")
    if name == "path-pattern":
        return partial(_matches, _patterns(values), lambda asked: asked.path)
    if name == "host-header":
        hosts = _patterns(values, re.IGNORECASE)
        return partial(_matches, hosts, lambda asked: asked.host.partition(":")[0])
    if name == "http-request-method":
        return lambda asked: asked.method in values
    header = config["HttpHeaderName"]
    found = _patterns(values, re.IGNORECASE)
    return partial(_matches, found, lambda asked: asked.headers.get(header))


def _matches(
    patterns: Sequence[re.Pattern[str]], part: Callable[[Asked], str | None], asked: Asked
) -> bool:
    text = part(asked)
    return text is not None and any(pattern.fullmatch(text) for pattern in patterns)


def _patterns(values: Sequence[str], flags: int = 0) -> list[re.Pattern[str]]:
    wild = {"*": ".*", "?": "."}
    return [
        re.compile("".join(wild.get(sign) or re.escape(sign) for sign in value), flags | re.DOTALL)
        for value in values
    ]


def _action(where: str, actions: Sequence[Mapping[str, Any]], group_arn: str) -> Action:
    only(where, "number of actions", len(actions), 1)
    action = actions[0]
    only(where, "an action of type", action["Type"], "forward", "redirect", "fixed-response")
    if action["Type"] == "forward":
        return _forward(where, action, group_arn)
    if action["Type"] == "fixed-response":
        config = action["FixedResponseConfig"]
        return Answer(
            int(config["StatusCode"]),
            config.get("ContentType") or "text/plain",
            config.get("MessageBody") or "",
        )
    config = action["RedirectConfig"]
    location = Redirect(
        config.get("Protocol") or "#{protocol}",
        config.get("Host") or "#{host}",
        config.get("Port") or "#{port}",
        config.get("Path") or "/#{path}",
        config.get("Query") or "#{query}",
    )
    return Answer(int(config["StatusCode"].removeprefix("HTTP_")), location=location)


def _forward(where: str, action: Mapping[str, Any], group_arn: str) -> Forward:
    config = action.get("ForwardConfig", {})
    groups = [group["TargetGroupArn"] for group in config.get("TargetGroups", ())]
    only(where, "stickiness of target groups",
         config.get("TargetGroupStickinessConfig", {}).get("Enabled", False), False)  # fmt: skip
    for group in groups or [action.get("TargetGroupArn")]:
        only(where, "forwarding to", group, group_arn)
    return Forward()
