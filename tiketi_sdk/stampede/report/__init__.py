"""What a stampede is told as: a page of one file, and lines for a terminal. Measures and judges nothing."""

from tiketi_sdk.stampede.report.document import Document
from tiketi_sdk.stampede.report.page import page
from tiketi_sdk.stampede.report.terminal import terminal

__all__ = ["Document", "page", "terminal"]
