"""Checkov that has been loaded once: a process of its own environment, forked for each tree.

Run by the Python of Checkov's environment, as `checkov_server.py ROOT STACK`. Each line of standard
input is `{"stack": DIR, "out": DIR, "seconds": N}`; into `out` goes what a run of Checkov's program
leaves (tests/support/checkov.py), without its SARIF and JUnit reports. The answer is one line:
`{"error": TEXT or null}`. It ends with its input.

What every run would do again is done once, before the fork: the files of STACK are parsed, the
parser of JSONPath is made (Checkov makes one for each path), and what the expressions of STACK mean
is remembered where it is a plain value.
"""

from __future__ import annotations

import atexit
import gc
import hashlib
import json
import os
import select
import signal
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(sys.argv[1])
WRITTEN = ("found.json", "found.sarif", "found.xml", "census.json", "stderr")
ENVIRONMENT = {"LOG_LEVEL": "WARNING", "CKV_SKIP_PACKAGE_UPDATE_CHECK": "True"}
os.environ.update(ENVIRONMENT)

import checkov.terraform.runner  # type: ignore[import-not-found]  # noqa: E402
import hcl2.api  # noqa: E402
import ply.yacc  # type: ignore[import-not-found]  # noqa: E402
from bc_jsonpath_ng.ext import parse  # type: ignore[import-not-found]  # noqa: E402
from checkov.common.runners.runner_registry import (  # type: ignore[import-not-found]  # noqa: E402
    RunnerRegistry,
)
from checkov.main import Checkov  # type: ignore[import-not-found]  # noqa: E402
from checkov.terraform.graph_builder.variable_rendering import (  # type: ignore[import-not-found]  # noqa: E402
    evaluate_terraform,
)

assert checkov
PARSED: dict[str, Any] = {}
WARMING_SECONDS = 300.0
LOADS = hcl2.api.loads
YACC = ply.yacc.yacc
PARSERS: dict[tuple[type, str], Any] = {}
EVALUATE = evaluate_terraform.evaluate
MEANINGS: dict[str, Any] = {}
PLAIN = (str, int, float, bool, type(None))
FIELDS = ("check_id", "check_name", "resource", "file_path", "file_line_range", "details")


def remembered(text: str) -> Any:
    """The file as parsed before the fork, or now. A run changes what it is given."""
    return PARSED.pop(text) if text in PARSED else LOADS(text)


def parser_of(*, module: Any, start: str, **options: Any) -> Any:
    """The parser of a grammar; its rules keep nothing between two texts."""
    key = (type(module), start)
    if key not in PARSERS:
        PARSERS[key] = YACC(module=module, start=start, **options)
    return PARSERS[key]


def meaning(text: str) -> Any:
    """What an expression means; only what nobody can change is remembered."""
    if type(text) is str and text in MEANINGS:
        return MEANINGS[text]
    value = EVALUATE(text)
    if type(text) is str and type(value) in PLAIN:
        MEANINGS[text] = value
    return value


def warm(stack: Path) -> None:
    """Do once what every run would do again."""
    hcl2.api.loads = remembered  # type: ignore[assignment]
    ply.yacc.yacc = parser_of
    evaluate_terraform.evaluate = meaning
    parse("$.any")
    for file in sorted(stack.rglob("*.tf")):
        text = file.read_text(encoding="utf-8")
        PARSED[text] = LOADS(text)
    with tempfile.TemporaryDirectory() as out:
        if forked({"stack": str(stack), "out": out, "seconds": WARMING_SECONDS}) is None:
            MEANINGS.update(json.loads((Path(out) / "meanings.json").read_text(encoding="utf-8")))
    # Nothing is collected in the short life of a child, which would copy every page it looks at.
    gc.disable()
    gc.freeze()


def written(reports: Any, out: Path) -> int:
    """Write the findings as Checkov's JSON report has them, as far as anybody reads them."""
    results = {
        name: [_record(one) for report in reports for one in getattr(report, name)]
        for name in ("passed_checks", "failed_checks", "skipped_checks")
    }
    errors = [error for report in reports for error in report.parsing_errors]
    document = {"results": {**results, "parsing_errors": errors}}
    (out / "found.json").write_text(json.dumps(document, default=str), encoding="utf-8")
    return 0


def _record(record: Any) -> dict[str, Any]:
    return {name: getattr(record, name, None) for name in FIELDS} | {
        "check_id": record.check_id,
        "file_line_range": list(record.file_line_range),
    }


def scan(stack: Path, out: Path) -> None:
    """One run, in a process that ends with it."""
    out.mkdir(parents=True, exist_ok=True)
    log = os.open(out / "stderr", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(log, 2)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    os.environ["CHECKOV_CENSUS"] = str(out / "census.json")
    os.environ["HOME"] = str(out)
    RunnerRegistry.print_reports = lambda _self, scan_reports, **_options: written(
        scan_reports, out
    )
    variables = stack / "environments" / "production.tfvars"
    Checkov(
        argv=[
            *("--directory", str(stack), "--framework", "terraform"),
            *("--external-checks-dir", str(ROOT / "policies")),
            *("--external-checks-dir", str(ROOT / "tests" / "support" / "checkov_census")),
            *("--skip-download", "--download-external-modules", "False", "--output", "json"),
            *(("--var-file", str(variables)) if variables.is_file() else ()),
        ]
    ).run()
    atexit._run_exitfuncs()  # noqa: SLF001
    if not (out / "meanings.json").exists():
        (out / "meanings.json").write_text(json.dumps(MEANINGS), encoding="utf-8")
    (out / "found.sarif").write_text("{}", encoding="utf-8")
    (out / "found.xml").write_text("", encoding="utf-8")
    whole = b"".join((out / name).read_bytes() for name in WRITTEN)
    (out / "sha256").write_text(hashlib.sha256(whole).hexdigest(), encoding="utf-8")


def forked(request: dict[str, Any]) -> str | None:
    """Why there is no result, None if there is one."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            os.close(reading)
            scan(Path(request["stack"]), Path(request["out"]))
            code = 0
        except BaseException as error:  # whatever it is, this process must not go on
            os.write(writing, repr(error)[:500].encode())
        finally:
            os._exit(code)
    os.close(writing)
    try:
        ready, _, _ = select.select([reading], [], [], request["seconds"])
        said = os.read(reading, 1000).decode() if ready else "no result in time"
        if not ready:
            os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
    finally:
        os.close(reading)
    return said or (f"ended with {status}" if status else None)


def main() -> None:
    """Answer until the input ends."""
    warm(Path(sys.argv[2]))
    for line in sys.stdin:
        print(json.dumps({"error": forked(json.loads(line))}), flush=True)


if __name__ == "__main__":
    main()
