"""What the deployed tier looks at: one environment in one account, reached by boto3.

A test never learns whether the account is AWS's or the emulator's; it may only say what the
emulator cannot show (`provable_only_on_aws`), which is reported with its reason.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property, reduce
from typing import Any

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from tests.support.outcomes import Invalid, NotProvable, SuiteError

# Throttling and passing faults are retried by botocore within this bound, then the test is invalid.
CLIENT_CONFIG = Config(
    retries={"mode": "standard", "total_max_attempts": 5}, connect_timeout=5, read_timeout=30
)
DR_REGION = "us-west-2"
# Whose deployment is looked at where none is named.
DEFAULT_ENVIRONMENT = "staging"
# What a record calls an emulator that was asked for as staging: as what it is, and where the tests
# were told to take it for AWS.
ELSEWHERE, IN_PLACE = "emulator elsewhere", "emulator in place of AWS"
EMULATORS = frozenset({"emulator", ELSEWHERE, IN_PLACE})


@dataclass(frozen=True)
class Target:
    """An environment (`develop`, `staging`, `production`) as deployed in `account_id`.

    `session` is a boto3 session or looks like one. `emulated` says that it is an emulator that may
    be written to, `elsewhere` that it is one that is only read, as a real account is. Neither shows
    what only AWS does.
    """

    environment: str
    account_id: str
    session: Any
    emulated: bool
    elsewhere: bool = False
    _clients: dict[tuple[str, str | None], Any] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    @property
    def prefix(self) -> str:
        """What every name in the environment begins with."""
        return f"mantisnxt-{self.environment}"

    def client(self, service: str, region: str | None = None) -> Any:
        """A low-level client of `service`, in the session's region unless told otherwise.

        Making one takes longer than asking it, so each is made once.
        """
        if (service, region) not in self._clients:
            self._clients[service, region] = self.session.client(
                service, region_name=region, config=CLIENT_CONFIG
            )
        return self._clients[service, region]

    def provable_only_on_the_emulator(self, reason: str) -> None:
        """End the test as not provable where it is only read; on the own emulator, do nothing."""
        if not self.emulated:
            raise NotProvable(reason)

    def provable_only_on_aws(self, reason: str) -> None:
        """Report the test as not provable here if the target is an emulator, whosever it is."""
        if self.emulated or self.elsewhere:
            raise NotProvable(reason)

    def pages(
        self,
        service: str,
        operation: str,
        key: str,
        /,
        *,
        region: str | None = None,
        **arguments: Any,
    ) -> list[Any]:
        """Every item that the operation lists, of all pages, also after an empty one.

        `key` is the list's place in the answer, as in `DistributionList.Items`; an answer may leave
        an empty list out. Raises Invalid when the operation has no such list.
        """
        client = self.client(service, region)
        model = client.meta.service_model.operation_model(
            client.meta.method_to_api_mapping[operation]
        )
        names, shape = key.split("."), model.output_shape
        for name in names:
            shape = getattr(shape, "members", {}).get(name)
        if getattr(shape, "type_name", None) != "list":
            raise Invalid(f"{service}:{model.name} answers with no list {key}")
        pages = _pages(client, operation, arguments)
        return [item for page in pages for item in reduce(_part, names, page) or []]

    @cached_property
    def _identity(self) -> str:
        return str(self.client("sts").get_caller_identity()["Account"])

    def refuse_wrong_account(self) -> None:
        """Raise SuiteError unless the credentials are for the environment's account."""
        try:
            actual = self._identity
        except (BotoCoreError, ClientError) as error:
            raise SuiteError(
                f"no usable AWS credentials for {self.environment}: {error}. Expected account "
                f"{self.account_id}; set AWS_PROFILE, or run without --target for the emulator."
            ) from error
        if actual != self.account_id:
            raise SuiteError(
                f"the credentials are for account {actual}, but {self.environment} is account "
                f"{self.account_id}; choose the right AWS_PROFILE."
            )


def _part(answer: dict[str, Any], name: str) -> Any:
    return answer.get(name) or {}


def _pages(client: Any, operation: str, arguments: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The answers, by botocore's paginator or, where it has none, by AWS WAF's marker."""
    if client.can_paginate(operation):
        yield from client.get_paginator(operation).paginate(**arguments)
        return
    ask, seen = getattr(client, operation), set[str]()
    answer = ask(**arguments)
    yield answer
    while marker := answer.get("NextMarker"):
        if marker in seen:
            raise Invalid(f"{operation} gave the same page twice; try again")
        seen.add(marker)
        answer = ask(**arguments, NextMarker=marker)
        yield answer
