"""The emulator layer: a mutant whose effect is only in what is deployed, made there.

`deployed.yaml` names, for a mutant that the static layers cannot tell from the tree, the mistake of
tests/mutants/deployed_mistakes.yaml that does the same to the deployed object: to patch that is to
apply the mutant, without the minutes that applying takes.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml

from tests.mutants.concern import concerned
from tests.mutants.deployed_mistakes import Account, Mistake
from tests.mutants.deployed_mistakes import load as mistakes
from tests.mutants.mutant import Mutant
from tests.support import deployment, staging
from tests.support.emulator import Emulator
from tests.support.outcomes import SuiteError
from tests.support.tier import Run, run_tier

PATH = Path(__file__).with_name("deployed.yaml")
ENVIRONMENT = "staging"


def load(path: Path = PATH) -> dict[str, Mistake]:
    """The deployed mistake that is the same as a mutant, by the mutant's id.

    SuiteError names the entry that cannot be read or has no such mistake.
    """
    every = {one.id: one for one in mistakes().mistakes}
    try:
        entries = yaml.safe_load(path.read_text(encoding="utf-8"))["deployed"] or {}
        return {mutant: every[mistake] for mutant, mistake in entries.items()}
    except (OSError, yaml.YAMLError, TypeError, AttributeError) as error:
        raise SuiteError(f"{path}: {str(error).splitlines()[0]}") from error
    except KeyError as error:
        raise SuiteError(f"{path}: there is no deployed mistake {error}") from error


def judge(
    stack: Path, mutants: Iterable[Mutant], same: Mapping[str, Mistake]
) -> dict[str, dict[str, Any]]:
    """What the deployed tier says of each mutant that has a mistake, as a worker would say it."""
    wanted = [one for one in mutants if one.id in same]
    if not wanted:
        return {}
    unmade = looked_at(stack)
    made = {one.id: looked_at(stack, same[one.id]) for one in wanted}
    return {one.id: told(one, same[one.id], made[one.id], unmade) for one in wanted}


def looked_at(stack: Path, *made: Mistake) -> Run:
    """The deployed tier on an emulator with the mistakes made; it is reached as AWS would be."""
    lookups = mistakes().lookups
    account = deployment.account_id(stack, ENVIRONMENT)
    with (
        Emulator(account) as emulator,
        deployment.deploy(emulator, stack, ENVIRONMENT),
        tempfile.TemporaryDirectory() as reports,
    ):
        Account(emulator.session(), lookups).make(made)
        before = dict(os.environ)
        os.environ.update(emulator.environment() | {staging.STANDS_FOR_AWS: "1"})
        try:
            arguments = ["tests/integration", "--target", "staging", "-m", "deployed"]
            return run_tier("integration", stack, Path(reports), arguments)
        finally:
            os.environ.clear()
            os.environ.update(before)


def told(mutant: Mutant, mistake: Mistake, made: Run, unmade: Run) -> dict[str, Any]:
    """The result: killed by the first test that fails as the mistake says, else survived.

    The test is of one of the mistake's requirements and of one that the mutant concerns. Nothing
    is judged where one of them fails on the deployment as it is, without the mistake.
    """
    own = {mistake.requirement, *mistake.also}
    failed = [one for one in made.tests if one["outcome"] == "fail"]
    kills = [
        one
        for one in failed
        if one["requirement"] in own
        and concerned(mutant.families, one["requirement"])
        and re.search(mistake.says, one["message"], re.MULTILINE)
    ]
    result: dict[str, Any] = {"id": mutant.id, "edits_key": mutant.edits_key, "seconds": 0.0}
    for run in (made, unmade):
        if not run.tests:
            return {**result, "outcome": "unjudged", "reason": run.output.strip()[-200:]}
    if already := sorted(own & unmade.red()):
        reason = f"{already[0]} fails on the deployment as it is"
        return {**result, "outcome": "unjudged", "reason": reason}
    if not kills:
        return {**result, "outcome": "survived",
                "elsewhere": sorted({str(one["requirement"]) for one in failed})}  # fmt: skip
    first = kills[0]
    killed = {"test": first["test"], "requirement": first["requirement"], "layer": "deployed",
              "message": " ".join(first["message"].split())[:400]}  # fmt: skip
    return {**result, "outcome": "killed", "killed": killed}
