"""Where the AWS provider comes from on this machine."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import platform
from collections.abc import Iterable
from pathlib import Path

from tests.support.outcomes import SuiteError
from tests.support.project import CACHE, unwritable, write_whole

PROVIDER = Path("registry.terraform.io/hashicorp/aws")
# Where packagers put a tree of providers that Terraform does not look into by itself.
ADD_ON_PREFIXES = ("/opt", "/usr/local/opt", "/opt/homebrew/opt", "/var/lib")


def configure_providers(environment: dict[str, str]) -> str:
    """Point Terraform at the providers; returns where they come from, in words."""
    named = os.environ.get("TERRAFORM_PLUGIN_DIR")
    if named:
        mirror = Path(named).expanduser()
        if not _holds_provider(mirror):
            raise SuiteError(
                f"TERRAFORM_PLUGIN_DIR={named}: no {PROVIDER} for {_platform()} below it; name the "
                "directory that holds registry.terraform.io/, or unset it"
            )
        return _use_mirror(mirror, environment)
    configured = environment.get("TF_CLI_CONFIG_FILE")
    for path in [configured] if configured else [Path.home() / ".terraformrc"]:
        if path and Path(path).is_file():
            return f"{path} {_hash(Path(path).read_bytes())}"
    for mirror in _mirrors():
        if _holds_provider(mirror):
            return _use_mirror(mirror, environment)
    return "registry"


def _mirrors() -> Iterable[Path]:
    """Terraform's implied mirror directories, then add-on prefixes."""
    data = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local/share"
    shared = (os.environ.get("XDG_DATA_DIRS") or "/usr/local/share:/usr/share").split(":")
    yield Path.home() / ".terraform.d/plugins"
    yield from (Path(base) / "terraform/plugins" for base in (data, *shared))
    for prefix in ADD_ON_PREFIXES:
        with contextlib.suppress(OSError):
            yield from sorted(path for path in Path(prefix).iterdir() if path.is_dir())


def _holds_provider(mirror: Path) -> bool:
    """Whether a mirror has the provider for this machine, unpacked or packed."""
    with contextlib.suppress(OSError):
        base = mirror / PROVIDER
        unpacked = base.glob(f"*/{_platform()}/terraform-provider-aws*")
        packed = base.glob(f"terraform-provider-aws_*_{_platform()}.zip")
        return any(unpacked) or any(packed)
    return False


def _platform() -> str:
    machine = platform.machine().lower()
    architecture = {"x86_64": "amd64", "aarch64": "arm64"}.get(machine, machine)
    return f"{platform.system().lower()}_{architecture}"


def _use_mirror(mirror: Path, environment: dict[str, str]) -> str:
    """Write a CLI configuration that takes the AWS provider from the mirror and others as usual."""
    content = "\n".join([
        "provider_installation {",
        f"  filesystem_mirror {{\n    path    = {json.dumps(str(mirror))}",
        f'    include = ["{PROVIDER}"]\n  }}',
        f'  direct {{\n    exclude = ["{PROVIDER}"]\n  }}',
        "}\n",
    ])  # fmt: skip
    path = CACHE / f"providers-{_hash(content.encode())}.tfrc"
    if not path.is_file():
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(path, content)
        except OSError as error:
            raise unwritable(path, error) from error
    environment["TF_CLI_CONFIG_FILE"] = str(path)
    versions = sorted(p.name for p in (mirror / PROVIDER).iterdir())
    return f"mirror {mirror} {' '.join(versions)}"


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]
