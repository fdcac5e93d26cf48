"""The stand-in with habits of many frameworks: a banner before its log, which tells a secret."""

from __future__ import annotations

import os
import sys

from tests.support.standin.__main__ import main

if __name__ == "__main__":
    print("Server started, reports to", os.environ.get("SENTRY_DSN", "nobody"), flush=True)
    sys.exit(main())
