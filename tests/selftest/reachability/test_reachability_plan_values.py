"""What is left out of a plan, what is unknown in it, and what stands for what."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.plan import Plan
from tests.support.planned_resource import Resource
from tests.support.reachability import plan_values
from tests.support.reachability.addresses import cidr
from tests.support.reachability.model import Unknown

pytestmark = pytest.mark.selftest


def resource(after: dict[str, Any], unknown: dict[str, Any], *written: str) -> Resource:
    """A resource with these values, of which the configuration sets those that are `written`."""
    address = "aws_thing.one"
    block = {"address": address, "expressions": {name: {} for name in written}}
    other = {"address": 'aws_thing.two["a"]', "mode": "managed"}
    change = {"actions": ["create"], "after": after, "after_unknown": unknown}
    document = {
        "configuration": {"root_module": {"resources": [block]}},
        "resource_changes": [
            {"address": address, "mode": "managed", "change": change},
            {**other, "change": {"actions": ["create"], "after": {}, "after_unknown": {}}},
        ],
    }
    return Plan(document).at(address)


OWN, OTHER = "⟨aws_thing.one.argument⟩", "⟨aws_thing.two[a].id⟩"
LEFT_OUT = [
    pytest.param({}, {}, (), id="absent"),
    pytest.param({"argument": None}, {}, (), id="null"),
    pytest.param({}, {"argument": True}, (), id="decided-by-aws"),
    pytest.param({"argument": OWN}, {}, (), id="named-after-itself"),
]
SET = [
    pytest.param({}, {"argument": True}, ("argument",), id="unknown"),
    pytest.param({"argument": OWN}, {}, ("argument",), id="named-after-itself"),
    pytest.param({"argument": f"x-{OTHER}"}, {}, ("argument",), id="made-of-another"),
]


@pytest.mark.parametrize(("after", "unknown", "written"), LEFT_OUT)
def test_what_is_left_out_is_known_to_be(
    after: dict[str, Any], unknown: dict[str, Any], written: tuple[str, ...]
) -> None:
    one = resource(after, unknown, *written)
    assert plan_values.value(one, "argument", "default") == "default"
    assert plan_values.identifier(one, "argument") is None
    assert plan_values.ranges(one, "argument") == []


@pytest.mark.parametrize(("after", "unknown", "written"), SET)
def test_what_is_set_and_not_known_is_unknown(
    after: dict[str, Any], unknown: dict[str, Any], written: tuple[str, ...]
) -> None:
    one = resource(after, unknown, *written)
    doubt = Unknown("aws_thing.one: argument is known only after apply")
    assert plan_values.value(one, "argument", "default") == doubt
    assert plan_values.identifier(one, "argument") == doubt
    assert plan_values.ranges(one, "argument") == [doubt]


@pytest.mark.parametrize(("found", "expected"), [("sg-1", "sg-1"), (OTHER, 'aws_thing.two["a"]')])
def test_id_is_the_address_of_its_resource(found: str, expected: str) -> None:
    one = resource({"argument": found, "list": [found]}, {}, "argument", "list")
    assert plan_values.identifier(one, "argument") == expected
    assert plan_values.identifiers(one, "list") == (expected,)


def test_one_unknown_id_makes_the_list_unknown() -> None:
    one = resource({"list": ["sg-1", None]}, {"list": [False, True]}, "list")
    assert isinstance(plan_values.identifiers(one, "list"), Unknown)


@pytest.mark.parametrize(
    ("written", "expected"),
    [((), None), (("list",), Unknown("aws_thing.one: list is known only after apply"))],
    ids=["left-out", "unknown"],
)
def test_list_that_is_not_there(written: tuple[str, ...], expected: Unknown | None) -> None:
    one = resource({}, {"list": True}, *written)
    assert plan_values.identifiers(one, "list") == expected


def test_ranges_are_known_one_by_one() -> None:
    one = resource({"list": ["10.0.0.0/8", f"{OTHER}/32", None]}, {}, "list")
    known, *doubts = plan_values.ranges(one, "list")
    assert known == cidr("10.0.0.0/8")
    assert [type(doubt) for doubt in doubts] == [Unknown, Unknown]


@pytest.mark.parametrize(("written", "count"), [((), 0), (("block",), 1)])
def test_blocks_that_are_not_known_are_one_unknown(written: tuple[str, ...], count: int) -> None:
    found = plan_values.blocks(resource({}, {"block": True}, *written), "block", ["protocol"])
    assert [type(one) for one in found] == [Unknown] * count
