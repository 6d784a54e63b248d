"""The checks, one file a subject: pure functions from evidence to findings, sharing no code with the services."""
