"""Whether what CloudWatch publishes to a topic reaches somebody.

Amazon SNS developer guide, "Managing Amazon SNS encryption keys and costs" (who may use the key)
and "Example cases for Amazon SNS access control" (who may publish); Amazon CloudWatch user guide,
"Using Amazon CloudWatch alarms". A message that is refused is dropped without an error.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from tests.support.access import Request, allowed
from tests.support.iam import Statement
from tests.support.outcomes import Invalid
from tests.support.watches import Watch

Context = Mapping[str, frozenset[str]]


@dataclass(frozen=True)
class Publisher:
    """Who publishes: `principal` as policies have it, and what it does to the topic and the key."""

    principal: str
    action: str
    key_actions: tuple[str, ...]


@dataclass(frozen=True)
class Key:
    """A topic's key. `policy` is None for AWS's own `alias/aws/sns`, which nobody can change."""

    where: str
    policy: tuple[Statement, ...] | None


@dataclass(frozen=True)
class Topic:
    """A topic of the stack.

    `arns` are the spellings of its ARN; `subscribers` the endpoints that have not declined and are
    not waiting to be confirmed; `policy` is None where SNS's own stands, which lets the topic's
    account publish; `key` is None where nothing is encrypted.
    """

    where: str
    arns: frozenset[str]
    subscribers: tuple[str, ...]
    policy: tuple[Statement, ...] | None
    key: Key | None


def unheard(
    watch: Watch, topics: Collection[Topic], publisher: Publisher, account: str
) -> list[str]:
    """Why nobody hears of the alarm; empty where each topic that it tells tells somebody.

    Raises Invalid where a policy hangs on a condition that cannot be judged.
    """
    told = [topic for topic in topics if topic.arns & set(watch.actions)]
    if not told:
        return [f"it tells no topic, but {', '.join(watch.actions) or 'nothing'}"]
    context = {
        "aws:SourceAccount": frozenset([account]),
        "aws:SourceOwner": frozenset([account]),
        "aws:SourceArn": watch.arns,
        "aws:SecureTransport": frozenset(["true"]),
    }
    return [fault for topic in told for fault in _silences(topic, publisher, context)]


def _silences(topic: Topic, publisher: Publisher, context: Context) -> list[str]:
    found = [] if topic.subscribers else [f"nobody has subscribed to {topic.where}"]
    publish = Request(publisher.principal, publisher.action, topic.arns, context)
    if topic.policy is not None and not allowed(topic.policy, publish):
        found.append(f"{topic.where} does not let {publisher.principal} publish")
    try:
        return found + (_locked_out(topic.key, publisher, context) if topic.key else [])
    except Invalid:
        # What is wrong already is wrong, whatever the key's policy would be found to say.
        if not found:
            raise
        return found


def _locked_out(key: Key, publisher: Publisher, context: Context) -> list[str]:
    who = publisher.principal
    if key.policy is None:
        return [f"{key.where} is AWS's own key, which {who} cannot use"]
    # A key's policy is about that key, whatever it names.
    policy = [replace(one, resources=frozenset(["*"])) for one in key.policy]
    requests = [Request(who, one, frozenset(["*"]), context) for one in publisher.key_actions]
    lacking = [one.action for one in requests if not allowed(policy, one)]
    return [f"{key.where} does not let {who} {action}" for action in lacking]
