"""The stand-in with the habit of many frameworks: a banner before the first line of its log."""

from __future__ import annotations

import sys

from tests.support.standin.__main__ import main

if __name__ == "__main__":
    print("Server started, listening on 3000", flush=True)
    sys.exit(main())
