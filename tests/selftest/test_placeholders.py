"""Plans with symbols: what is filled in, what is left unknown, and what it costs to be wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgpack
import pytest

from tests.support.outcomes import Invalid
from tests.support.placeholders.filling import Block, fill
from tests.support.placeholders.memory import Memory
from tests.support.placeholders.symbols import PLACEHOLDER, name_symbols, symbols_in
from tests.support.plan import Plan

pytestmark = pytest.mark.selftest

UNKNOWN = msgpack.ExtType(0, b"\x00")
INNER = Block({"name": "string", "arn": "string"}, {}, frozenset())
BLOCK = Block(
    {
        "id": "string",
        "role_arn": "string",
        "count": "number",
        "list": ["list", "string"],
        "set": ["set", "string"],
        "map": ["map", "string"],
        "object": ["object", {"host": "string"}],
    },
    {"one": INNER, "many": INNER, "members": INNER},
    frozenset({"members"}),
)


def filled(spared: frozenset[tuple[str, str]] = frozenset(), **values: Any) -> dict[str, Any]:
    """The values after filling, unknown ones as None."""
    state = fill(msgpack.packb(values), "aws_thing", BLOCK, "0123abcd", spared)
    result: dict[str, Any] = msgpack.unpackb(state, ext_hook=lambda _code, _data: None)
    return result


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"id": UNKNOWN}, {"id": "ph-0123abcd-id-0"}),
        ({"id": "known"}, {"id": "known"}),
        ({"id": None}, {"id": None}),
        ({"count": UNKNOWN}, {"count": None}),
        ({"list": UNKNOWN}, {"list": None}),
        ({"list": ["a", UNKNOWN]}, {"list": ["a", "ph-0123abcd-list_1_-0"]}),
        ({"set": ["a", UNKNOWN]}, {"set": ["a", None]}),
        ({"map": {"k": UNKNOWN}}, {"map": {"k": "ph-0123abcd-map_k-0"}}),
        ({"object": {"host": UNKNOWN}}, {"object": {"host": "ph-0123abcd-object_host-0"}}),
        ({"one": {"name": UNKNOWN}}, {"one": {"name": "ph-0123abcd-one_name-0"}}),
        ({"many": [{"name": UNKNOWN}]}, {"many": [{"name": "ph-0123abcd-many_0_name-0"}]}),
        ({"members": [{"name": UNKNOWN}]}, {"members": [{"name": None}]}),
    ],
    ids=lambda value: str(value) if "ph-" not in str(value) else "filled",
)
def test_unknown_strings_are_filled_in_and_nothing_else(
    values: dict[str, Any], expected: dict[str, Any]
) -> None:
    assert filled(**values) == expected


def test_an_arn_has_the_form_of_one() -> None:
    arn = filled(role_arn=UNKNOWN)["role_arn"]
    assert arn == "arn:aws:placeholder:us-east-1:123456789012:ph-0123abcd-role_arn-0"


def test_what_is_spared_stays_unknown() -> None:
    assert filled(frozenset({("aws_thing", "id")}), id=UNKNOWN) == {"id": None}
    assert filled(frozenset({("aws_other", "id")}), id=UNKNOWN) == {"id": "ph-0123abcd-id-0"}


def test_a_placeholder_fits_the_narrowest_argument() -> None:
    """A hosted zone's id has at most 32 characters."""
    assert len(filled(id=UNKNOWN)["id"].replace("id", "hosted_zone_id")) <= 32


def change(address: str, **after: Any) -> dict[str, Any]:
    """One entry of a plan's resource_changes."""
    return {
        "address": address,
        "mode": "managed",
        "type": address.split(".")[0],
        "change": {"actions": ["create"], "after": after, "after_unknown": {}},
    }


TYPES = {"00000001": "aws_key"}
DOCUMENT = {
    "configuration": {"root_module": {}},
    "resource_changes": [
        change('aws_key.own["a.b"]', arn="ph-00000001-arn-0", id="ph-00000001-id-0"),
        change(
            "aws_lb.main", policy='{"Resource": "ph-00000001-arn-0/*"}', zone="ph-00000001-id-0"
        ),
        change("aws_key_policy.own", arn="ph-00000001-arn-0"),
        change("aws_lb.stray", target="ph-0000ffff-id-0", member="ph-00000001-id-0-001"),
    ],
}


@pytest.fixture
def plan() -> Plan:
    """A plan in which one resource uses another's attributes."""
    return Plan(name_symbols(DOCUMENT, TYPES))


def test_a_placeholder_becomes_the_symbol_of_its_resource(plan: Plan) -> None:
    policy = json.loads(plan.at("aws_lb.main").symbolic("policy"))
    assert policy == {"Resource": "⟨aws_key.own[a.b].arn⟩/*"}


def test_a_symbol_leads_to_the_resource(plan: Plan) -> None:
    assert plan.at("aws_lb.main").points_to("zone") == {'aws_key.own["a.b"]'}


def test_who_hands_an_attribute_on_does_not_own_it(plan: Plan) -> None:
    assert plan.at("aws_key_policy.own").points_to("arn") == {'aws_key.own["a.b"]'}


def test_a_symbol_is_no_value(plan: Plan) -> None:
    with pytest.raises(Invalid, match="policy, or a part of it, is known only after apply"):
        plan.at("aws_lb.main").value("policy")


def test_a_placeholder_of_nobody_is_told(plan: Plan) -> None:
    assert symbols_in(plan.at("aws_lb.stray").symbolic("target")) == {"unknown.id"}


def test_what_stands_behind_a_symbol_stays(plan: Plan) -> None:
    assert plan.at("aws_lb.stray").symbolic("member") == "⟨aws_key.own[a.b].id⟩-001"


def test_placeholders_are_found_in_an_error() -> None:
    text = 'expected one of ["A"], got ph-0123abcdx2-options_0_type-0. and ph-000a1b2c-id-0-001'
    assert PLACEHOLDER.findall(text) == [("0123abcdx2", "options_0_type"), ("000a1b2c", "id")]


@pytest.fixture
def binary(tmp_path: Path) -> Path:
    """A file that stands for the provider's program."""
    path = tmp_path / "provider"
    path.write_bytes(b"program")
    return path


def remembered(path: Path, binary: Path, account: str, *parts: bytes) -> bytes | None:
    """What a memory of its own says to a question."""
    memory = Memory(path, binary, account)
    try:
        return memory.recall(memory.key(*parts))
    finally:
        memory.close()


@pytest.fixture
def memory_path(tmp_path: Path, binary: Path) -> Path:
    """A memory that knows one answer, for account 1."""
    path = tmp_path / "answers.sqlite"
    memory = Memory(path, binary, "1")
    memory.learn(memory.key(b"configuration", b"method", b"request"), b"answer")
    memory.close()
    return path


def test_an_answer_is_remembered(memory_path: Path, binary: Path) -> None:
    question = (b"configuration", b"method", b"request")
    assert remembered(memory_path, binary, "1", *question) == b"answer"


@pytest.mark.parametrize(
    ("account", "question"),
    [
        ("2", (b"configuration", b"method", b"request")),
        ("1", (b"other", b"method", b"request")),
        ("1", (b"configuration", b"other", b"request")),
        ("1", (b"configuration", b"method", b"other")),
        ("1", (b"configurationm", b"ethod", b"request")),
    ],
)
def test_another_question_is_not_answered(
    account: str, question: tuple[bytes, ...], memory_path: Path, binary: Path
) -> None:
    assert remembered(memory_path, binary, account, *question) is None


def test_another_program_is_not_answered_for(memory_path: Path, binary: Path) -> None:
    binary.write_bytes(b"another program")
    question = (b"configuration", b"method", b"request")
    assert remembered(memory_path, binary, "1", *question) is None


def test_a_broken_memory_is_begun_anew(memory_path: Path, binary: Path) -> None:
    memory_path.write_bytes(b"no database" * 1000)
    question = (b"configuration", b"method", b"request")
    assert remembered(memory_path, binary, "1", *question) is None
    memory = Memory(memory_path, binary, "1")
    memory.learn(memory.key(*question), b"answer")
    memory.close()
    assert remembered(memory_path, binary, "1", *question) == b"answer"
