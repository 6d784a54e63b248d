"""Puts a sale and its crowd in place on a sandbox: users, points, an event with seats. Sells nothing itself."""

from tiketi_sdk.seeding.crowd import (
    Crowd,
    CrowdMember,
    fresh_tokens,
    gather_crowd,
    grant_points,
    provision_users,
)
from tiketi_sdk.seeding.sale import Sale, put_on_sale

__all__ = [
    "Crowd",
    "CrowdMember",
    "Sale",
    "fresh_tokens",
    "gather_crowd",
    "grant_points",
    "provision_users",
    "put_on_sale",
]
