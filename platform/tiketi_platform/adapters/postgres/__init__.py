"""PostgreSQL behind the ports of the core; every statement lives in `sql/`."""
