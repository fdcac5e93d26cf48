"""Builds rotate_secrets.zip from rotate_secrets.py: `python terraform/functions/build.py`.

The archive is the same, byte for byte, wherever it is built: it holds one stored file with a
fixed date and mode.
"""

import zipfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
EPOCH = (1980, 1, 1, 0, 0, 0)


def build(source: Path, archive: Path) -> None:
    """Write `archive` with `source` as its only member."""
    member = zipfile.ZipInfo(source.name, EPOCH)
    member.external_attr = 0o644 << 16
    # The creating system is part of the archive; Unix everywhere keeps it the same.
    member.create_system = 3
    with zipfile.ZipFile(archive, "w") as target:
        target.writestr(member, source.read_bytes())


if __name__ == "__main__":
    build(HERE / "rotate_secrets.py", HERE / "rotate_secrets.zip")
