"""Launchers for PostgreSQL and Valkey on this machine; nothing here knows what is stored."""
