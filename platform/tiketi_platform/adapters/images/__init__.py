"""Images: made fit to be shown, and kept under the hash of their content."""
