"""Plans in which what AWS will decide stands as a symbol that says whose attribute it is."""

from tests.support.placeholders.provider import Stand, standing_in
from tests.support.placeholders.symbols import name_symbols

__all__ = ["Stand", "name_symbols", "standing_in"]
