"""The notification service: hears what happened and tells the people it concerns."""
