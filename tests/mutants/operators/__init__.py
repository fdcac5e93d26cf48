"""The operators, by category of real defects; importing a module registers its operators."""

from tests.mutants.operators import (  # noqa: F401
    access,
    delivery,
    encryption,
    environments,
    monitoring,
    names,
    network,
    references,
    retention,
    scaling,
)
