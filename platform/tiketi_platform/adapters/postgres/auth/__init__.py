"""The auth slice's ports over PostgreSQL; keeps hashes, never a password or token."""
