"""What the mutants show: reports/mutants.json and a table."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.mutants.mutant import Mutant
from tests.support.project import unwritable, write_whole

NAME = "mutants.json"
LAYERS = ("source", "policy", "plan", "deployed")
VALID = ("killed", "survived", "equivalent")


def document(
    mutants: Sequence[Mutant], results: Mapping[str, Mapping[str, Any]],
    reasons: Mapping[str, str], about: Mapping[str, Any],
) -> dict[str, Any]:  # fmt: skip
    """The report: what each mutant came to, and the sums."""
    entries = [_entry(m, results.get(m.id), reasons) for m in mutants]
    return {
        **about,
        "complete": all(entry["outcome"] != "not run" for entry in entries),
        "summary": summary(entries),
        "mutants": entries,
    }


def _entry(
    mutant: Mutant, result: Mapping[str, Any] | None, reasons: Mapping[str, str]
) -> dict[str, Any]:
    if result is None:
        return {**mutant.described(), "outcome": "not run"}
    outcome = result["outcome"]
    reason = result.get("reason", "")
    if outcome == "survived" and mutant.id in reasons:
        outcome, reason = "equivalent", reasons[mutant.id]
    return {
        **mutant.described(),
        "outcome": outcome,
        "killed_by": result.get("killed"),
        "reason": reason,
        "rejected_by": result.get("rejected_by", ""),
        "noticed_elsewhere": result.get("elsewhere", []),
        "unjudged_tests": result.get("unjudged_tests", []),
        "checkov_alone": result.get("checkov", []),
        "validate_alone": result.get("rejected_by") == "validate",
        "seconds": result.get("seconds"),
    }


def summary(entries: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The sums, for all and by category; a score is of what is valid and not equivalent."""
    return {"all": _sums(entries)} | {
        category: _sums([e for e in entries if e["category"] == category])
        for category in sorted({str(e["category"]) for e in entries})
    }


def _sums(entries: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    outcomes = Counter(str(entry["outcome"]) for entry in entries)
    valid = [entry for entry in entries if entry["outcome"] in VALID]
    layers = Counter(e["killed_by"]["layer"] for e in valid if e["outcome"] == "killed")
    judged = outcomes["killed"] + outcomes["survived"]
    return {
        "mutants": len(entries),
        "valid": len(valid),
        **{name: outcomes[name] for name in ("killed", "survived", "equivalent", "invalid",
                                             "unjudged", "not run")},
        "killed_in": {layer: layers[layer] for layer in LAYERS},
        "score_percent": round(100 * outcomes["killed"] / judged, 1) if judged else None,
        "checkov_alone": sum(bool(e.get("checkov_alone")) for e in valid
                             if e["outcome"] != "equivalent"),
        "validate_alone": sum(bool(e.get("validate_alone")) for e in entries),
        "validate_alone_valid": 0,
    }  # fmt: skip


def table(report: Mapping[str, Any]) -> str:
    """The sums as Markdown, as the README has them."""
    head = ["category", "mutants", "invalid", "equivalent", "killed by the suite", "of these in",
            "survived", "Checkov's own checks alone", "`terraform validate` alone"]  # fmt: skip
    rows = [head, ["---"] + ["---:"] * 4 + ["---"] + ["---:"] * 3]
    for name, sums in sorted(report["summary"].items(), key=lambda one: one[0] == "all"):
        layers = ", ".join(f"{k} {v}" for k, v in sums["killed_in"].items() if v) or "–"
        rows.append([
            f"**{name}**" if name == "all" else name,
            *(str(sums[k]) for k in ("mutants", "invalid", "equivalent", "killed")),
            layers,
            *(str(sums[k]) for k in ("survived", "checkov_alone", "validate_alone_valid")),
        ])  # fmt: skip
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def survivors(report: Mapping[str, Any]) -> list[str]:
    """A line for each mutant that nobody noticed, or that could not be judged.

    Below one that survived stands the line that an entry of equivalent.yaml would need.
    """
    return [
        f"{entry['outcome']:9} {entry['id']}  ({entry['where']}: {entry['change']})"
        + (f"  noticed by {', '.join(entry['noticed_elsewhere'])} only"
           if entry["noticed_elsewhere"] else "")
        + (f"  {entry['reason']}" if entry["outcome"] == "unjudged" else
           f'\n          "{entry["id"]}": "{entry["edits"]}"')
        for entry in report["mutants"]
        if entry["outcome"] in ("survived", "unjudged")
    ]  # fmt: skip


def write(directory: Path, report: Mapping[str, Any]) -> Path:
    """Write the report by rename, so that no reader sees half of it."""
    path = directory / NAME
    try:
        directory.mkdir(parents=True, exist_ok=True)
        write_whole(path, json.dumps(report, indent=1) + "\n")
    except OSError as error:
        raise unwritable(path, error) from error
    return path
