"""No failure of AWS turns into a pass; what can be retried is, within a bound."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from tests.selftest.staging import faults
from tests.selftest.staging.conftest import Looking
from tests.selftest.staging.looking import Look
from tests.selftest.staging.proxy import Exchange, Fault, Proxy
from tests.support import deployed_policies, read_only, target
from tests.support.emulator import wire
from tests.support.emulator.wire import Answer
from tests.support.outcomes import Invalid, Violation
from tests.support.report import Verdict, invalid_text, verdict_of
from tests.support.target import Target
from tests.support.tier import Run

pytestmark = [pytest.mark.selftest, pytest.mark.provider]

Into = Callable[[Fault], Proxy]
ATTEMPTS = 5
THROTTLED = faults.error("Throttling", 400, "Rate exceeded")
CUT_OFF = partial(faults.paged, faults.denied)


# --- One question --------------------------------------------------------------------------


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long botocore would have waited between attempts, in seconds."""
    waits: list[float] = []
    monkeypatch.setattr("botocore.endpoint.time.sleep", waits.append)
    return waits


def topics() -> list[Any]:
    """The account's topics as the tier asks for them."""
    account = Target("staging", "222233334444", read_only.session(), emulated=False)
    return account.pages("sns", "list_topics", "Topics")


def ending() -> Any:
    """The error by which the question for the topics ends."""
    with pytest.raises((BotoCoreError, ClientError)) as failed:
        topics()
    return failed.value


@pytest.mark.parametrize(
    "fault",
    [THROTTLED, faults.error("InternalError", 500), faults.error("X", 503), Exchange.hang_up],
    ids=["throttled", "500", "503", "hung-up"],
)
def test_what_passes_is_waited_for(fault: Fault, into: Into, slept: list[float]) -> None:
    into(Exchange.honest)
    wanted = topics()
    proxy = into(faults.first(ATTEMPTS - 1, fault))
    assert topics() == wanted != []
    assert len(proxy.asked) == ATTEMPTS
    assert sum(slept) < 40


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (THROTTLED, "AWS answered ListTopics with Throttling; try again"),
        (faults.error("InternalError", 500), "AWS answered ListTopics with InternalError; try"),
        (faults.error("X", 503), "AWS answered ListTopics with X; try again"),
        (Exchange.hang_up, "ConnectionClosedError: Connection was closed before"),
    ],
    ids=["throttled", "500", "503", "hung-up"],
)
def test_what_does_not_pass_is_invalid(
    fault: Fault, said: str, into: Into, slept: list[float]
) -> None:
    proxy = into(fault)
    error = ending()
    assert verdict_of(error) is Verdict.invalid
    assert said in invalid_text(error)
    assert len(proxy.asked) == ATTEMPTS
    assert sum(slept) < 40


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (faults.denied, "AWS denied ListTopics: add sns:ListTopics to the auditor's policy"),
        (faults.error("AuthorizationError", 403), "AWS denied ListTopics: add that action to the"),
        (faults.error("ExpiredToken", 403), "AWS answered ListTopics with ExpiredToken: sign in"),
        (CUT_OFF, "AWS denied ListTopics: add sns:ListTopics to the auditor's policy"),
    ],
    ids=["denied", "denied-without-the-action", "expired", "cut-off"],
)
def test_what_cannot_pass_is_told_at_once(
    fault: Fault, said: str, into: Into, slept: list[float]
) -> None:
    into(fault)
    error = ending()
    assert verdict_of(error) is Verdict.invalid
    assert said in invalid_text(error)
    assert slept == []


@pytest.fixture
def silence() -> Iterator[Fault]:
    """No answer until the test is over."""
    over = threading.Event()

    def wait(_: Exchange) -> Answer:
        over.wait(30)
        return 200, [], b""

    yield wait
    over.set()


def test_an_answer_that_does_not_come_is_invalid(
    silence: Fault, into: Into, slept: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy = into(silence)
    quick = target.CLIENT_CONFIG.merge(Config(read_timeout=0.2))
    monkeypatch.setattr(target, "CLIENT_CONFIG", quick)
    error = ending()
    assert verdict_of(error) is Verdict.invalid
    assert "ReadTimeoutError: Read timeout" in invalid_text(error)
    assert len(proxy.asked) == ATTEMPTS


def test_an_empty_page_is_no_end(into: Into) -> None:
    into(Exchange.honest)
    wanted = topics()
    proxy = into(partial(faults.paged, Exchange.honest))
    assert topics() == wanted != []
    assert len(proxy.asked) == 2


def test_the_same_page_twice_is_invalid(into: Into) -> None:
    into(faults.only("ListWebACLs", never_ending))
    account = Target("staging", "222233334444", read_only.session(), emulated=False)
    with pytest.raises(Invalid, match="gave the same page twice"):
        account.pages("wafv2", "list_web_acls", "WebACLs", Scope="REGIONAL")


def never_ending(one: Exchange) -> Answer:
    """An empty page that another follows."""
    page = {"WebACLs": [], "NextMarker": faults.TOKEN}
    return wire.serialize_result(one.target, one.environ, page)


def test_a_list_that_is_none_is_invalid(into: Into) -> None:
    into(Exchange.honest)
    account = Target("staging", "222233334444", read_only.session(), emulated=False)
    with pytest.raises(Invalid, match="sns:ListTopics answers with no list Topic"):
        account.pages("sns", "list_topics", "Topic")


@pytest.mark.parametrize(
    ("operation", "kind"),
    [
        ("ListBuckets", "bucket"),
        ("ListTopics", "topic"),
        ("ListAliases", "key"),
        ("ListFunctions", "function"),
    ],
)
def test_a_kind_of_policy_that_is_not_there_is_missed(
    operation: str, kind: str, into: Into
) -> None:
    into(faults.only(operation, faults.empty))
    account = Target("staging", "222233334444", read_only.session(), emulated=False)
    with pytest.raises(Violation, match=f"at least one {kind} with a policy"):
        deployed_policies.resource_policies(account)


# --- The whole tier ------------------------------------------------------------------------

# Each of them asks for one object by its name, and for no list that could go on.
BY_NAME = {"AUD-01", "COST-04", "DR-02", "ECS-01", "ECS-02", "ECS-03", "ECS-04", "ECS-06",
           "ECS-09", "ECS-10", "ECS-11", "SEC-02"}  # fmt: skip
# What they judge is a word in the description of one object, with no list in it; where the whole
# description is missing they do not pass.
WITHOUT_LISTS = {"DR-02", "SEC-02"}


def passing(run: Run) -> set[str]:
    """The requirements with a test that passed."""
    return {test["requirement"] for test in run.tests if test["outcome"] == "pass"}


def outcomes(run: Run) -> Counter[str]:
    """How many tests ended how."""
    return Counter(test["outcome"] for test in run.tests)


def test_nothing_passes_when_everything_is_denied(look: Looking, honest: Look) -> None:
    run = look(faults.denied)
    assert (run.code, passing(run), outcomes(run)["fail"]) == (1, set(), 0)
    assert outcomes(run)["invalid"] >= outcomes(honest.run)["pass"]


def test_nothing_passes_when_there_is_no_object(look: Looking) -> None:
    run = look(faults.empty)
    assert run.code == 1
    assert passing(run) <= WITHOUT_LISTS


def test_nothing_passes_when_answers_are_blank(look: Looking) -> None:
    run = look(faults.blank)
    assert (run.code, passing(run)) == (1, set())


def test_everything_passes_when_first_pages_are_empty(look: Looking, honest: Look) -> None:
    run = look(partial(faults.paged, Exchange.honest))
    assert (run.code, outcomes(run)) == (0, outcomes(honest.run))


def test_nothing_passes_that_needs_a_page_that_is_denied(look: Looking) -> None:
    run = look(CUT_OFF)
    assert (run.code, outcomes(run)["fail"]) == (1, 0)
    assert passing(run) <= BY_NAME


def test_one_fault_touches_only_what_asks_for_it(look: Looking, honest: Look) -> None:
    chosen = {
        "GetTrailStatus": faults.denied,
        "DescribeFlowLogs": faults.error("ExpiredToken", 403),
        "DescribeScalableTargets": faults.error("ThrottlingException", 400),
        "DescribeRegionSettings": faults.error("InternalFailure", 500),
    }
    files = ("autoscaling", "network", "operations")
    paths = [f"tests/integration/test_{name}.py" for name in files]
    run = look(faults.by_operation(chosen), *paths)
    told = {(t["requirement"], t["message"]) for t in run.tests if t["outcome"] == "invalid"}
    assert told == {
        ("AUD-01", "AWS denied GetTrailStatus: add cloudtrail:GetTrailStatus to the auditor's "
                   "policy"),
        ("NET-03", "AWS answered DescribeFlowLogs with ExpiredToken: sign in again"),
        ("SCALE-01", "AWS answered DescribeScalableTargets with ThrottlingException; try again"),
        ("DR-02", "AWS answered DescribeRegionSettings with InternalFailure; try again"),
    }  # fmt: skip
    judged = {test["test"] for test in run.tests if test["outcome"] == "invalid"}
    others = {test["test"] for test in honest.run.tests if test["test"].startswith(tuple(paths))}
    assert {t["test"] for t in run.tests if t["outcome"] == "pass"} == others - judged
