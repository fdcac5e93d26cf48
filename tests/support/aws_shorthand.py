"""The AWS CLI's shorthand for structures: `Key=value,List=a,b,Inner={Key=value},Items=[a,b]`.

Grammar: AWS CLI user guide, "Using shorthand syntax".
"""

from __future__ import annotations

import re
from typing import Any

_KEY = re.compile(r"([\w.:/#@-]+)=")
_QUOTED = re.compile(r"\"((?:[^\"\\]|\\.)*)\"|'((?:[^'\\]|\\.)*)'")
_BARE = {0: re.compile(r"[^,]*"), 1: re.compile(r"[^,\]}]*")}


def read(text: str) -> dict[str, Any]:
    """The keys of a structure or map; values are strings, lists of values or dictionaries.

    A value with commas is a list. Raises ValueError where the text is no shorthand.
    """
    reader = _Reader(text)
    pairs = reader.pairs("")
    if reader.place < len(text):
        raise ValueError(f"{text[reader.place :]!r} is left over")
    return pairs


class _Reader:
    def __init__(self, text: str) -> None:
        self._text, self.place, self._depth = text, 0, 0

    def pairs(self, end: str) -> dict[str, Any]:
        """What stands up to the sign `end`: keys and values."""
        pairs: dict[str, Any] = {}
        while True:
            key = _KEY.match(self._text, self.place)
            if key is None:
                raise ValueError(f"expected Key=value at {self._text[self.place :]!r}")
            self.place = key.end()
            values = [self._value()]
            while self._next(",") and not _KEY.match(self._text, self.place + 1):
                self.place += 1
                values.append(self._value())
            pairs[key[1]] = values if len(values) > 1 else values[0]
            if not self._next(","):
                self._close(end)
                return pairs
            self.place += 1

    def _value(self) -> Any:
        if self._next("["):
            return self._inside(self._items)
        if self._next("{"):
            return self._inside(lambda: self.pairs("}"))
        pattern = _QUOTED if self._text[self.place : self.place + 1] in ("'", '"') else None
        found = (pattern or _BARE[min(self._depth, 1)]).match(self._text, self.place)
        if found is None:
            raise ValueError(f"a quote is never closed at {self._text[self.place :]!r}")
        self.place = found.end()
        if pattern is None:
            return found[0]
        return re.sub(r"\\(.)", r"\1", found[1] if found[1] is not None else found[2])

    def _inside(self, read_rest: Any) -> Any:
        self.place, self._depth = self.place + 1, self._depth + 1
        value = read_rest()
        self._depth -= 1
        return value

    def _items(self) -> list[Any]:
        items = [] if self._next("]") else [self._value()]
        while self._next(","):
            self.place += 1
            items.append(self._value())
        self._close("]")
        return items

    def _next(self, sign: str) -> bool:
        return self._text.startswith(sign, self.place)

    def _close(self, end: str) -> None:
        if not self._next(end):
            raise ValueError(f"expected {end} at {self._text[self.place :]!r}")
        self.place += len(end)
