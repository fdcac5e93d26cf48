"""What Checkov passes over in silence is an error here; and its reports hold no source."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support import checkov, checkov_reports
from tests.support.checkov import POLICIES, Scan
from tests.support.findings import Result
from tests.support.outcomes import Invalid, SuiteError
from tests.support.waivers import Waived, Waiver

pytestmark = pytest.mark.selftest

TOPIC = 'resource "aws_sns_topic" "alerts" {\n  name = "alerts"\n}\n'
PASSWORD = "not-to-be-repeated"


@pytest.fixture
def stack(tmp_path: Path) -> Callable[[str], Path]:
    """Writes a stack of one file."""

    def write(text: str) -> Path:
        directory = tmp_path / "terraform"
        directory.mkdir()
        (directory / "main.tf").write_text(text, encoding="utf-8")
        return directory

    return write


@pytest.fixture
def policies(tmp_path: Path) -> Path:
    """A copy of two policies, one of each kind."""
    directory = tmp_path / "policies"
    directory.mkdir()
    for name in ("__init__.py", "_values.py", "topic_key.py", "topic_subscriber.yaml"):
        shutil.copy(POLICIES / name, directory)
    return directory


@pytest.fixture
def program(tmp_path: Path) -> Callable[[str], Path]:
    """Writes a program that takes Checkov's place; $census and $found are where it writes."""

    def write(script: str) -> Path:
        path = tmp_path / "checkov"
        outputs = 'census=$CHECKOV_CENSUS; found=$(dirname "$census")/found.json'
        path.write_text(f"#!/bin/sh\n{outputs}\n{script}\n", encoding="utf-8")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        return path

    return write


# --- Policies that do not work ------------------------------------------------------------


@pytest.mark.parametrize(
    ("file", "find", "replace", "says"),
    [
        ("topic_subscriber.yaml", "  id:", "  identity:", "topic_subscriber.yaml: .*metadata.id"),
        ("topic_subscriber.yaml", ": exists", ": be", "topic_subscriber.yaml: .*not supported"),
        ("topic_subscriber.yaml", "_9", "_12", "the id CKV2_MNXT_12 is taken"),
        ("topic_subscriber.yaml", "MNXT_9", "AWS_1", "ids like CKV2_AWS_1 are Checkov's own"),
        ("topic_key.py", "def __init__(self)", "def __init__(self", "topic_key.py: .*SyntaxError"),
        ("topic_key.py", "check = TopicKey()", "", "topic_key.py: .*makes no check"),
        ("topic_key.py", 'value(conf, "kms', 'conf[0]("kms', "Failed to run check CKV2_MNXT_12"),
    ],
)
def test_policy_that_does_not_work_is_an_error(
    file: str, find: str, replace: str, says: str, policies: Path, stack: Callable[[str], Path]
) -> None:
    path = policies / file
    path.write_text(path.read_text(encoding="utf-8").replace(find, replace), encoding="utf-8")
    with pytest.raises(SuiteError, match=says):
        Scan(stack(TOPIC), policies).result()


def test_policies_that_python_cannot_import_are_an_error(
    policies: Path, stack: Callable[[str], Path]
) -> None:
    (policies / "__init__.py").unlink()
    with pytest.raises(SuiteError, match=r"topic_key\.py: Checkov did not load"):
        Scan(stack(TOPIC), policies).result()


@pytest.mark.parametrize("name", ["absent", "empty"])
def test_directory_without_policies_is_an_error(
    name: str, tmp_path: Path, stack: Callable[[str], Path]
) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(SuiteError, match=f"{name}: no policy in it"):
        Scan(stack(TOPIC), tmp_path / name).result()


# --- Stacks that Checkov does not see whole -----------------------------------------------


@pytest.mark.parametrize(
    ("text", "error", "says"),
    [
        ('resource "aws_sns_topic" {\n', SuiteError, r"cannot read terraform/main\.tf"),
        ("# nothing\n", SuiteError, "found no resource"),
        (f'{TOPIC}module "vpc" {{\n  source = "terraform-aws-modules/vpc/aws"\n}}\n',
         Invalid, r"terraform/main\.tf: Checkov saw no resource of module\.vpc"),
    ],
    ids=["malformed", "empty", "module-of-the-registry"],
)  # fmt: skip
def test_stack_that_is_not_seen_whole_is_no_pass(
    text: str, error: type[Exception], says: str, policies: Path, stack: Callable[[str], Path]
) -> None:
    with pytest.raises(error, match=says):
        Scan(stack(text), policies).result()


def test_resource_without_a_verdict_is_invalid(
    policies: Path, stack: Callable[[str], Path]
) -> None:
    shutil.copy(POLICIES / "log_retention.py", policies)
    variable = 'variable "days" {\n  type = number\n}\n'
    group = 'resource "aws_cloudwatch_log_group" "app" {\n  retention_in_days = var.days\n}\n'
    result = Scan(stack(variable + group), policies).result()
    with pytest.raises(Invalid, match=r"no verdict on aws_cloudwatch_log_group\.app in main\.tf"):
        result.refuse_unjudged(result.policies)


def test_settings_beside_the_stack_are_refused(stack: Callable[[str], Path]) -> None:
    directory = stack(TOPIC)
    (directory / ".checkov.yaml").write_text("skip-check: CKV_AWS_26\n", encoding="utf-8")
    with pytest.raises(SuiteError, match=r"\.checkov\.yaml: Checkov would take its settings"):
        Scan(directory).result()


def test_settings_in_the_environment_change_nothing(
    monkeypatch: pytest.MonkeyPatch, policies: Path, stack: Callable[[str], Path]
) -> None:
    monkeypatch.setenv("CKV_SKIP_CHECK", "CKV_AWS_26")
    result = Scan(stack(TOPIC), policies).result()
    assert "CKV_AWS_26" in {finding.check_id for finding in result.findings}


def test_finding_silenced_in_the_source_stays_a_finding(
    policies: Path, stack: Callable[[str], Path]
) -> None:
    comment = "{\n  #checkov:skip=CKV_AWS_26:not now\n"
    result = Scan(stack(TOPIC.replace("{\n", comment)), policies).result()
    [finding] = [f for f in result.findings if f.check_id == "CKV_AWS_26"]
    assert finding.silenced
    assert str(finding).startswith("terraform/main.tf:1  aws_sns_topic.alerts  CKV_AWS_26 ")


# --- A Checkov that does not work ---------------------------------------------------------


@pytest.mark.parametrize(
    ("script", "says"),
    [
        ("echo 'no space left' >&2; exit 2", "ended with code 2: no space left"),
        ("exit 0", "ended with code 0"),
        ("echo '{' > $census", "no readable census.json"),
        ("echo '[]' > $census", "no object into census.json"),
    ],
)
def test_checkov_that_crashes_is_an_error(
    script: str,
    says: str,
    program: Callable[[str], Path],
    policies: Path,
    stack: Callable[[str], Path],
) -> None:
    with pytest.raises(SuiteError, match=says):
        Scan(stack(TOPIC), policies, program(script)).result()


def test_checkov_that_hangs_is_stopped(
    tmp_path: Path, program: Callable[[str], Path], policies: Path, stack: Callable[[str], Path]
) -> None:
    hangs = program(f"echo $$ > {tmp_path}/pid; exec sleep 60")
    with pytest.raises(SuiteError, match=r"no result within 0\.5 s"):
        Scan(stack(TOPIC), policies, hangs).result(timeout_seconds=0.5)
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


def test_checkov_that_is_not_there_is_an_error(
    tmp_path: Path, policies: Path, stack: Callable[[str], Path]
) -> None:
    with pytest.raises(SuiteError, match="absent: No such file"):
        Scan(stack(TOPIC), policies, tmp_path / "absent").result()


# --- A run that was kept ------------------------------------------------------------------


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Holds a stack with an unencrypted topic, a policy, and the run on them that was kept."""
    base = tmp_path_factory.mktemp("finished")
    for directory in (base / "terraform", base / "policies"):
        directory.mkdir()
    (base / "terraform" / "main.tf").write_text(TOPIC, encoding="utf-8")
    shutil.copy(POLICIES / "topic_subscriber.yaml", base / "policies")
    Scan(base / "terraform", base / "policies", kept=base / "cache" / "checkov" / "run").result()
    return base


def repeated(finished: Path, kept: Path, program: Callable[[str], Path]) -> Result:
    """What the run brings when it finds that one and may not start Checkov."""
    fails = program("echo started >&2; exit 2")
    return Scan(finished / "terraform", finished / "policies", fails, kept).result()


@pytest.fixture
def kept(finished: Path, tmp_path: Path) -> Path:
    """A copy of what was kept."""
    return shutil.copytree(finished / "cache" / "checkov" / "run", tmp_path / "cache" / "run")


def test_run_that_was_kept_is_not_repeated(
    finished: Path, kept: Path, program: Callable[[str], Path]
) -> None:
    findings = repeated(finished, kept, program).findings
    assert "CKV_AWS_26" in {finding.check_id for finding in findings}


@pytest.mark.parametrize("name", [*checkov.WRITTEN, checkov.SUM])
@pytest.mark.parametrize(
    "damage", [lambda file: file.write_text("{"), Path.unlink], ids=["cut", "gone"]
)
def test_run_that_was_kept_damaged_is_repeated(
    damage: Callable[[Path], None],
    name: str,
    finished: Path,
    kept: Path,
    program: Callable[[str], Path],
) -> None:
    damage(kept / name)
    with pytest.raises(SuiteError, match="ended with code 2: started"):
        repeated(finished, kept, program)


def test_run_that_could_not_judge_is_not_kept(
    tmp_path: Path, program: Callable[[str], Path], policies: Path, stack: Callable[[str], Path]
) -> None:
    kept = tmp_path / "cache" / "checkov" / "run"
    with pytest.raises(SuiteError):
        Scan(stack(TOPIC), policies, program("echo '[]' > $census"), kept).result()
    assert not kept.exists()


@pytest.mark.parametrize("edit", ["main.tf", "module/main.tf", "environments.tfvars"])
def test_run_is_kept_for_the_stack_as_it_is(edit: str, tmp_path: Path) -> None:
    directory = tmp_path / "terraform"
    (directory / "module").mkdir(parents=True)
    before = checkov.fingerprint(directory)
    (directory / edit).write_text(TOPIC, encoding="utf-8")
    assert checkov.fingerprint(directory) != before


def link_to(module: Path, stack: Path) -> None:
    """Put the module into the stack by a link."""
    (stack / "modules").symlink_to(module.parent)


def call(module: Path, stack: Path) -> None:
    """Have the stack call the module where it is."""
    source = f"../{module.relative_to(stack.parent)}"
    (stack / "main.tf").write_text(f'module "m" {{\n  source = "{source}"\n}}\n', "utf-8")


@pytest.mark.parametrize("use", [link_to, call])
def test_run_is_kept_for_the_modules_outside_as_they_are(
    use: Callable[[Path, Path], None], tmp_path: Path
) -> None:
    stack, module = tmp_path / "terraform", tmp_path / "elsewhere" / "module"
    for directory in (stack, module):
        directory.mkdir(parents=True)
    (module / "main.tf").write_text(TOPIC, encoding="utf-8")
    use(module, stack)
    before = checkov.fingerprint(stack)
    (module / "main.tf").write_text(f"# {TOPIC}", encoding="utf-8")
    assert checkov.fingerprint(stack) != before


def test_links_that_lead_back_are_followed_once(tmp_path: Path) -> None:
    (tmp_path / "back").symlink_to(tmp_path)
    (tmp_path / "main.tf").write_text(TOPIC, encoding="utf-8")
    assert checkov.fingerprint(tmp_path) == checkov.fingerprint(tmp_path)


# --- Reports ------------------------------------------------------------------------------


@pytest.fixture
def leaking(policies: Path, stack: Callable[[str], Path]) -> Result:
    """The findings on a stack with a password in its source."""
    cluster = f'resource "aws_rds_cluster" "main" {{\n  master_password = "{PASSWORD}"\n}}\n'
    return Scan(stack(cluster), policies).result()


@pytest.mark.parametrize("name", [checkov_reports.SARIF, checkov_reports.JUNIT])
def test_report_holds_the_findings_and_no_source(
    name: str, leaking: Result, tmp_path: Path
) -> None:
    checkov_reports.publish(leaking, [], tmp_path / "reports")
    text = (tmp_path / "reports" / name).read_text(encoding="utf-8")
    assert "CKV_AWS_96" in text
    assert "aws_rds_cluster.main" in text
    assert PASSWORD not in text


@pytest.mark.parametrize(
    ("name", "marked"),
    [(checkov_reports.SARIF, '"justification": '), (checkov_reports.JUNIT, "<skipped message=")],
)
def test_waived_finding_is_marked_in_the_report(
    name: str, marked: str, leaking: Result, tmp_path: Path
) -> None:
    waiver = Waiver(
        check="CKV_AWS_96",
        addresses=("aws_rds_cluster.main",),
        file="main.tf",
        reason="Only an example in a test of the reports.",
        owner="Infrastructure",
        expires="2027-01-31",
    )
    waived = [Waived(f, waiver) for f in leaking.findings if f.check_id == waiver.check]
    checkov_reports.publish(leaking, waived, tmp_path / "reports")
    lines = (tmp_path / "reports" / name).read_text(encoding="utf-8").splitlines()
    assert [waiver.reason in line for line in lines if marked in line] == [True]
