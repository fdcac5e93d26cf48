"""A queue that is subscribed to topics, in an emulator: what arrives there, somebody has heard."""

from __future__ import annotations

import json
from typing import Any

from tests.support.target import Target


class Subscriber:
    """An SQS queue of its own."""

    def __init__(self, target: Target, name: str) -> None:
        self._target = target
        self._queues = target.client("sqs")
        self._url = self._queues.create_queue(QueueName=name)["QueueUrl"]

    def subscribe(self, topic: str) -> None:
        """Hear from now on what the topic with that ARN is told."""
        asked = self._queues.get_queue_attributes(QueueUrl=self._url, AttributeNames=["QueueArn"])
        endpoint = asked["Attributes"]["QueueArn"]
        self._target.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=endpoint)

    def messages(self) -> list[dict[str, Any]]:
        """The JSON messages that have arrived and were not taken before, oldest first."""
        answer = self._queues.receive_message(QueueUrl=self._url, MaxNumberOfMessages=10)
        received = answer.get("Messages", [])
        for one in received:
            self._queues.delete_message(QueueUrl=self._url, ReceiptHandle=one["ReceiptHandle"])
        return [json.loads(json.loads(one["Body"])["Message"]) for one in received]
