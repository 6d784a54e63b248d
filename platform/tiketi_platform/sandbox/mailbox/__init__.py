"""A mail server that delivers to a page instead of to people; it refuses to send anything on."""
