"""Every limit of the platform, named with its unit; settings may lower one, code may not exceed one."""

from typing import Final

# --- requests -------------------------------------------------------------------------------
body_bytes_max: Final = 64 * 1024
"""A JSON request body; the largest real one is a provisioning batch, which has its own bound."""
provision_body_bytes_max: Final = 1024 * 1024
"""The body of the sandbox's bulk provisioning call."""
batch_max: Final = 1_000
"""Rows in one batch: provisioning, relay, consumer, export page."""
page_limit_max: Final = 100
"""Items on one page of a listing."""
export_limit_max: Final = 5_000
"""Rows on one page of an audit export."""
header_bytes_max: Final = 8_190
"""One header, or the address, of a request; aiohttp's own bound."""
request_timeout_ms: Final = 10_000
"""A request that has not been answered by then is answered 503."""
peer_timeout_ms: Final = 3_000
"""One call from a service to another."""

# --- starting -------------------------------------------------------------------------------
stores_wait_s_default: Final = 300
"""How long a starting service waits for PostgreSQL and Redis: pods come in any order."""

# --- tokens ---------------------------------------------------------------------------------
access_ttl_s: Final = 900
refresh_ttl_s: Final = 14 * 24 * 3600
refresh_repeat_s: Final = 600
"""How long a refresh whose answer was lost may be asked for again, under its key."""
refresh_key_chars_min: Final = 32
"""A shorter key could be guessed: under it nothing is answered twice."""
service_token_ttl_s: Final = 900
token_ttl_s_max: Final = 900
"""The life of any signed token, from its making to its end; one that claims a longer one is refused."""
reset_ttl_s: Final = 30 * 60
"""How long the token of a password-reset mail is good."""
google_ttl_s: Final = 10 * 60
"""How long logging in with Google may take, and linking after it."""
revocation_page_max: Final = 5_000
"""Lines of the revocation feed in one answer."""
revocation_poll_ms: Final = 1_000
"""How late a revoked token is known anywhere, auth answering; the promise is a minute."""
revocation_kept_s: Final = 2 * access_ttl_s
"""Longer than any token the feed could name."""
clock_skew_s: Final = 60
"""How far a clock of ours may be ahead of another."""
token_cache_max: Final = 50_000
"""Verified tokens remembered per process."""
token_bytes_max: Final = 4_096
"""A longer Authorization or Entry-Token header is refused unread."""

# --- waiting room ---------------------------------------------------------------------------
waiting_max: Final = 1_000_000
capacity_max: Final = 1_000_000
admit_per_second_max: Final = 100_000
admit_batch_max: Final = 1_000
"""Users admitted by one script call."""
session_ttl_s_max: Final = 24 * 3600
session_ttl_s_default: Final = 300
capacity_default: Final = 100
admit_per_second_default: Final = 100
grace_s_default: Final = 30
"""Longer than the longest pause between polls that the waiting room itself asks for, twice over."""
grace_s_min: Final = 5
"""A socket is a sign of life once a second, and a gap of two in the pumping is no outage: below, neither is safe."""
grace_s_max: Final = 3_600
admission_log_max: Final = 10_000_000
"""Lines of an event's admission log; the audit reads all of them."""
room_kept_s: Final = 30 * 24 * 3600
"""How long the log and the draw of a room are kept once it is empty and nobody enters it any more."""
sockets_per_user_max: Final = 16
"""Socket.IO connections of one user in one process."""
enters_max: Final = 20
"""Times one user may enter again, be refused or leave, within ten seconds and per event."""
entry_ttl_s: Final = 60
"""How long an entry token is good; it is renewed by asking where one stands."""

# --- seats ----------------------------------------------------------------------------------
seats_per_event_max: Final = 100_000
seats_per_reservation_max: Final = 8
seats_per_user_max: Final = 8
"""Living seats (held or sold) one user may have of one event."""
hold_ttl_s_default: Final = 300
hold_ttl_s_max: Final = 3_600
seat_lock_ttl_ms: Final = 10_000
seat_pass_ttl_ms: Final = 2 * session_ttl_s_default * 1_000
"""How long the seat locks know a request they let through. A repeat after its session does not ask them."""

# --- money ----------------------------------------------------------------------------------
amount_won_max: Final = 1_000_000_000
"""One payment, charge or refund."""
charge_won_min: Final = 100
balance_won_max: Final = 1_000_000_000_000
idempotency_key_chars_max: Final = 200
idempotency_ttl_s: Final = 24 * 3600
gateway_timeout_ms: Final = 10_000

# --- images ---------------------------------------------------------------------------------
image_pixels_max: Final = 25_000_000
"""Width times height of an uploaded image: decoded it takes four bytes each."""
image_side_max: Final = 12_000
portrait_width_max: Final = 800
"""A user's own picture is kept no wider than this, in pixels; it may be twice as high."""
portraits_max: Final = 10
"""Portraits one user may send within `portraits_window_s`, kept or not."""
portraits_window_s: Final = 24 * 3600

# --- messages -------------------------------------------------------------------------------
stream_length_max: Final = 5_000_000
"""Messages in one stream before publishing refuses; trimming drops only what every group has done."""
delivery_attempts_max: Final = 10
"""Tries at one message before it goes to the dead letters."""
