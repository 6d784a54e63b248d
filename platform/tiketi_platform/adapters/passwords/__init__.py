"""Passwords by argon2id on two threads of their own; refuses more work than can be done soon."""
