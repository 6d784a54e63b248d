"""The core's accounts and sessions as the contract's structs, and nothing the other way round."""

from tiketi_core.auth import model
from tiketi_platform.adapters.postgres.auth.revocations import RevocationPage
from tiketi_platform.framework.moments import to_instant
from tiketi_sdk.contract import auth as wire
from tiketi_sdk.contract import auth_accounts


def to_user(account: model.Account) -> wire.User:
    """An account as its owner sees it."""
    return wire.User(
        id=account.id,
        email=account.email,
        name=account.name,
        role=account.role,
        provider=account.provider,
        phone=account.phone,
        profile_image=account.profile_image,
        created_at=to_instant(account.created_at_ms),
        disabled_at=None if account.disabled_at_ms is None else to_instant(account.disabled_at_ms),
    )


def to_session(session: model.Session) -> wire.Session:
    """A session with its two tokens."""
    return wire.Session(
        token=session.access.token,
        refresh_token=session.refresh_token,
        expires_at=to_instant(session.access.expires_at_ms),
        user=to_user(session.account),
    )


def to_open_session(session: model.OpenSession, *, current_id: int) -> auth_accounts.OpenSession:
    """A place where somebody is logged in."""
    return auth_accounts.OpenSession(
        id=session.id,
        device=session.device,
        address=session.address,
        created_at=to_instant(session.created_at_ms),
        last_used_at=to_instant(session.last_used_at_ms),
        expires_at=to_instant(session.expires_at_ms),
        is_current=session.id == current_id,
    )


def to_revocations(page: RevocationPage) -> auth_accounts.Revocations:
    """A page of the feed."""
    return auth_accounts.Revocations(
        users=tuple(
            auth_accounts.RevokedUser(user_id=user_id, version=version)
            for user_id, version in page.users
        ),
        sessions=page.sessions,
        cursor=page.cursor,
        more=page.more,
    )


def to_contact(account: model.Account) -> wire.Contact:
    """How to reach the owner of an account."""
    return wire.Contact(
        user_id=account.id, email=account.email, name=account.name, phone=account.phone
    )


def to_provisioned(user: model.Provisioned) -> wire.ProvisionedUser:
    """A sandbox user."""
    return wire.ProvisionedUser(user_id=user.user_id, email=user.email, token=user.access.token)
