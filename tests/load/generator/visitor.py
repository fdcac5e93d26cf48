"""Visitors as one Locust user: requests leave by schedule and report what they met."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gevent
from gevent import GreenletExit
from locust import FastHttpUser, task
from locust.contrib.fasthttp import FAILURE_EXCEPTIONS

from tests.load.generator.measure import TIMED_OUT, Recorder, reason_of
from tests.load.generator.order import Order
from tests.support.traffic import Page


class OpenVisitors(FastHttpUser):
    """All visitors of a process together, however many users Locust is asked for.

    What they do is theirs, when they do it is the schedule's: the user that Locust starts itself
    only waits, so that Locust sees a test that runs.
    """

    abstract = True
    fixed_count = 1
    insecure = False
    max_redirects = 0
    recorder: Recorder
    now: Callable[[], float]

    @classmethod
    def sending(cls, environment: Any, order: Order) -> OpenVisitors:
        """Visitors with as many connections as the order needs, on its host."""
        settings = {
            "host": order.host,
            "concurrency": order.connections,
            "network_timeout": order.traffic.timeout_seconds,
            "connection_timeout": order.traffic.timeout_seconds,
        }
        made: OpenVisitors = type(cls.__name__, (cls,), settings)(environment)
        return made

    def __init__(self, environment: Any) -> None:
        super().__init__(environment)
        # A redirect could lead the load to a host that is not the environment's.
        agent: Any = self.client.client
        agent.redirect_response_codes = frozenset()
        # Visitors do not share cookies: one sticky session would send everybody to one task.
        agent.cookiejar = None

    @task
    def wait_for_the_end(self) -> None:
        """Do nothing until Locust ends the test."""
        gevent.sleep(3600)

    def get_page(self, due: float, page: Page) -> None:
        """GET one page that was due at `due`, and record how it went.

        Timed from the send until the response headers are there, as a load balancer does; what
        comes over the network besides (connecting, the way back) makes it longer, not shorter.
        """
        sent, answered = self.now(), None
        self.recorder.sent(due, lateness=max(0.0, sent - due))
        try:
            with self.client.get(
                page.path, name=page.path, catch_response=True, stream=True
            ) as response:
                answered = self.now()
                problem = self._outcome(response, page, due, sent, answered)
                response.failure(problem) if problem else response.success()
        except BaseException as error:
            # What never came to an end is not left out of the account.
            if answered is None:
                self.recorder.abandoned(due, self.now() - sent)
            ended = "not done by the end of the run"
            given_up = isinstance(error, GreenletExit)
            self.recorder.failed(due, ended if given_up else type(error).__name__)
            raise

    def _outcome(
        self, response: Any, page: Page, due: float, sent: float, answered: float
    ) -> str | None:
        """Record the response; what is wrong with it, None if nothing."""
        local = False
        if response.status_code:
            self.recorder.answered(due, answered - sent, answered - due)
            problem = _problem(response, page)
        else:
            problem, local = reason_of(response.error)
            if problem == TIMED_OUT:
                self.recorder.abandoned(due, answered - sent)
        if problem:
            self.recorder.failed(due, problem, local)
        return problem


def _problem(response: Any, page: Page) -> str | None:
    """What is wrong with an answer; reads the body, which frees the connection for the next."""
    try:
        _ = response.content
    except FAILURE_EXCEPTIONS as error:
        return f"body: {reason_of(error)[0]}"
    if response.status_code != page.status:
        return f"status {response.status_code}"
    return None
