"""What is encrypted, by which key, over which TLS, and what stands in the clear."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tests.mutants.mutant import Edit
from tests.mutants.operators.registry import (
    Change,
    cut,
    cutting,
    named,
    operator,
    replaced,
    rewritten,
)
from tests.mutants.places import Block, Setting, Stack

SWITCHES = re.compile(r"encrypt|key_rotation|validation|^block_|^ignore_public|^restrict_public")
KEYS = re.compile(r"kms_(master_)?key|^kms_key")
BLOCKS = ("server_side_encryption_configuration", "encryption_configuration")
WEAKER = {
    "ssl_policy": '"ELBSecurityPolicy-2016-08"',
    "minimum_protocol_version": '"TLSv1"',
    "origin_ssl_protocols": '["TLSv1"]',
    "origin_protocol_policy": '"http-only"',
    "viewer_protocol_policy": '"allow-all"',
    "REDIS_TLS": '"false"',
}


@operator("switch-encryption-off", "security")
def switch_off(stack: Stack) -> Iterator[Change]:
    """Encryption, or what closes a bucket, is switched off."""
    for place in stack.settings:
        if place.value is True and SWITCHES.search(place.name):
            yield from replaced(stack, place, "false")


@operator("drop-key", "security")
def drop_key(stack: Stack) -> Iterator[Change]:
    """The environment's key is not named: AWS's own is used, or none."""
    for place in stack.settings:
        if KEYS.search(place.name) and place.kind in ("resource", "module"):
            yield from cut(stack, place)


@operator("drop-encryption-block", "security")
def drop_block(stack: Stack) -> Iterator[Change]:
    """A block that encrypts is missing."""
    for block in stack.blocks:
        if block.kind == "resource" and block.name in BLOCKS:
            yield from cut(stack, block)


@operator("weaken-tls", "security")
def weaken_tls(stack: Stack) -> Iterator[Change]:
    """An older TLS, or none, is accepted."""
    for place in named(stack, *WEAKER):
        yield from replaced(stack, place, WEAKER[place.name])
    for block in stack.blocks:
        own = {s.name: s for s in stack.settings if _in(block, s)}
        if block.name == "parameter" and _says(own.get("name"), "rds.force_ssl"):
            yield from replaced(stack, own["value"], '"0"')


@operator("tls-not-required", "security")
def not_required(stack: Stack) -> Iterator[Change]:
    """A connection string, or a bucket's policy, no longer asks for TLS."""
    for place in stack.settings:
        if place.kind in ("resource", "locals", "data"):
            found = re.search(r"sslmode=require|aws:SecureTransport", place.text)
            # An outer setting holds the inner one's text as well.
            if found and not re.search(r"\{\s*\n", place.text):
                wrong = "sslmode=disable" if found[0][0] == "s" else "aws:ViaAWSService"
                yield from replaced(stack, place, place.text.replace(found[0], wrong))


@operator("http-in-clear", "security")
def in_clear(stack: Stack) -> Iterator[Change]:
    """A redirect or an origin goes on in the clear."""
    for place in named(stack, "protocol"):
        if place.value == "HTTPS" and "redirect" in place.within:
            yield from replaced(stack, place, '"HTTP"')


@operator("secret-in-clear", "security")
def secret_in_clear(stack: Stack) -> Iterator[Change]:
    """A value that was write-only or sensitive is part of plan and state."""
    for place in stack.settings:
        if place.name.endswith("_wo"):
            edits = [
                cutting(stack, s)
                for s in stack.settings
                if s.address == place.address and s.name == f"{place.name}_version"
            ]
            change = rewritten(stack, place, f"{place.name.removesuffix('_wo')} = {place.text}")
            yield Change(place, (*change.edits, *edits), change.what)
        if place.kind == "variable" and place.name == "sensitive" and place.value is True:
            yield from cut(stack, place)


@operator("secret-in-environment", "security")
def in_environment(stack: Stack) -> Iterator[Change]:
    """What the container gets as a secret stands in its plain environment."""
    plain = [s for s in stack.settings if s.kind == "locals" and s.name.endswith("_environment")]
    for place in stack.settings:
        secrets = [name for name in place.within if name.endswith("_secrets")]
        if not (place.kind == "locals" and place.pair and secrets and place.removable):
            continue
        for target in (p for p in plain if p.name.split("_")[0] == secrets[0].split("_")[0]):
            at = target.start + target.text.index("{") + 1
            text = f'\n    {place.name} = "postgresql://app:hunter2@db/app"'
            put = Edit(stack.relative(target.document), at, at, text)
            yield from cut(stack, place, put)


@operator("drop-login", "security")
def login(stack: Stack) -> Iterator[Change]:
    """Nobody has to show a token any more."""
    for place in named(stack, "auth_token", "iam_database_authentication_enabled"):
        yield from cut(stack, place)


def _in(block: Block, place: Setting) -> bool:
    return place.document is block.document and block.start < place.start and place.end < block.end


def _says(place: Setting | None, value: str) -> bool:
    return place is not None and place.value == value
