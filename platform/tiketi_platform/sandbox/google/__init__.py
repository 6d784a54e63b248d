"""A stand-in for Google's OpenID Connect provider on loopback: the real endpoints' shapes, people that nobody is."""
