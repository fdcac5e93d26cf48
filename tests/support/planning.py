"""Real plans of a stack, without an AWS account; and what else Terraform says of its source."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.support import markers, terraform, workspace
from tests.support.hcl import Block
from tests.support.outcomes import SuiteError
from tests.support.plan import Plan
from tests.support.project import CACHE, shown, write_whole
from tests.support.source import SourceTree
from tests.support.terraform import Completed, Diagnostic, Terraform

if TYPE_CHECKING:
    from tests.support.placeholders.provider import Stand

VALIDATE_SECONDS = 120.0
PLAN_SECONDS = 300.0
# How often a plan is made again without the placeholders that a provider refused.
ATTEMPTS = 3
ANY_ACCOUNT = "123456789012"


def plan_all(stack: Path, environments: Sequence[str], fresh: bool = False) -> dict[str, Plan]:
    """The plan of each environment, made side by side; an unchanged stack is not planned again.

    With `fresh` it is. Raises SuiteError naming file and line when the stack cannot be planned.
    """
    source = SourceTree.load(stack)
    for environment in environments:
        check_variables(source, environment)
    program = terraform.find()
    copy = workspace.prepare(stack, program)
    found = {} if fresh else {name: _read(_kept(copy, name)) for name in environments}
    documents = {name: document for name, document in found.items() if document is not None}
    missing = [name for name in environments if name not in documents]
    if missing:
        # Only here: what serves and plans takes longer to load than the kept plans.
        from tests.support import offline_account

        with offline_account.serving() as endpoint, ThreadPoolExecutor(len(missing)) as pool:
            plan = partial(_make, stack, source, program, copy, endpoint)
            documents |= dict(zip(missing, pool.map(plan, missing), strict=True))
    return {
        name: Plan(documents[name], markers.ALL, source.location, partial(written, source))
        for name in environments
    }


def written(source: SourceTree, address: str, path: str) -> Any:
    """What the source says at a path in the block of an address; locals are resolved."""
    block = source.block(address)
    return source.resolve(block.get(path)) if block else None


def _kept(copy: Path, environment: str) -> Path:
    """Where a plan's JSON is kept: beside the stack's copy, by a hash of the code that made it."""
    return copy / f"{environment}.{_CODE}.plan.json"


def _make(
    stack: Path, source: SourceTree, program: Terraform, copy: Path, endpoint: str, environment: str
) -> dict[str, Any]:
    """The plan's JSON, made and kept."""
    document = plan(stack, source, environment, program, copy, endpoint)
    write_whole(_kept(copy, environment), json.dumps(document))
    return document


def _read(kept: Path) -> dict[str, Any] | None:
    try:
        document: dict[str, Any] = json.loads(kept.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return document


def plan(
    stack: Path,
    source: SourceTree,
    environment: str,
    program: Terraform,
    copy: Path,
    endpoint: str,
) -> dict[str, Any]:
    """The plan with symbols for what AWS will decide.

    A provider may refuse a placeholder where it expects one of a few words. Such an attribute is
    left unknown the next time, and when that does not help, so is everything.
    """
    from tests.support import offline_account

    account = str(source.variables(environment).get("aws_account_id") or ANY_ACCOUNT)
    settings = {**offline_account.credentials(account, endpoint), **secret_variables(source)}
    attempt = partial(plan_once, stack, environment, program, copy)
    spared = frozenset[tuple[str, str]]()
    stand_in = standing_in_for(copy, source, program, settings)
    for _ in range(ATTEMPTS):
        with stand_in(spared) as stand:
            done, document = attempt({**settings, **stand.environment()})
            refused = stand.named_in(" ".join(d.detail + d.summary for d in done.errors()))
        if document is not None:
            return stand.name_symbols(document)
        if refused <= spared:
            break
        spared |= refused
    done, document = attempt(settings)
    if document is None:
        raise workspace.failure(done, stack, "plan", program)
    return document


def standing_in_for(
    copy: Path, source: SourceTree, program: Terraform, settings: dict[str, str]
) -> Callable[[frozenset[tuple[str, str]]], AbstractContextManager[Stand]]:
    """Starts a provider that stands in for the copy's own, less what the argument spares."""
    from tests.support.placeholders.provider import standing_in

    return partial(
        standing_in,
        workspace.provider_binary(copy),
        {**program.environment, **settings},
        CACHE / "provider-answers.sqlite",
        frozenset(b.labels[0] for k in ("resource", "data") for b in source.blocks(k)),
        frozenset(name for b in source.blocks("resource") for name in _nested_names(b)),
    )


def _nested_names(block: Block) -> Iterator[str]:
    """The names of the blocks in a block, at any depth; `dynamic` ones by what they make."""
    for nested in block.nested:
        yield nested.labels[0] if nested.kind == "dynamic" else nested.kind
        yield from _nested_names(nested)


def plan_once(
    stack: Path, environment: str, program: Terraform, copy: Path, settings: dict[str, str]
) -> tuple[Completed, dict[str, Any] | None]:
    """Plan once; the plan's JSON is None when Terraform refused."""
    out = f"{environment}.{os.getpid()}.tfplan"
    done = program.run(
        "plan", "-json", "-input=false", "-lock=false", f"-out={out}",
        f"-var-file=environments/{environment}.tfvars",
        cwd=copy, environment=settings, timeout_seconds=PLAN_SECONDS,
    )  # fmt: skip
    try:
        return done, _show(program, copy, out, settings) if done.code == 0 else None
    finally:
        (copy / out).unlink(missing_ok=True)


def _show(program: Terraform, copy: Path, out: str, settings: dict[str, str]) -> dict[str, Any]:
    shown_plan = program.run(
        "show", "-json", out, cwd=copy, environment=settings, timeout_seconds=VALIDATE_SECONDS
    )
    try:
        document: dict[str, Any] = json.loads(shown_plan.output)
    except ValueError as error:
        raise SuiteError(f"terraform show did not answer with JSON: {error}") from error
    return document


def secret_variables(source: SourceTree) -> dict[str, str]:
    """A recognisable value for each variable that holds a secret and has no default."""
    return {
        f"TF_VAR_{block.labels[0]}": markers.SECRET
        for block in source.blocks("variable")
        if block.get("sensitive") is True and "default" not in block.attributes
    }


def variables_file(stack: Path, environment: str) -> Path:
    """The environment's variables. SuiteError when there is no such file."""
    path = stack / "environments" / f"{environment}.tfvars"
    if not path.is_file():
        others = sorted(p.stem for p in path.parent.glob("*.tfvars")) or ["none"]
        raise SuiteError(f"{shown(path)}: no such file; environments with one: {', '.join(others)}")
    return path


def check_variables(source: SourceTree, environment: str) -> None:
    """Refuse, with file and line, a value that no variable takes: Terraform only warns of it."""
    path = variables_file(source.stack, environment)
    declared = {block.labels[0] for block in source.modules[source.stack].blocks
                if block.kind == "variable"}  # fmt: skip
    for name in source.variables(environment).keys() - declared:
        before = re.split(rf"(?m)^\s*{re.escape(name)}\s*=", path.read_text(encoding="utf-8"))[0]
        line = before.count("\n") + 1
        raise SuiteError(f"{shown(path)}:{line}: no variable is called {name}; declare it or "
                         "remove the value")  # fmt: skip


def account_id(stack: Path, environment: str) -> str:
    """The AWS account that the environment's variables name."""
    variables_file(stack, environment)
    return account_of(SourceTree.load(stack), environment)


def account_of(source: SourceTree, environment: str) -> str:
    """The same of a stack that has been read; SuiteError names the file that lacks it."""
    account = str(source.variables(environment).get("aws_account_id", ""))
    if not (account.isdigit() and len(account) == 12):
        raise SuiteError(
            f"{shown(source.stack)}/environments/{environment}.tfvars: aws_account_id must be the "
            "twelve digits of the environment's account"
        )
    return account


def validate(stack: Path) -> list[Diagnostic]:
    """What `terraform validate` has to say, warnings included; empty when it is content."""
    source = SourceTree.load(stack)  # what is no HCL is told in one way, by one line
    program = terraform.find()
    copy = workspace.prepare(stack, program)
    kept = copy / f"validate.{_CODE}.json"
    document = _read(kept)
    if document is None:
        with standing_in_for(copy, source, program, {})(frozenset()) as stand:
            done = program.run(
                "validate", "-json", cwd=copy, environment=stand.environment(),
                timeout_seconds=VALIDATE_SECONDS,
            )  # fmt: skip
        try:
            document = json.loads(done.output)
        except ValueError as error:
            raise SuiteError(f"terraform validate did not answer with JSON: {error}") from error
        write_whole(kept, json.dumps(document))
    return [Diagnostic.read(one) for one in document["diagnostics"]]


def unformatted(stack: Path) -> list[str]:
    """The files, relative to the stack, that `terraform fmt` would change."""
    SourceTree.load(stack)
    program = terraform.find()
    done = program.run("fmt", "-check", "-list=true", "-recursive", "-no-color", str(stack),
                       cwd=stack, timeout_seconds=VALIDATE_SECONDS)  # fmt: skip
    if done.code not in (0, 3):
        raise workspace.failure(done, stack, "fmt", program)
    return done.output.split()


_CODE = hashlib.sha256(
    b"".join(
        path.read_bytes()
        for path in (
            Path(__file__),
            Path(markers.__file__),
            Path(__file__).with_name("offline_account.py"),
            *sorted(Path(__file__).with_name("placeholders").glob("*.py")),
        )
    )
).hexdigest()[:12]
