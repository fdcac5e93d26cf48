"""Writes docs/auditor-policy.json anew: `python -m tests.selftest.staging`."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

from tests.load.observation import observe
from tests.selftest.breaking import STACK
from tests.selftest.staging import auditor_policy
from tests.selftest.staging.looking import look
from tests.selftest.staging.proxy import Exchange, Proxy
from tests.support.deployment import account_id, deploy
from tests.support.emulator import Emulator
from tests.support.outcomes import SuiteError
from tests.support.project import ROOT

PATH = ROOT / "docs" / "auditor-policy.json"
ENVIRONMENT = "staging"


def policy(asked: frozenset[tuple[str, str, str]]) -> str:
    """The file's text when the tier asks for these operations.

    Where it asks a service, the load tier asks for what it reads of a run besides.
    """
    of_runs = {
        (service, operation, region)
        for service, operation in observe.ASKED
        for other, _, region in asked
        if other == service
    }
    document = auditor_policy.document(asked | of_runs, ENVIRONMENT, account_id(STACK, ENVIRONMENT))
    return json.dumps(document, indent=2) + "\n"


def main() -> int:
    """Run the tier once on an emulator and write what it needs; 1 when the tier does not pass."""
    try:
        with (
            tempfile.TemporaryDirectory() as reports,
            Emulator(account_id(STACK, ENVIRONMENT)) as account,
            deploy(account, STACK, ENVIRONMENT),
            Proxy(account.endpoint_url) as proxy,
        ):
            seen = look(account, proxy, Path(reports), Exchange.honest)
        if seen.run.code != 0:
            raise SuiteError(f"the tier does not pass: {seen.run.output[-500:]}")
        scratch = PATH.with_suffix(".new")
        scratch.write_text(policy(seen.asked), encoding="utf-8")
        scratch.replace(PATH)
    except SuiteError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
