"""`python -m tests.load` on a region in which one thing was changed by hand."""

from __future__ import annotations

import sys

from tests.load.__main__ import main

if __name__ == "__main__":
    sys.exit(main(region_module="tests.selftest.load.changed_region"))
