"""Local stand-ins for the outside world, with the real interfaces; they refuse to be reached from afar."""
