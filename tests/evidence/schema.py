"""The published schema of evidence.json: `python -m tests.evidence.schema` writes it anew."""

from __future__ import annotations

import json
from typing import Any

from tests.evidence.model import SCHEMA_ID, Evidence
from tests.support.project import ROOT, write_whole

PATH = ROOT / "docs" / "evidence.schema.json"


def document() -> dict[str, Any]:
    """The JSON schema, made from the models."""
    made = Evidence.model_json_schema(mode="serialization")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": SCHEMA_ID,
        **made,
    }


def text() -> str:
    """The schema as it is published."""
    return json.dumps(document(), indent=1) + "\n"


if __name__ == "__main__":
    write_whole(PATH, text())
