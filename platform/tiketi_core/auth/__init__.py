"""Accounts and sessions: who somebody is, proven by password; what the proof is good for is not decided here."""
