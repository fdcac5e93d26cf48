"""Checkov's SARIF and JUnit reports, fit to be kept.

Checkov prints the source of whatever it objects to, and in its JUnit report all of its settings.
Both are taken out: a secret that stands in the source must not stand in a report as well. Accepted
findings are marked as such, so that a reader of the report alone does not take them for open.
"""

from __future__ import annotations

import json
import xml.etree.ElementTree as ElementTree
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.support.findings import Finding, Result
from tests.support.outcomes import SuiteError
from tests.support.waivers import Waived

SARIF = "checkov.sarif"
JUNIT = "checkov.xml"


def publish(result: Result, waived: Sequence[Waived], directory: Path) -> None:
    """Write checkov.sarif and checkov.xml into `directory`. SuiteError if they do not fit."""
    reasons = {entry.finding: str(entry) for entry in waived}
    directory.mkdir(parents=True, exist_ok=True)
    sarif = json.dumps(_sarif(result, reasons), indent=1) + "\n"
    (directory / SARIF).write_text(sarif, encoding="utf-8")
    (directory / JUNIT).write_bytes(_junit(result, reasons))


def _sarif(result: Result, reasons: Mapping[Finding, str]) -> dict[str, Any]:
    """Checkov writes its failed and its silenced findings in the order of its JSON report."""
    entries = result.sarif["runs"][0]["results"]
    if [entry["ruleId"] for entry in entries] != [f.check_id for f in result.findings]:
        raise SuiteError("Checkov's SARIF report does not hold the findings of its JSON report")
    for entry, finding in zip(entries, result.findings, strict=True):
        location = entry["locations"][0]
        location["physicalLocation"]["region"].pop("snippet", None)
        location["logicalLocations"] = [{"fullyQualifiedName": finding.resource.address}]
        if finding in reasons:
            entry["suppressions"] = [{"kind": "external", "justification": reasons[finding]}]
        else:
            entry.pop("suppressions", None)
    return result.sarif


def _junit(result: Result, reasons: Mapping[Finding, str]) -> bytes:
    """An accepted finding is a test that was skipped, with the reason."""
    findings = defaultdict(list)
    for finding in result.findings:
        place = f"/{finding.resource.file}.{finding.resource.address}"
        findings[finding.check_id, place].append(finding)
    try:
        suites = ElementTree.fromstring(result.junit)
    except ElementTree.ParseError as error:
        raise SuiteError(f"Checkov's JUnit report is not XML: {error}") from error
    for suite in suites.iter("testsuite"):
        for properties in suite.findall("properties"):
            suite.remove(properties)
        for case in suite.iter("testcase"):
            _tell(case, findings, reasons)
        for element in (suites, suite):
            element.set("failures", str(len(suite.findall("testcase/failure"))))
            element.set("skipped", str(len(suite.findall("testcase/skipped"))))
    return bytes(ElementTree.tostring(suites, encoding="utf-8", xml_declaration=True))


def _tell(
    case: ElementTree.Element,
    findings: Mapping[tuple[str, str], list[Finding]],
    reasons: Mapping[Finding, str],
) -> None:
    """Say what was found, in the place of the source and the guideline that Checkov prints."""
    for outcome in [*case.findall("failure"), *case.findall("skipped")]:
        case.remove(outcome)
    check_id = case.get("name", "").partition("][")[2].partition("]")[0]
    for finding in findings.get((check_id, case.get("classname", "")), []):
        kind = "skipped" if finding in reasons else "failure"
        ElementTree.SubElement(case, kind, message=reasons.get(finding, str(finding)))
