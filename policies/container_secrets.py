"""No secret stands in the plain environment of a container.

Everyone who may describe a task reads its environment. Checkov's own check knows the form of a few
vendors' keys only, not names such as DATABASE_URL nor a URL with a password in it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from _values import is_unknown, locals_of, value, written
from checkov.common.models.enums import CheckCategories, CheckResult
from checkov.terraform.checks.resource.base_resource_check import BaseResourceCheck

SECRET_NAME = re.compile(
    r"(PASSWORD|PASSWD|SECRET|TOKEN|CREDENTIALS?|API_?KEY|ACCESS_KEY|PRIVATE_KEY|ACCOUNT_SID"
    r"|_DSN|(DATABASE|REPLICA)_URLS?)(?!.*_(ARN|NAME|PATH|FILE)$)"
)
URL_WITH_PASSWORD = re.compile(r"\b[a-z][a-z0-9+.-]*://[^\s/@:]+:[^\s/@]+@", re.IGNORECASE)
ENVIRONMENT = re.compile(r"(?<![\w.])environment\s*[:=]\s*")
EMPTY = re.compile(r"(?<![\w.])environment: \[\]")
# In `name = X` and in a map whose keys are the names.
NAME = re.compile(r"(?<![\w.])name\s*[:=]\s*(\w+)|(?<![\w.])([A-Z][A-Z0-9_]+)\s*[:=](?!=)")
PAIRS = {"(": ")", "[": "]", "{": "}"}


class ContainerSecrets(BaseResourceCheck):
    """Looks at container_definitions of aws_ecs_task_definition.

    Checkov renders the expression as text. It cuts it off where it holds `||`, and makes an empty
    list of a variable without a value. A text whose brackets do not close, or whose environment is
    empty, is therefore replaced by its source and the locals that it is made of.
    """

    requirement = "ECS-02"

    def __init__(self) -> None:
        super().__init__(
            name="No secret stands in the plain environment of a container",
            id="CKV2_MNXT_4",
            categories=[CheckCategories.SECRETS],
            supported_resources=["aws_ecs_task_definition"],
        )

    def scan_resource_conf(self, conf: dict[str, Any]) -> CheckResult:
        """Names the variables, never their values."""
        self.evaluated_keys = ["container_definitions"]
        definitions = value(conf, "container_definitions")
        if is_unknown(definitions) and "jsonencode(" not in str(definitions):
            return CheckResult.UNKNOWN
        rendered = plain(definitions)
        complete = closes(rendered) and not EMPTY.search(rendered)
        texts = [rendered]
        if not complete:
            texts.append(plain(written(self, conf)))
            texts += [plain(local) for _, local in locals_of(self, conf)]
        found = sorted({name for text in texts for name in secrets_in(text)})
        self.details = [f"in the plain environment: {', '.join(found)}"] if found else []
        if found:
            return CheckResult.FAILED
        known = all(closes(text) and not hides(text) for text in texts[not complete :])
        return CheckResult.PASSED if known else CheckResult.UNKNOWN


def plain(definitions: Any) -> str:
    """The text without quotes, and without interpolation marks, which Checkov nests."""
    return re.sub(r"[\\'\"$]", "", str(definitions))


def closes(text: str) -> bool:
    """Whether every bracket of the text is closed."""
    return all(text.count(opening) == text.count(closing) for opening, closing in PAIRS.items())


def environments(text: str) -> Iterator[str]:
    """Each value of an `environment` argument."""
    for match in ENVIRONMENT.finditer(text):
        yield text[match.end() : end_of_expression(text, match.end())]


def end_of_expression(text: str, start: int) -> int:
    """Where the expression ends that begins at `start`: past its outermost bracket."""
    depth = 0
    for position, sign in enumerate(text[start:], start):
        depth += (sign in PAIRS) - (sign in PAIRS.values())
        if depth < 0 or (depth == 0 and sign in ",\n)]}"):
            return position
    return len(text)


def secrets_in(text: str) -> Iterator[str]:
    """The names of variables that hold a secret, and "a URL with a password"."""
    if URL_WITH_PASSWORD.search(text):
        yield "a URL with a password"
    for environment in environments(text):
        for match in NAME.finditer(environment):
            name = match[1] or match[2]
            if SECRET_NAME.search(name.upper()):
                yield name


def hides(text: str) -> bool:
    """Whether an environment is a variable or an output that Checkov could not follow."""
    return any(re.match(r"(var|module|data)\.", found) for found in environments(text))


check = ContainerSecrets()
