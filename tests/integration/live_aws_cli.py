"""AWS CLI commands carried out by boto3, with the output and exit status of the AWS CLI.

The AWS CLI itself pins a botocore of its own and takes most of a second to start; a script of fifty
commands is carried out here in about one.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from botocore import xform_name
from botocore.exceptions import BotoCoreError, ClientError, WaiterError

from tests.support.aws_cli import Command, page_size, parse
from tests.support.aws_cli_values import BadCommandError
from tests.support.rehearsal import Answer

# The AWS CLI's exit statuses: user guide, "Command line return codes".
UNUSABLE, REFUSED, GAVE_UP = 252, 254, 255
PIPED = "file:///dev/stdin"
# Nothing changes between two looks, so that more of them would show nothing else.
LOOKS = 3


class LiveAwsCli:
    """The AWS CLI for one boto3 session; files that commands name are in `directory`.

    `meanwhile` is called before a waiter looks, with the waiter's command: what AWS does by itself.
    """

    def __init__(
        self,
        session: Any,
        directory: Path,
        meanwhile: Callable[[Command], None] = lambda _: None,
    ) -> None:
        self._session, self._directory, self._meanwhile = session, directory, meanwhile

    def answer(self, words: Sequence[str], piped: str = "") -> Answer:
        """Carry out a command, `aws` included; errors become its complaint and exit status."""
        try:
            command = parse(words, self._directory)
            if "words" in command.parameters:
                return Answer("", UNUSABLE, f"aws {command.name} cannot be carried out here\n")
            return Answer(self._output(command, _filled(command.parameters, piped)))
        except BadCommandError as error:
            return Answer("", UNUSABLE, f"{error}\n")
        except WaiterError as error:
            return Answer("", GAVE_UP, f"{error}\n")
        except (BotoCoreError, ClientError) as error:
            return Answer("", REFUSED, f"{error}\n")

    def _output(self, command: Command, request: Mapping[str, Any]) -> str:
        region = command.options.get("region", (None,))[0]
        client = self._session.client(command.actions[0].partition(":")[0], region_name=region)
        if command.operation.startswith("wait "):
            self._meanwhile(command)
            waiter = client.get_waiter(command.operation.removeprefix("wait ").replace("-", "_"))
            waiter.wait(**request, WaiterConfig={"Delay": 0, "MaxAttempts": LOOKS})
            return ""
        operation = xform_name(command.actions[0].partition(":")[2])
        if command.output is None:
            getattr(client, operation)(**request)
            return ""
        pages = _pages(client, operation, command, request)
        if command.options.get("output", ("json",))[0] == "text":
            # The CLI applies --query to each page by itself when it prints text.
            return "".join(command.printed(page) for page in pages)
        return command.printed(_merged(pages))


def _filled(parameters: Mapping[str, Any], piped: str) -> dict[str, Any]:
    return {key: piped if value == PIPED else value for key, value in parameters.items()}


def _pages(
    client: Any, operation: str, command: Command, request: Mapping[str, Any]
) -> Iterator[dict[str, Any]]:
    """The answer's pages as JSON; a single one where the CLI does not page by itself."""
    service, _, name = command.actions[0].partition(":")
    if not client.can_paginate(operation) or page_size(service, name) in request:
        return iter([_json(getattr(client, operation)(**request))])
    items = command.options.get("max-items")
    config = {"MaxItems": int(items[0])} if items else {}
    pages = client.get_paginator(operation).paginate(**request, PaginationConfig=config)
    return map(_json, pages)


def _json(answer: Mapping[str, Any]) -> dict[str, Any]:
    """An answer as the CLI shows it: dates are text, and nothing is told of the request."""
    document = {key: value for key, value in answer.items() if key != "ResponseMetadata"}
    shown: dict[str, Any] = json.loads(json.dumps(document, default=_text))
    return shown


def _text(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime.datetime) else str(value)


def _merged(pages: Iterator[dict[str, Any]]) -> dict[str, Any]:
    whole: dict[str, Any] = {}
    for page in pages:
        for key, value in page.items():
            grows = isinstance(value, list) and isinstance(whole.get(key), list)
            whole[key] = whole[key] + value if grows else value
    return whole
