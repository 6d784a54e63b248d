"""Telling people what happened: each message at most once a channel, tried until it is taken or hopeless."""
