"""What the event service does, one class per subject."""

from tiketi_core.event.use_cases.catalogue import Catalogue
from tiketi_core.event.use_cases.gallery import Gallery
from tiketi_core.event.use_cases.news_desk import NewsDesk

__all__ = ["Catalogue", "Gallery", "NewsDesk"]
