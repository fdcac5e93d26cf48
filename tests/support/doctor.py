"""`python -m tests.support.doctor`: what this machine has for plans and applies.

Exit codes: 0 when Terraform and the AWS provider are at hand; 4 when one of them is not, with the
reason. The stack has no part in it: a fault of the stack's is never taken for a missing provider.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from tests.support import terraform, workspace
from tests.support.outcomes import SuiteError

NOT_AT_HAND = 4
_PROVIDER = """
terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.100"
    }
  }
}
"""


def main() -> int:
    """Look, and say what was found."""
    argparse.ArgumentParser(prog="python -m tests.support.doctor", description=__doc__).parse_args()
    try:
        program = terraform.find()
        with tempfile.TemporaryDirectory() as scratch:
            (Path(scratch) / "main.tf").write_text(_PROVIDER, encoding="utf-8")
            workspace.initialise(Path(scratch), Path(scratch), program)
    except SuiteError as error:
        print(f"error: {error}", file=sys.stderr)
        return NOT_AT_HAND
    except KeyboardInterrupt:
        print("error: interrupted", file=sys.stderr)
        return NOT_AT_HAND
    print(f"terraform {program.version}, AWS provider from {program.providers}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
