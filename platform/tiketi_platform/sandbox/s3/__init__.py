"""Stands in for Amazon S3: objects by name in one folder, over the real interface; no listing, versions or parts."""
