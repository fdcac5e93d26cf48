"""The emulator's process: moto and the gaps behind one HTTP server on the loopback interface."""

from __future__ import annotations

import importlib
import logging
import os
import pkgutil
import sys
import threading

HOST = "127.0.0.1"
READY = "ready on port "


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


def serve(port: int, account_id: str, die_with_stdin: bool = False, with_gaps: bool = True) -> None:
    """Serve until terminated. Prints `ready on port N` to stdout once requests are accepted.

    `port` 0 takes a free one. With `die_with_stdin` the process ends when its standard input
    closes, which is how it follows its parent. `with_gaps` false leaves moto as it is, behind the
    same front; the selftest compares the two. Raises OSError when the port is taken.
    """
    logging.basicConfig(
        stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s"
    )
    os.environ.update(moto_environment(account_id))
    if die_with_stdin:
        threading.Thread(target=_exit_with_stdin, daemon=True).start()
    if with_gaps:
        load_gaps()

    from moto.core.config import default_user_config
    from moto.moto_server.werkzeug_app import MotoRequestHandler
    from werkzeug.serving import make_server

    from tests.support.emulator.gateway import Gateway

    default_user_config["lambda"] = {"use_docker": False}
    default_user_config["batch"] = {"use_docker": False}
    os.environ["MOTO_PORT"] = str(port)

    class RequestHandler(MotoRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
            target = self.headers.get("X-Amz-Target", "")
            logging.info("%s %s %s -> %s", self.command, self.path, target, code)

    server = make_server(
        HOST, port, Gateway(account_id), threaded=True, request_handler=RequestHandler
    )
    os.environ["MOTO_PORT"] = str(server.port)
    print(f"{READY}{server.port}", flush=True)
    server.serve_forever()


def load_gaps() -> None:
    """Import every module of the gaps package, which registers its handlers."""
    package = importlib.import_module("tests.support.emulator.gaps")
    for module in pkgutil.iter_modules(package.__path__):
        importlib.import_module(f"{package.__name__}.{module.name}")


def _exit_with_stdin() -> None:
    sys.stdin.buffer.read()
    os._exit(0)
