"""Puts a sale and its crowd in place on a sandbox: users, points, an event with seats. Sells nothing itself."""

from tiketi_sdk.seeding.crowd import CrowdMember, grant_points, provision_users
from tiketi_sdk.seeding.sale import Sale, put_on_sale

__all__ = ["CrowdMember", "Sale", "grant_points", "provision_users", "put_on_sale"]
