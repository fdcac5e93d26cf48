"""The stack's HCL: the root module and every local module that it calls.

A module's files are read once, however often it is called.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from fnmatch import fnmatch
from functools import cached_property
from pathlib import Path
from typing import Any

from tests.support.hcl import LOCAL, Block, Document, Expression
from tests.support.outcomes import SuiteError

# Terraform reads these too, and they may change what a .tf file says.
UNREAD = ("*.tf.json", "*.tofu", "*.tofu.json", "override.tf", "*_override.tf")
STEP = re.compile(r'([A-Za-z_][\w-]*)(?:\[(?:"(?:[^"\\]|\\.)*"|\d+)\])?(?:\.(?=\w)|$)')
QUOTED_INTERPOLATION = re.compile(r'\$\{"([^"\\]*)"\}')


class Module:
    """The files of one directory. SuiteError if there are none, or one that cannot be read."""

    def __init__(self, directory: Path, stack: Path) -> None:
        name, files = _name(directory, stack), _files(directory, stack)
        for file in files:
            if any(fnmatch(file, pattern) for pattern in UNREAD):
                raise SuiteError(
                    f"{name}/{file}: not read by the suite; put it into a plain .tf file"
                )
        self.documents = [
            Document.read(directory / file, f"{name}/{file}")
            for file in files
            if file.endswith(".tf")
        ]
        if not self.documents:
            raise SuiteError(f"{name}: no .tf file in it")

    @cached_property
    def blocks(self) -> list[Block]:
        """Every outermost block, by file and line."""
        return [block for document in self.documents for block in document.block.nested]

    @cached_property
    def locals(self) -> dict[str, Expression]:
        """Every local, as an Expression even if it is a literal."""
        return {
            name: Expression(block.document.code(node), block.document, node)
            for block in self.blocks
            if block.kind == "locals"
            for name, node in block.nodes.items()
        }

    @cached_property
    def calls(self) -> dict[str, Path]:
        """The directory of each called module whose source is local, by the call's name.

        SuiteError if there is no such directory.
        """
        calls = {}
        for block in self.blocks:
            source = str(block.get("source"))
            if block.kind == "module" and source.startswith(("./", "../")):
                directory = (block.file.parent / source).resolve()
                if not directory.is_dir():
                    raise SuiteError(f"{block.where}: there is no directory {source}")
                calls[".".join(block.labels)] = directory
        return calls

    @cached_property
    def lines(self) -> dict[str, str]:
        """File and line of everything that has an address within the module."""
        locals_ = {f"local.{name}": value.where for name, value in self.locals.items()}
        return locals_ | {b.address: f"{b.document.name}:{b.line}" for b in self.blocks}


class SourceTree:
    """A Terraform tree as written, before any variable has a value."""

    def __init__(self, stack: Path, modules: dict[Path, Module]) -> None:
        self.stack, self.modules = stack, modules

    @classmethod
    def load(cls, stack: Path) -> SourceTree:
        """Read the root module in `stack` and follow its calls; SuiteError names file and line."""
        stack = stack.resolve()
        modules: dict[Path, Module] = {}
        ahead = [stack]
        while ahead:
            directory = ahead.pop(0)
            if directory not in modules:
                modules[directory] = Module(directory, stack)
                ahead.extend(modules[directory].calls.values())
        return cls(stack, modules)

    def blocks(self, kind: str, *labels: str) -> list[Block]:
        """The outermost blocks of a kind whose labels begin so, those of called modules included.

        The root module's come first, then the others' in the order of the calls.
        """
        return [
            block
            for module in self.modules.values()
            for block in module.blocks
            if block.kind == kind and block.labels[: len(labels)] == labels
        ]

    def backend(self, environment: str) -> dict[str, Any]:
        """The state settings of an environment, from environments/<environment>.s3.tfbackend."""
        return self._settings(f"{environment}.s3.tfbackend")

    def variables(self, environment: str) -> dict[str, Any]:
        """The variables set for an environment, from environments/<environment>.tfvars."""
        return self._settings(f"{environment}.tfvars")

    def _settings(self, file: str) -> dict[str, Any]:
        name = f"{self.stack.name}/environments/{file}"
        settings = Document.read(self.stack / "environments" / file, name).block
        for block in settings.nested:
            raise SuiteError(f"{name}:{block.line}: settings only, no {block.kind} block")
        for value in _expressions(settings.attributes):
            raise SuiteError(f"{value.where}: only a literal can stand here")
        return settings.attributes

    def resolve(self, value: Any) -> Any:
        """The value with each local of its module in the place of its name, all the way down.

        What is a local and nothing else becomes that local's value, of whatever type. SuiteError
        if a local is declared nowhere or leads back to itself.
        """
        return self._resolve(value, ())

    def _resolve(self, value: Any, through: tuple[str, ...]) -> Any:
        match value:
            case list():
                return [self._resolve(item, through) for item in value]
            case dict():
                return {key: self._resolve(item, through) for key, item in value.items()}
            case Expression() if alone := LOCAL.fullmatch(value):
                local = self._local(value, alone[1], through)
                return self._resolve(local.document.value(local.node), (*through, alone[1]))
            case Expression():
                return _flat(value.with_locals(lambda name: self._code(value, name, through)))
        return value

    def _local(self, value: Expression, name: str, through: tuple[str, ...]) -> Expression:
        if name in through:
            raise SuiteError(f"{value.where}: local.{name} leads back to itself")
        module = self.modules[value.document.path.parent]
        if name not in module.locals:
            raise SuiteError(f"{value.where}: local.{name} is declared nowhere in its module")
        return module.locals[name]

    def _code(self, value: Expression, name: str, through: tuple[str, ...]) -> str:
        """A local as HCL that can stand inside another expression."""
        local = self._local(value, name, through)
        through = (*through, name)
        return _flat(local.as_operand(lambda inner: self._code(local, inner, through)))

    def location(self, address: str) -> str | None:
        """File and line of what an address in a plan names; None if it names nothing here.

        Keys and indexes are passed over: every instance is written in the same place.
        """
        module, name = self._within(address)
        return module.lines.get(name) if module else None

    def block(self, address: str) -> Block | None:
        """The outermost block that an address in a plan names; None if it names none here."""
        module, name = self._within(address)
        blocks = module.blocks if module else []
        return next((block for block in blocks if block.address == name), None)

    def _within(self, address: str) -> tuple[Module | None, str]:
        """The module that an address leads into, and the address within it."""
        names, position = [], 0
        while position < len(address):
            step = STEP.match(address, position)
            if step is None:
                return None, ""
            names.append(step[1])
            position = step.end()
        directory: Path | None = self.stack
        while directory and names[:1] == ["module"] and len(names) > 2:
            directory, names = self.modules[directory].calls.get(names[1]), names[2:]
        return self.modules[directory] if directory else None, ".".join(names)


def _files(directory: Path, stack: Path) -> list[str]:
    """What Terraform would look at, by name: an editor's hidden leftovers are no files of it."""
    try:
        with os.scandir(directory) as entries:
            names = [e.name for e in entries if not e.is_dir() and not e.name.startswith(".")]
    except OSError as error:
        raise SuiteError(f"{_name(directory, stack)}: {error.strerror}") from error
    return sorted(names)


def _name(path: Path, stack: Path) -> str:
    """A path as a person beside the stack would type it."""
    return Path(os.path.relpath(path, stack.parent)).as_posix()


def _flat(text: str) -> str:
    """A template without the templates that were put into it: `a-${"b"}` is `a-b`."""
    return QUOTED_INTERPOLATION.sub(r"\1", text)


def _expressions(value: Any) -> Iterable[Expression]:
    match value:
        case Expression():
            yield value
        case list():
            for item in value:
                yield from _expressions(item)
        case dict():
            for item in value.values():
                yield from _expressions(item)
