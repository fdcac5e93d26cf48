"""Visitors as one Locust user: requests leave by schedule and report what they met."""

from __future__ import annotations

from typing import Any, ClassVar

from locust import FastHttpUser, task
from locust.contrib.fasthttp import FAILURE_EXCEPTIONS
from locust.exception import StopUser

from tests.load.measure import reason_of
from tests.load.run import LoadRun
from tests.support.traffic import Page


class OpenVisitors(FastHttpUser):
    """All visitors together: one user, however many Locust is asked for, as the rate is fixed."""

    abstract = True
    fixed_count = 1
    insecure = False
    max_redirects = 0
    load_run: ClassVar[LoadRun]

    def __init__(self, environment: Any) -> None:
        plan = self.load_run.plan
        self.concurrency = plan.traffic.connections(plan.rate)
        self.network_timeout = self.connection_timeout = plan.traffic.timeout_seconds
        super().__init__(environment)
        # A redirect could lead the load to a host that is not the environment's.
        agent: Any = self.client.client
        agent.redirect_response_codes = frozenset()

    @task
    def visit(self) -> None:
        """The whole run."""
        self.load_run.drive(self.get_page, self.environment.runner.quit)
        raise StopUser

    def get_page(self, due: float, page: Page) -> None:
        """GET one page that was due at `due`, and record how it went.

        Timed from the send until the response headers are there, as a load balancer does; what
        comes over the network besides (connecting, the way back) makes it longer, not shorter.
        """
        recorder, now = self.load_run.recorder, self.load_run.now
        sent = now()
        recorder.sent(due, lateness=max(0.0, sent - due))
        with self.client.get(
            page.path, name=page.path, catch_response=True, stream=True
        ) as response:
            answered = now()
            if response.status_code == 0:
                reason, local = reason_of(response.error)
                recorder.failed(due, reason, local)
                response.failure(reason)
                return
            recorder.answered(due, answered - sent, answered - due)
            problem = _problem(response, page)
            if problem:
                recorder.failed(due, problem)
                response.failure(problem)
            else:
                response.success()


def _problem(response: Any, page: Page) -> str | None:
    """What is wrong with an answer; reads the body, which frees the connection for the next."""
    try:
        _ = response.content
    except FAILURE_EXCEPTIONS as error:
        return f"body: {reason_of(error)[0]}"
    if response.status_code != page.status:
        return f"status {response.status_code}"
    return None
