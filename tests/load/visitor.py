"""Visitors as one Locust user: requests leave by schedule and report what they met."""

from __future__ import annotations

from typing import Any, ClassVar

from gevent import GreenletExit
from locust import FastHttpUser, task
from locust.contrib.fasthttp import FAILURE_EXCEPTIONS
from locust.exception import StopUser

from tests.load.measure import TIMED_OUT, reason_of
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
        # Visitors do not share cookies: one sticky session would send everybody to one task.
        agent.cookiejar = None

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
        sent, answered = now(), None
        recorder.sent(due, lateness=max(0.0, sent - due))
        try:
            with self.client.get(
                page.path, name=page.path, catch_response=True, stream=True
            ) as response:
                answered = now()
                problem = self._outcome(response, page, due, sent, answered)
                response.failure(problem) if problem else response.success()
        except BaseException as error:
            # What never came to an end is not left out of the account.
            if answered is None:
                recorder.abandoned(due, now() - sent)
            ended = "not done by the end of the run"
            recorder.failed(due, ended if isinstance(error, GreenletExit) else type(error).__name__)
            raise

    def _outcome(
        self, response: Any, page: Page, due: float, sent: float, answered: float
    ) -> str | None:
        """Record the response; what is wrong with it, None if nothing."""
        recorder, local = self.load_run.recorder, False
        if response.status_code:
            recorder.answered(due, answered - sent, answered - due)
            problem = _problem(response, page)
        else:
            problem, local = reason_of(response.error)
            if problem == TIMED_OUT:
                recorder.abandoned(due, answered - sent)
        if problem:
            recorder.failed(due, problem, local)
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
