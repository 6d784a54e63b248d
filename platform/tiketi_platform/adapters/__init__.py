"""The real outside behind the ports of the core; nothing here decides anything."""
