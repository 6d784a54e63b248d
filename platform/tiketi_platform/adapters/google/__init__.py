"""Google as an OpenID Connect provider: by discovery, so that a sandbox or another provider is configuration."""
