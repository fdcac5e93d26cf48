"""What ECS's scheduler does next, a case for each documented rule."""

from __future__ import annotations

import pytest

from tests.load.living.steps import Health, Seen, Steps, Wanted, steps, zone_for_next

pytestmark = pytest.mark.selftest

HEALTHS = {
    "S": Health.STARTING,
    "?": Health.UNPROVEN,
    "H": Health.HEALTHY,
    "X": Health.UNHEALTHY,
}


def seen(written: str) -> list[Seen]:
    """`1aH 2bX-`: task 1 is healthy in zone a, task 2, of an older revision, unhealthy in b."""
    return [
        Seen(int(one[0]), one[1], not one.endswith("-"), HEALTHS[one[2]]) for one in written.split()
    ]


@pytest.mark.parametrize(
    ("desired", "tasks", "expected"),
    [
        pytest.param(2, "", Steps(2), id="nothing-runs"),
        pytest.param(2, "1aH 2bH", Steps(), id="as-wanted"),
        pytest.param(4, "1aH 2bS", Steps(2), id="those-that-start-count"),
        pytest.param(0, "1aH 2bS 3cX", Steps(0, (2, 1, 3)), id="none-wanted"),
    ],
)
def test_as_many_run_as_are_wanted(desired: int, tasks: str, expected: Steps) -> None:
    assert steps(Wanted(desired), seen(tasks)) == expected


@pytest.mark.parametrize(
    ("tasks", "stopped"),
    [
        pytest.param("1aH 2bH 3bH", (3,), id="newest-where-the-most-are"),
        pytest.param("1bH 2bH 3aH", (2,), id="the-fullest-zone-before-the-newest"),
        pytest.param("1aH 2bH 3cH", (3,), id="newest-where-zones-are-even"),
        pytest.param("1aH 2aH 3bS", (3,), id="one-that-starts-before-those-that-run"),
        pytest.param("1aH 2aH 3bH 4bH", (4, 2), id="one-of-each-full-zone"),
    ],
)
def test_scale_in_keeps_the_zones_even(tasks: str, stopped: tuple[int, ...]) -> None:
    assert steps(Wanted(2), seen(tasks)) == Steps(0, stopped)


@pytest.mark.parametrize(
    ("tasks", "expected"),
    [
        pytest.param("1aH- 2bH-", Steps(2), id="new-ones-start"),
        pytest.param("1aH- 2bH- 3aS 4bS", Steps(), id="old-ones-stay-until-new-ones-are-healthy"),
        pytest.param("1aH- 2bH- 3aH 4b?", Steps(0, (2,)), id="one-makes-way-for-each"),
        pytest.param("1aH- 3aH 4b?", Steps(), id="never-fewer-healthy-than-wanted"),
        pytest.param("1aH- 2bH- 3aH 4bH", Steps(0, (2, 1)), id="all-make-way"),
        pytest.param("1aH- 2bH- 3aS-", Steps(1, (3,)), id="an-old-one-need-not-start"),
    ],
)
def test_new_revision_is_rolled_out(tasks: str, expected: Steps) -> None:
    assert steps(Wanted(2), seen(tasks)) == expected


@pytest.mark.parametrize(
    ("wanted", "tasks", "expected"),
    [
        pytest.param(Wanted(2, 50, 100), "1aH- 2bH-", Steps(0, (2,)), id="first-one-stops"),
        pytest.param(Wanted(2, 50, 100), "1aH-", Steps(1), id="then-one-starts"),
        pytest.param(Wanted(2, 100, 150), "1aH- 2bH-", Steps(1), id="one-at-a-time"),
        pytest.param(Wanted(3, 50, 200), "1aH- 2bH- 3cH-", Steps(3, (3,)), id="rounded-up"),
        pytest.param(Wanted(3, 100, 150), "1aH- 2bH- 3cH-", Steps(1), id="rounded-down"),
    ],
)
def test_percentages_bound_a_rollout(wanted: Wanted, tasks: str, expected: Steps) -> None:
    assert steps(wanted, seen(tasks)) == expected


@pytest.mark.parametrize(
    ("wanted", "tasks", "expected"),
    [
        pytest.param(Wanted(2), "1aH 2bX", Steps(1), id="replacement-first"),
        pytest.param(Wanted(2), "1aH 2bX 3bS", Steps(), id="until-it-runs"),
        pytest.param(Wanted(2), "1aH 2bX 3b?", Steps(), id="until-it-is-healthy"),
        pytest.param(Wanted(2), "1aH 2bX 3bH", Steps(0, (2,)), id="then-the-unhealthy-stops"),
        pytest.param(Wanted(3), "1aH 2bX 3cX 4bH 5c?", Steps(0, (3,)), id="one-for-one"),
        pytest.param(Wanted(2, 100, 100), "1aH 2bX", Steps(0, (2,)), id="no-room-to-start"),
        pytest.param(Wanted(2), "1aX 2bX 3aX 4bX", Steps(0, (4, 3)), id="none-gets-healthy"),
    ],
)
def test_unhealthy_task_is_replaced(wanted: Wanted, tasks: str, expected: Steps) -> None:
    assert steps(wanted, seen(tasks)) == expected


@pytest.mark.parametrize(
    ("tasks", "zone"),
    [("", "a"), ("1aH", "b"), ("1aH 2bH", "c"), ("1aH 2bH 3cH", "a"), ("1aH 2cS", "b")],
)
def test_next_task_goes_where_the_fewest_are(tasks: str, zone: str) -> None:
    assert zone_for_next(["a", "b", "c"], seen(tasks)) == zone
