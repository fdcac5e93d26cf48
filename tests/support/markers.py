"""Values that stand for secrets while a plan is made, so that a secret in the clear is found."""

# Long enough for whatever asks for a token, and of characters that all of them take.
SECRET = "SuiteMarkerSecretValue"
PASSWORD = "SuiteMarkerDatabasePassword"
ALL = (SECRET, PASSWORD)
