"""The archive that Lambda gets is the source beside it (docs/adr/0001)."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from tests.selftest.breaking import STACK

pytestmark = pytest.mark.selftest

FUNCTIONS = STACK / "functions"


@pytest.fixture(scope="module")
def build() -> ModuleType:
    """functions/build.py, which is no part of a package."""
    spec = importlib.util.spec_from_file_location("build", FUNCTIONS / "build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_archive_is_built_from_the_source(build: ModuleType, tmp_path: Path) -> None:
    build.build(FUNCTIONS / "rotate_secrets.py", tmp_path / "built.zip")
    committed = (FUNCTIONS / "rotate_secrets.zip").read_bytes()
    message = "run python terraform/functions/build.py and commit the archive"
    assert (tmp_path / "built.zip").read_bytes() == committed, message


def test_archive_of_another_source_differs(build: ModuleType, tmp_path: Path) -> None:
    source = tmp_path / "rotate_secrets.py"
    source.write_bytes((FUNCTIONS / "rotate_secrets.py").read_bytes() + b"#\n")
    build.build(source, tmp_path / "built.zip")
    assert (tmp_path / "built.zip").read_bytes() != (FUNCTIONS / "rotate_secrets.zip").read_bytes()
