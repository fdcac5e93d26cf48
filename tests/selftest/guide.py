"""The guide's own Terraform, pipeline and runbooks as a repository to judge."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.selftest.breaking import STACK

GUIDE = Path(__file__).with_name("guide_stack")
FILES = Path(__file__).with_name("guide_files")
# The registry's module, whose place modules/network takes.
_REGISTRY = '  source  = "terraform-aws-modules/vpc/aws"\n  version = "~> 5.0"\n'
_LOCAL = '  source = "./modules/network"\n'
# Three arguments that provider 5 refuses, and one that it asks for: nothing can be planned so.
_REDIS = {
    "replication_group_description = ": "description = ",
    "number_cache_clusters = ": "num_cache_clusters = ",
    "  auth_token_enabled        = true\n": "",
}


def guide_stack(directory: Path, *, plannable: bool) -> Path:
    """The guide's code below `directory`, to the letter but for where its VPC module comes from.

    A `plannable` one has the arguments of Redis that the provider knows.
    """
    stack = directory / "terraform"
    shutil.copytree(GUIDE, stack)
    shutil.copytree(STACK / "modules" / "network", stack / "modules" / "network")
    for path in ("docs/runbooks.md", ".github/workflows/deploy.yml"):
        (directory / path).parent.mkdir(parents=True)
        shutil.copy(FILES / Path(path).name, directory / path)
    _replace(stack / "networking.tf", {_REGISTRY: _LOCAL})
    _replace(stack / "redis.tf", _REDIS if plannable else {})
    return stack


def _replace(path: Path, changes: dict[str, str]) -> None:
    text = path.read_text(encoding="utf-8")
    for old, new in changes.items():
        assert text.count(old) == 1, f"{path.name}: {text.count(old)} times {old!r}"
        text = text.replace(old, new)
    path.write_text(text, encoding="utf-8")
