"""HCL text to python-hcl2's parse tree; a mistake in one line that names its file and line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import hcl2
from lark import Token, Tree, UnexpectedInput

from tests.support.outcomes import SuiteError

Node = Tree[Token]
OPENERS = {"LBRACE", "LPAR", "LSQB", "INTERP_START", "DIRECTIVE_START", "DBLQUOTE"}
UNEXPECTED = re.compile(r"[ \t\r]*(?P<word>/\*|<<-?[A-Za-z][\w.-]*|\w+|.|)")
WORDS = {"": "end of the line", '"': "quote"}


def parse(name: str, text: str) -> Node:
    """The parse tree of a file whose path messages show as `name`. Not to be changed: it is shared.

    SuiteError names file and line.
    """
    try:
        tree = _parse(text)
        _refuse_open_string(name, tree)
    except UnexpectedInput as error:
        raise _explained(name, text, error) from None
    return tree


@lru_cache(maxsize=64)
def _parse(text: str) -> Node:
    """Parsing takes most of the time, so each text is parsed once."""
    return hcl2.parses_to_tree(text)


def tokens_of(node: Node) -> Iterator[Token]:
    """Every token of a node, comments included."""
    return node.scan_values(lambda value: isinstance(value, Token))


def _refuse_open_string(name: str, tree: Node) -> None:
    """python-hcl2 lets a quoted string run over the end of its line; HCL does not."""
    for token in tokens_of(tree):
        if token.type == "STRING_CHARS" and "\n" in token:
            raise SuiteError(f"{name}:{token.line}: a string does not end on its line")


def _explained(name: str, text: str, error: UnexpectedInput) -> SuiteError:
    """What was unexpected, and what was open around it: lark keeps what it had read on a stack."""
    stack: list[Any] = getattr(getattr(error, "state", None), "value_stack", [])
    try:
        _refuse_open_string(name, Tree("stack", stack))
    except SuiteError as open_string:
        return open_string
    opened = [one for one in stack if isinstance(one, Token) and one.type in OPENERS][-1:]
    accepts = getattr(error, "accepts", None)
    if accepts and accepts <= {"LBRACE", "NL_OR_COMMENT"}:
        # A name alone on its line, which the parser takes for the head of a block.
        head = [t for t in tokens_of(Tree("stack", stack)) if t.type != "NL_OR_COMMENT"]
        return SuiteError(f"{name}:{head[-1].line}: unexpected end of the line")
    if opened and not text[error.pos_in_stream or 0 :].strip():
        return SuiteError(f'{name}:{opened[0].line}: "{opened[0]}" is never closed')
    return SuiteError(f"{name}:{error.line}: {_unexpected(name, text, error)}{_within(opened)}")


def _unexpected(name: str, text: str, error: UnexpectedInput) -> str:
    found = UNEXPECTED.match(text, error.pos_in_stream or 0)
    word = found["word"] if found else ""
    if word.startswith(("/*", "<<")):
        return f'"{word}" is never closed'
    # A word in a file of settings may be a part of a secret.
    shown = name.endswith(".tf") or not re.match(r"\w", word)
    quoted = f'"{ascii(word)[1:-1]}"' if shown else "text"
    return f"unexpected {WORDS.get(word, quoted)}"


def _within(opened: list[Token]) -> str:
    return "".join(f' inside the "{t}" of line {t.line}' for t in opened if t.type != "LBRACE")
