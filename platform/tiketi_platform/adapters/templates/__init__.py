"""Notices in words: Jinja2 templates in `mail/`, one a message, Korean first and English below."""

from tiketi_platform.adapters.templates.mail_templates import MailTemplates

__all__ = ["MailTemplates"]
