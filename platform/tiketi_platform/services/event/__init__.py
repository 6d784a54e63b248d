"""The event service: the catalogue of what is on."""
