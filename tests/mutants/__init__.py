"""Mutation of the stack: would the suite notice a defect?  `python -m tests.mutants --help`."""
