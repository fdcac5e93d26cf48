"""The emulator's process: moto and the gaps behind one HTTP server on the loopback interface."""

from __future__ import annotations

import importlib
import logging
import os
import pkgutil
import socket
import sys
import threading

from tests.support.outcomes import SuiteError

HOST = "127.0.0.1"
READY = "ready on port "
# Below this path the emulator takes commands of its own: record, save and play a deployment.
CONTROL = "/emulator/"
# The header by which a request asks to be answered as if a gap were not filled.
WITHOUT_GAP = "X-Emulator-Without-Gap"


def moto_environment(account_id: str) -> dict[str, str]:
    """Settings moto reads from its environment; they must be set before moto is imported."""
    return {
        "MOTO_ACCOUNT_ID": account_id,
        "MOTO_IAM_LOAD_MANAGED_POLICIES": "true",
        "MOTO_ACM_VALIDATION_WAIT": "0",
        "MOTO_EC2_LOAD_DEFAULT_AMIS": "false",
        "AWS_ACCESS_KEY_ID": "emulator",
        "AWS_SECRET_ACCESS_KEY": "emulator",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def serve(port: int, account_id: str, die_with_stdin: bool = False) -> None:
    """Serve until terminated. Prints `ready on port N` to stdout once requests are accepted.

    `port` 0 takes a free one. With `die_with_stdin` the process ends when its standard input
    closes, which is how it follows its parent. Raises SuiteError when the port cannot be had.
    """
    listener = _listen(port)
    logging.basicConfig(
        stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s"
    )
    os.environ.update(moto_environment(account_id))
    if die_with_stdin:
        threading.Thread(target=_exit_with_stdin, daemon=True).start()
    load_gaps()

    from moto.core.config import default_user_config
    from moto.moto_server.werkzeug_app import MotoRequestHandler
    from werkzeug.serving import make_server

    from tests.support.emulator.gateway import Gateway

    default_user_config["lambda"] = {"use_docker": False}
    default_user_config["batch"] = {"use_docker": False}
    bound = listener.getsockname()[1]
    os.environ["MOTO_PORT"] = str(bound)

    class RequestHandler(MotoRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
            """The gateway notes each request, with the operation it asks for."""

    server = make_server(
        HOST,
        bound,
        Gateway(account_id),
        threaded=True,
        request_handler=RequestHandler,
        fd=listener.detach(),
    )
    print(f"{READY}{bound}", flush=True)
    server.serve_forever()


def _listen(port: int) -> socket.socket:
    """A listening socket. werkzeug's own would end the process on a taken port."""
    try:
        return socket.create_server((HOST, port), backlog=128)
    except OSError as problem:
        raise SuiteError(
            f"cannot listen on {HOST}:{port}: {problem.strerror}. Free the port or choose another; "
            "0 takes a free one"
        ) from problem


def load_gaps() -> None:
    """Import every module of the gaps package, which registers its handlers."""
    package = importlib.import_module("tests.support.emulator.gaps")
    for module in pkgutil.iter_modules(package.__path__):
        importlib.import_module(f"{package.__name__}.{module.name}")


def _exit_with_stdin() -> None:
    sys.stdin.buffer.read()
    os._exit(0)
