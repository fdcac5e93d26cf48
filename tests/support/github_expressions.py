"""GitHub Actions expressions: `${{ … }}` and the conditions of `if:`.

The language is that of GitHub's documentation ("Evaluate expressions in workflows and actions"):
operators, contexts, the object filter `.*` and the functions listed in `Evaluator`. A property that
a context does not have is null, and null is written as the empty string, as on GitHub.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

TOKEN = re.compile(
    r"\s*(?:(?P<number>-?\d+(?:\.\d+)?)|(?P<string>'(?:[^']|'')*')"
    r"|(?P<name>[A-Za-z_][\w-]*)|(?P<sign>&&|\|\||==|!=|<=|>=|[!<>()\[\].,*]))"
)
TEMPLATE = re.compile(r"\$\{\{(?P<body>(?:[^'}]|'(?:[^']|'')*'|\}(?!\}))*)\}\}")
STATUS = re.compile(r"\b(?:success|failure|always|cancelled)\s*\(")
LITERALS = {"true": True, "false": False, "null": None}


class ExpressionError(Exception):
    """The text is no expression, or uses what is not known here."""


def render(text: str, contexts: Mapping[str, Any], status: Mapping[str, bool]) -> str:
    """The text with every `${{ … }}` replaced by its value."""
    rendered = TEMPLATE.sub(lambda found: _text(evaluate(found["body"], contexts, status)), text)
    if "${{" in rendered:
        raise ExpressionError(f"{text!r}: a template is never closed")
    return rendered


def condition(text: str, contexts: Mapping[str, Any], status: Mapping[str, bool]) -> bool:
    """Whether an `if:` holds; without a status function GitHub adds `success() &&`."""
    whole = TEMPLATE.fullmatch(text.strip())
    body = whole["body"] if whole else text
    if not STATUS.search(body) and not status["success"]:
        return False
    return _truth(evaluate(body, contexts, status))


def evaluate(text: str, contexts: Mapping[str, Any], status: Mapping[str, bool]) -> Any:
    """The value of an expression. `status` says what success, failure and cancelled answer."""
    return _Parser(text, contexts, status).value()


class _Parser:
    """Evaluates while it reads: the grammar is small and has no side effects."""

    def __init__(self, text: str, contexts: Mapping[str, Any], status: Mapping[str, bool]) -> None:
        self.text, self.contexts = text, contexts
        self.tokens = self._tokens()
        self.functions: dict[str, Callable[..., Any]] = {
            "always": lambda: True,
            "success": lambda: status["success"],
            "failure": lambda: status["failure"],
            "cancelled": lambda: status["cancelled"],
            "contains": _contains,
            "startswith": lambda text, start: _fold(text).startswith(_fold(start)),
            "endswith": lambda text, end: _fold(text).endswith(_fold(end)),
            "fromjson": lambda text: json.loads(_text(text)),
            "tojson": lambda value: json.dumps(value),
            "format": lambda text, *values: _format(text, values),
        }

    def _tokens(self) -> list[tuple[str, str]]:
        position, tokens = 0, []
        while self.text[position:].strip():
            found = TOKEN.match(self.text, position)
            if found is None or found.lastgroup is None:
                raise ExpressionError(f"{self.text.strip()!r}: not an expression")
            tokens.append((found.lastgroup, found[found.lastgroup]))
            position = found.end()
        return [*tokens, ("end", "")]

    def _take(self, *signs: str) -> str | None:
        """The next token if it is one of these signs."""
        kind, word = self.tokens[0]
        if kind != "sign" or word not in signs:
            return None
        self.tokens.pop(0)
        return word

    def _expect(self, sign: str) -> None:
        if self._take(sign) is None:
            raise ExpressionError(f"{self.text.strip()!r}: expected {sign}")

    def _name(self) -> str:
        kind, word = self.tokens[0]
        if kind != "name":
            raise ExpressionError(f"{self.text.strip()!r}: expected a name after the dot")
        self.tokens.pop(0)
        return word

    def value(self) -> Any:
        value = self._or()
        if self.tokens[0][0] != "end":
            raise ExpressionError(f"{self.text.strip()!r}: unexpected {self.tokens[0][1]}")
        return value

    def _or(self) -> Any:
        left = self._and()
        while self._take("||"):
            right = self._and()
            left = left if _truth(left) else right
        return left

    def _and(self) -> Any:
        left = self._comparison()
        while self._take("&&"):
            right = self._comparison()
            left = right if _truth(left) else left
        return left

    def _comparison(self) -> Any:
        left = self._unary()
        while sign := self._take("==", "!="):
            left = _equal(left, self._unary()) is (sign == "==")
        if self._take("<", ">", "<=", ">="):
            raise ExpressionError(f"{self.text.strip()!r}: order is not known here")
        return left

    def _unary(self) -> Any:
        if self._take("!"):
            return not _truth(self._unary())
        return self._postfix()

    def _postfix(self) -> Any:
        value, filtered = self._primary(), False
        while sign := self._take(".", "["):
            if sign == "." and self._take("*"):
                value, filtered = list(value.values()) if isinstance(value, dict) else value, True
                continue
            key = self._name() if sign == "." else self._or()
            if sign == "[":
                self._expect("]")
            value = [_property(v, key) for v in value or []] if filtered else _property(value, key)
        return value

    def _primary(self) -> Any:
        if self._take("("):
            value = self._or()
            self._expect(")")
            return value
        kind, word = self.tokens[0]
        if kind != "end":
            self.tokens.pop(0)
        match kind:
            case "number":
                return float(word)
            case "string":
                return word[1:-1].replace("''", "'")
            case "name" if word in LITERALS:
                return LITERALS[word]
            case "name" if self._take("("):
                return self._call(word)
            case "name" if word in self.contexts:
                return self.contexts[word]
        raise ExpressionError(f"{self.text.strip()!r}: {word or 'its end'} is not known here")

    def _call(self, name: str) -> Any:
        arguments = []
        while not self._take(")"):
            arguments.append(self._or())
            if self._take(","):
                continue
            self._expect(")")
            break
        function = self.functions.get(name.lower())
        if function is None:
            raise ExpressionError(f"{self.text.strip()!r}: {name}() is not known here")
        try:
            return function(*arguments)
        except (TypeError, ValueError) as error:
            raise ExpressionError(f"{self.text.strip()!r}: {name}(): {error}") from error


def _property(value: Any, key: Any) -> Any:
    """GitHub compares property names without regard to case; what is not there is null."""
    if isinstance(value, list):
        return value[int(key)] if isinstance(key, float) and int(key) < len(value) else None
    if not isinstance(value, Mapping):
        return None
    return next((v for name, v in value.items() if name.lower() == _text(key).lower()), None)


def _truth(value: Any) -> bool:
    return value not in (None, False, 0, "")


def _equal(left: Any, right: Any) -> bool:
    if isinstance(left, str) and isinstance(right, str):
        return _fold(left) == _fold(right)
    if type(left) is type(right):
        return bool(left == right)
    return _number(left) == _number(right)


def _number(value: Any) -> float:
    """How GitHub compares values of different types: as numbers; not a number equals nothing."""
    match value:
        case None | "":
            return 0.0
        case bool() | int() | float():
            return float(value)
        case str():
            try:
                return float(value)
            except ValueError:
                return float("nan")
    return float("nan")


def _contains(searched: Any, item: Any) -> bool:
    if isinstance(searched, list):
        return any(_equal(element, item) for element in searched)
    return _fold(item) in _fold(searched)


def _format(text: Any, values: tuple[Any, ...]) -> str:
    return re.sub(r"\{(\d+)\}", lambda n: _text(values[int(n[1])]), _text(text))


def _fold(value: Any) -> str:
    return _text(value).casefold()


def _text(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case float() if value.is_integer():
            return str(int(value))
        case list() | dict():
            return json.dumps(value)
    return str(value)
