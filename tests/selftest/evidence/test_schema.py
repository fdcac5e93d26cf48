"""docs/evidence.schema.json is what evidence.json is held to."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest

from tests.evidence import schema
from tests.evidence.model import Evidence
from tests.selftest.evidence.documents import DEPLOYED, PLAN, evidence

pytestmark = pytest.mark.selftest

FOUND = json.loads(evidence(PLAN, DEPLOYED).model_dump_json())


@pytest.fixture(scope="module")
def published() -> dict[str, Any]:
    document: dict[str, Any] = json.loads(schema.PATH.read_text(encoding="utf-8"))
    return document


def test_published_schema_is_that_of_the_models() -> None:
    assert schema.PATH.read_text(encoding="utf-8") == schema.text(), (
        "write it anew: python -m tests.evidence.schema"
    )


def test_schema_is_a_valid_one(published: dict[str, Any]) -> None:
    jsonschema.Draft202012Validator.check_schema(published)


def test_evidence_is_valid_by_the_published_schema(published: dict[str, Any]) -> None:
    jsonschema.validate(FOUND, published, jsonschema.Draft202012Validator)


@pytest.mark.parametrize(
    "change", [{"totals": {"passed": 3}}, {"checkout": None}, {"more": 1}], ids=str
)
def test_what_is_no_evidence_is_not_valid_by_it(
    change: dict[str, Any], published: dict[str, Any]
) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(FOUND | change, published, jsonschema.Draft202012Validator)


def test_evidence_survives_being_written_and_read() -> None:
    assert Evidence.model_validate(FOUND) == evidence(PLAN, DEPLOYED)
