"""The queue service: the waiting room in front of each event, and the tokens that say who came through."""
