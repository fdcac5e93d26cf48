"""Where a Terraform tree can be changed: every setting and every block, with its exact span."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from lark import Token, Tree

from tests.support.hcl import Document
from tests.support.hcl_syntax import Node, parse, tokens_of
from tests.support.outcomes import SuiteError
from tests.support.source import SourceTree

SETTINGS = ("*.tfvars", "*.s3.tfbackend")
# A pair in an object literal, whose lines can be cut only where it has them for itself.
PAIR = "object_elem"


@dataclass(frozen=True)
class Place:
    """A block or a setting. `start` and `end` are offsets into the file's text.

    `address` is that of the outermost block within its module, `path` the way from there with an
    index where siblings share a name; `kind` and `type` are the outermost block's first words.
    """

    document: Document = field(repr=False, compare=False)
    address: str
    kind: str
    type: str
    path: str
    start: int
    end: int

    @property
    def name(self) -> str:
        """The last step of the path, without its index."""
        return re.sub(r"\[\d+\]$", "", self.path.rpartition(".")[2])

    @property
    def text(self) -> str:
        """What stands there."""
        return self.document.text[self.start : self.end]

    @property
    def lines(self) -> tuple[int, int]:
        """The span of the whole lines that it lies on, with the last newline."""
        text = self.document.text
        first = text.rfind("\n", 0, self.start) + 1
        last = text.find("\n", max(self.end - 1, self.start))
        return first, len(text) if last < 0 else last + 1

    @property
    def line(self) -> int:
        """The line that it begins on."""
        return self.document.text.count("\n", 0, self.start) + 1


@dataclass(frozen=True)
class Block(Place):
    """A block, from its first word to its closing brace; `labels` are its own."""

    labels: tuple[str, ...] = ()

    @property
    def outermost(self) -> bool:
        """Whether it lies in no other block."""
        return not self.path


@dataclass(frozen=True)
class Setting(Place):
    """An argument or a pair of an object literal; the span is its expression's.

    `within` are the names of the blocks and settings that it lies in.
    """

    node: Node = field(repr=False, compare=False, default_factory=lambda: Tree("", []))
    whole: tuple[int, int] = (0, 0)
    pair: bool = False
    within: tuple[str, ...] = ()

    @cached_property
    def value(self) -> Any:
        """The literal that stands there, or an Expression."""
        return self.document.value(self.node)

    @property
    def removable(self) -> bool:
        """Whether cutting its lines cuts nothing else."""
        first, last = self.lines
        text = self.document.text
        before = text[first : self.whole[0]]
        after = re.sub(r"\s*,?\s*((#|//).*)?$", "", text[self.whole[1] : last].rstrip("\n"))
        return not before.strip() and not after

    @property
    def lines(self) -> tuple[int, int]:
        """As Place.lines, from the setting's name on."""
        text = self.document.text
        first = text.rfind("\n", 0, self.whole[0]) + 1
        last = text.find("\n", max(self.end - 1, self.start))
        return first, len(text) if last < 0 else last + 1


class Stack:
    """The places of a tree. SuiteError names file and line of what is no HCL."""

    def __init__(self, stack: Path) -> None:
        self.path = stack.resolve()
        self.source = SourceTree.load(self.path)
        self.documents = [d for m in self.source.modules.values() for d in m.documents]
        self.environments: dict[str, dict[str, Document]] = {}
        for pattern in SETTINGS:
            for file in sorted((self.path / "environments").glob(pattern)):
                name = file.name.removesuffix(pattern[1:])
                relative = file.relative_to(self.path.parent).as_posix()
                self.environments.setdefault(name, {})[pattern] = Document.read(file, relative)

    def relative(self, document: Document) -> str:
        """The file's path below the stack. SuiteError for a module that lies outside of it."""
        path = document.path.resolve()
        if not path.is_relative_to(self.path):
            raise SuiteError(f"{document.name}: lies outside {self.path}; it cannot be mutated")
        return path.relative_to(self.path).as_posix()

    @cached_property
    def settings(self) -> list[Setting]:
        """Every setting of the modules inside the stack, in the order of the files."""
        return [one for one in self._places if isinstance(one, Setting)]

    @cached_property
    def blocks(self) -> list[Block]:
        """Every block of the modules inside the stack."""
        return [one for one in self._places if isinstance(one, Block)]

    @cached_property
    def _places(self) -> list[Place]:
        inside = [d for d in self.documents if d.path.resolve().is_relative_to(self.path)]
        return [place for document in inside for place in places_of(document)]

    def passage(self, file: str, start: int, end: int) -> tuple[str, int]:
        """The lines of a span, and of the outermost blocks that it touches; where they begin."""
        text, blocks = self._outermost[file]
        touched = [b for b in blocks if b.start <= end and start <= b.end]
        first = text.rfind("\n", 0, min([start, *(b.start for b in touched)])) + 1
        last = text.find("\n", max([end, *(b.end for b in touched)]))
        return text[first : len(text) if last < 0 else last], first

    @cached_property
    def _outermost(self) -> dict[str, tuple[str, list[Block]]]:
        """Each file's text and its outermost blocks, by its path below the stack."""
        settings = [one for files in self.environments.values() for one in files.values()]
        inside = [d for d in self.documents if d.path.resolve().is_relative_to(self.path)]
        found: dict[str, tuple[str, list[Block]]] = {
            self.relative(document): (document.text, []) for document in [*inside, *settings]
        }
        for block in self.blocks:
            if block.outermost:
                found[self.relative(block.document)][1].append(block)
        return found

    def of_environment(self, environment: str, pattern: str) -> list[Setting]:
        """The settings of one file of an environment; none where there is no such file."""
        document = self.environments[environment].get(pattern)
        found = places_of(document) if document else ()
        return [one for one in found if isinstance(one, Setting) and "." not in one.path]


def places_of(document: Document) -> Iterator[Place]:
    """Every place of a file, each block before what lies in it."""
    tree = parse(document.name, document.text)
    (body,) = [c for c in tree.children if isinstance(c, Tree) and c.data == "body"]
    yield from _Walk(document).body(body, None, (), ())


@dataclass(frozen=True)
class _Walk:
    document: Document

    def body(
        self, body: Node, outer: Block | None, path: tuple[str, ...], within: tuple[str, ...]
    ) -> Iterator[Place]:
        statements = [c for c in body.children if isinstance(c, Tree)]
        names = Counter(self._word(s) for s in statements if s.data == "block")
        seen = Counter[str]()
        for statement in statements:
            word = self._word(statement) if statement.children else ""
            if statement.data == "attribute":
                yield from self._setting(
                    statement, statement.children[-1], word, outer, path, within
                )
            elif statement.data == "block":
                index = f"[{seen[word]}]" if names[word] > 1 else ""
                seen[word] += 1
                yield from self._block(statement, word + index, outer, path, within)

    def _block(
        self,
        node: Node,
        word: str,
        outer: Block | None,
        path: tuple[str, ...],
        within: tuple[str, ...],
    ) -> Iterator[Place]:
        (body,) = [c for c in node.children if isinstance(c, Tree) and c.data == "body"]
        heads = node.children[: node.children.index(body)]
        labels = tuple(self._word_of(c) for c in heads if isinstance(c, Tree))[1:]
        kind = re.sub(r"\[\d+\]$", "", word)
        start, end = _span(node)
        if outer is None:
            first = labels[0] if labels else ""
            address = ".".join(labels) if kind == "resource" else ".".join((kind, *labels))
            block = Block(self.document, address, kind, first, "", start, end, labels)
            yield block
            yield from self.body(body, block, (), ())
            return
        step = ".".join((word, *labels))
        place = ".".join((*path, step))
        yield Block(self.document, outer.address, outer.kind, outer.type, place, start, end, labels)
        yield from self.body(body, outer, (*path, step), (*within, kind, *labels))

    def _setting(
        self,
        node: Node,
        expression: Any,
        word: str,
        outer: Block | None,
        path: tuple[str, ...],
        within: tuple[str, ...],
    ) -> Iterator[Place]:
        start, end = _span(expression)
        address, kind, first = (outer.address, outer.kind, outer.type) if outer else ("", "", "")
        yield Setting(
            self.document, address, kind, first, ".".join((*path, word)), start, end,
            expression, (_span(node)[0], end), node.data == PAIR, within,
        )  # fmt: skip
        for pair in _pairs(expression):
            key, inner = [c for c in pair.children if isinstance(c, Tree)][:2]
            name = self.document.source(key).strip('"')
            yield from self._setting(pair, inner, name, outer, (*path, word), (*within, word))

    def _word(self, statement: Node) -> str:
        first = statement.children[0] if statement.children else None
        return self._word_of(first) if isinstance(first, Tree) else ""

    def _word_of(self, node: Node) -> str:
        return self.document.source(node).strip('"') if not node.meta.empty else ""


def _pairs(node: Any) -> Iterator[Node]:
    """The outermost pairs of object literals anywhere in an expression."""
    if not isinstance(node, Tree):
        return
    for child in node.children:
        if isinstance(child, Tree) and child.data == PAIR:
            yield child
        else:
            yield from _pairs(child)


def _span(node: Node) -> tuple[int, int]:
    """From the first token that means something to the last."""
    tokens = [t for t in tokens_of(node) if t.type != "NL_OR_COMMENT"]
    return tokens[0].start_pos or 0, _end(tokens[-1])


def _end(token: Token) -> int:
    # A heredoc's token has the newline behind it as well.
    end = token.end_pos or 0
    return end - 1 if token.endswith("\n") else end
