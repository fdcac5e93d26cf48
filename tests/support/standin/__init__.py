"""A stand-in for the application: it starts, and fails to start, as the real one would."""
