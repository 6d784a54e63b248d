"""Open an account, log in, and see who you are.

Needs: a platform (`tiketi up`); `TIKETI_URL` or `TIKETI_PROFILE` if it is not on this machine.
"""

import secrets

from tiketi_sdk import Config, Tiketi, load_profile

config = Config(urls=load_profile().urls)
email = f"minji-{secrets.token_hex(6)}@example.com"
password = secrets.token_urlsafe(12)

with Tiketi(config=config) as client:
    client.auth.register(email=email, password=password, name="김민지")

with Tiketi(config=config) as client:
    session = client.auth.login(email=email, password=password)
    print(f"logged in as {client.auth.me().name}, until {session.expires_at:%H:%M}")
    client.auth.update_me(phone="010-1234-5678")
    print(f"phone: {client.auth.me().phone}")
    # The client goes on by itself when the token ends: it holds the refresh token.
    client.auth.logout()
