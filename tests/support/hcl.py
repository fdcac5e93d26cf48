"""HCL as plain Python values, with the file and the line of every block.

The dictionaries that python-hcl2 makes know neither where a block stands nor how an expression was
written, so both are read from its parse tree.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Iterator
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any

from hcl2.utils import process_escape_sequences
from lark import Token, Tree

from tests.support import hcl_syntax
from tests.support.hcl_syntax import Node, tokens_of
from tests.support.outcomes import SuiteError

LITERALS = {"true": True, "false": False, "null": None}
# What needs parentheses around it to mean the same inside another expression.
OPERATIONS = ("conditional", "binary_op", "unary_op")
COMMENT = re.compile(r"[ \t]*(?:(?:#|//)[^\n]*|/\*.*?\*/)", re.DOTALL)
HEREDOC = re.compile(r"<<-?([\w.-]+)\r?\n(?P<body>.*?)[ \t]*\1\s*", re.DOTALL)
NUMBER = re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d+)?")
TEMPLATE = re.compile(r"(?<!\$)\$\{|(?<!%)%\{")
INTERPOLATION = re.compile(r"(?<!\$)\$\{[^}]*\}")
LOCAL = re.compile(r"(?<![\w.])local\.([A-Za-z_][\w-]*)")
PREFIXES = {"resource": (), "variable": ("var",)}


class Expression(str):
    """What only Terraform can evaluate: the text as written, without its comments.

    A template stands without its quotes: `mantisnxt-${var.environment}`.
    """

    document: Document
    node: Node

    def __new__(cls, text: str, document: Document, node: Node) -> Expression:
        """An expression that remembers where it was written."""
        self = super().__new__(cls, text)
        self.document, self.node = document, node
        return self

    @property
    def where(self) -> str:
        """File and line."""
        return f"{self.document.name}:{self.node.meta.line}"

    def with_locals(self, local: Callable[[str], str]) -> str:
        """The text with what `local` returns for NAME in the place of each `local.NAME`."""
        return self.document.written(self.node, local)

    def as_operand(self, local: Callable[[str], str]) -> str:
        """The same as HCL that can stand inside another expression."""
        code = self.document.code(self.node, local)
        return f"({code})" if self.node.data in OPERATIONS else code


class Document:
    """One file. `name` is its path as messages show it, `block` its outermost body."""

    def __init__(self, path: Path, name: str, text: str) -> None:
        self.path, self.name, self.text = path, name, text
        try:
            tree = hcl_syntax.parse(name, text)
            (body,) = _inner(tree)
            self.block = Block(self, tree, body)
        except RecursionError:
            raise SuiteError(f"{name}: nested too deeply to be read") from None

    @classmethod
    def read(cls, path: Path, name: str) -> Document:
        """Read and parse; SuiteError names the file and, where there is one, the line."""
        try:
            return cls(path, name, path.read_bytes().decode("utf-8-sig"))
        except OSError as error:
            raise SuiteError(f"{name}: {error.strerror}") from error
        except UnicodeDecodeError as error:
            line = error.object.count(b"\n", 0, error.start) + 1
            byte = error.object[error.start]
            raise SuiteError(f"{name}:{line}: not UTF-8 (byte 0x{byte:02x})") from error

    def value(self, node: Node) -> Any:
        """What a literal, list or object means; anything else is an Expression."""
        children = _inner(node)
        match node.data:
            case "expr_term":
                return self.value(children[0])
            case "tuple":
                return [self.value(child) for child in children]
            case "object":
                return {self._key(key): self.value(item) for key, item in map(_inner, children)}
            case "string" if not any(_inner(part) for part in children):
                return "".join(_meaning(token) for part in children for token in tokens_of(part))
            case "heredoc_template" | "heredoc_template_trim":
                body = self.written(node)
                if not TEMPLATE.search(body):
                    return body.replace("$${", "${").replace("%%{", "%{")
            case "literal_value" | "int_lit" | "float_lit" | "unary_op":
                if (source := self.source(node)) in LITERALS:
                    return LITERALS[source]
                if NUMBER.fullmatch(source):
                    return int(source) if source.lstrip("-").isdecimal() else float(source)
        return Expression(self.written(node), self, node)

    def _key(self, node: Node) -> str:
        (child,) = _inner(node)
        return str(self.value(child))

    def source(self, node: Node) -> str:
        """The text of a node, as it stands in the file."""
        return self.text[node.meta.start_pos : node.meta.end_pos]

    def written(self, node: Node, local: Callable[[str], str] | None = None) -> str:
        """The text of an Expression; see there."""
        match node.data:
            case "string":
                return self.code(node, local)[1:-1]
            case "heredoc_template" | "heredoc_template_trim":
                heredoc = HEREDOC.fullmatch(self.code(node, local))
                body = heredoc["body"] if heredoc else ""
                return textwrap.dedent(body) if node.data.endswith("trim") else body
        return self.code(node, local)

    def code(self, node: Node, local: Callable[[str], str] | None = None) -> str:
        """The text of a node as HCL, without its comments; `local` as in `with_locals`."""
        tokens = [token for token in tokens_of(node) if token.type != "NL_OR_COMMENT"]
        edits = [
            (_end(left), _start(right), COMMENT.sub("", self.text[_end(left) : _start(right)]))
            for left, right in pairwise(tokens)
            if _end(left) < _start(right)
        ]
        if local:
            edits += self._references(tokens, local)
        # An operation's node reaches over the newline and the comment after it.
        start, text = _start(tokens[0]), self.text[_start(tokens[0]) : _end(tokens[-1])]
        for first, last, replacement in sorted(edits, reverse=True):
            text = text[: first - start] + replacement + text[last - start :]
        return text

    def _references(
        self, tokens: list[Token], local: Callable[[str], str]
    ) -> Iterator[tuple[int, int, str]]:
        """Where `local.NAME` stands, and what to put there. Heredocs are one token each."""
        for token in tokens:
            if token.type.startswith("HEREDOC"):
                text = INTERPOLATION.sub(
                    lambda part: LOCAL.sub(lambda name: local(name[1]), part[0]), token
                )
                yield _start(token), _end(token), text
        for before, word, dot, name in zip(
            [None, *tokens], tokens, tokens[1:], tokens[2:], strict=False
        ):
            after_dot = before is not None and before.type == "DOT"
            if (word, dot, name.type) == ("local", ".", "NAME") and not after_dot:
                yield _start(word), _end(name), local(name)


class Block:
    """A block: its kind (`resource`, `lifecycle`), labels, attributes and nested blocks.

    `address` is the address within its own module; a nested block's continues its parent's.
    `nodes` holds the parse tree of each attribute's expression.
    """

    def __init__(self, document: Document, node: Node, body: Node, parent: str = "") -> None:
        head = [_word(document, child) for child in _inner(node) if child is not body]
        self.document, self.line = document, 1 if node.meta.empty else node.meta.line
        self.kind, self.labels = (head or [""])[0], tuple(head[1:])
        own = (self.kind,) if parent else PREFIXES.get(self.kind, (self.kind,))
        self.address = ".".join(filter(None, [parent, *own, *self.labels]))
        self.nodes: dict[str, Node] = {}
        self.nested: list[Block] = []
        statements = _inner(body)
        for before, statement in zip([None, *statements], statements, strict=False):
            self._read(before, statement)

    def _read(self, before: Node | None, statement: Node) -> None:
        document, line = self.document, statement.meta.line
        # From the last character of the statement before: a heredoc's is the newline itself.
        if before and "\n" not in document.text[_end(_last(before)) - 1 : statement.meta.start_pos]:
            raise SuiteError(f"{document.name}:{line}: two settings on one line")
        *head, content = _inner(statement)
        if statement.data == "block":
            self.nested.append(Block(document, statement, content, self.address))
            return
        name = document.source(head[0])
        if name in self.nodes:
            first = self.nodes[name].meta.line
            raise SuiteError(f"{document.name}:{line}: {name} is already set in line {first}")
        self.nodes[name] = content

    @property
    def file(self) -> Path:
        """The file that holds the block."""
        return self.document.path

    @property
    def where(self) -> str:
        """File, line and address, as a failure shows them."""
        return f"{self.document.name}:{self.line}  {self.address}"

    @cached_property
    def attributes(self) -> dict[str, Any]:
        """Each attribute's value: str, int, float, bool, None, list, dict or Expression."""
        try:
            return {name: self.document.value(node) for name, node in self.nodes.items()}
        except RecursionError:
            raise SuiteError(f"{self.where}: nested too deeply to be read") from None

    def blocks(self, kind: str, *labels: str) -> list[Block]:
        """The nested blocks of a kind whose labels begin so, in the order of the file.

        The content of a `dynamic` block counts once, however many blocks Terraform makes of it.
        """
        found = []
        for block in self.nested:
            if block.kind == kind and block.labels[: len(labels)] == labels:
                found.append(block)
            elif (block.kind, block.labels) == ("dynamic", (kind,)) and not labels:
                found += block.blocks("content")
        return found

    def get(self, path: str, default: Any = None) -> Any:
        """The value at a dotted path through nested blocks and objects, or the default.

        SuiteError if the path leads through several blocks of one kind.
        """
        name, _, rest = path.partition(".")
        if name not in self.nodes:
            nested = self.blocks(name)
            if len(nested) > 1:
                raise SuiteError(f"{self.where}: {len(nested)} {name} blocks, not one: {path}")
            return nested[0].get(rest, default) if nested and rest else default
        value: Any = self.attributes[name]
        for key in filter(None, rest.split(".")):
            if not isinstance(value, dict) or key not in value:
                return default
            value = value[key]
        return value


def _inner(node: Node) -> list[Node]:
    """The subtrees of a node; comments and punctuation left out."""
    return [
        child
        for child in node.children
        if isinstance(child, Tree) and child.data != "new_line_or_comment"
    ]


def _last(node: Node) -> Token:
    """The last token of a node that means something."""
    children = [c for c in node.children if isinstance(c, Token) or c.data != "new_line_or_comment"]
    return children[-1] if isinstance(children[-1], Token) else _last(children[-1])


def _start(token: Token) -> int:
    return token.start_pos or 0


def _end(token: Token) -> int:
    return token.end_pos or 0


def _meaning(token: Token) -> str:
    """What a stretch of a quoted string means."""
    match token.type:
        case "DBLQUOTE":
            return ""
        case "ESCAPED_INTERPOLATION" | "ESCAPED_DIRECTIVE":
            return token[1:]
    return process_escape_sequences(str(token))


def _word(document: Document, node: Node) -> str:
    """A block's kind or label, quoted or not."""
    return document.source(node).strip('"')
