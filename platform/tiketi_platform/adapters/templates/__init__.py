"""Notices in words: Jinja2 templates in `mail/<language>/`, one a message, in Korean and in English."""

from tiketi_platform.adapters.templates.mail_templates import MailTemplates

__all__ = ["MailTemplates"]
