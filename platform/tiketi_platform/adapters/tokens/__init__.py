"""Ed25519 behind the token ports: signing with a private key file, verifying with another service's public keys."""
