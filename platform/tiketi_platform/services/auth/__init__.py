"""The auth service: accounts, sessions and the keys everybody else verifies them with."""
