"""Profiles on disk: which platform, which user. Secrets lie apart, readable by their owner only."""

from tiketi_sdk.profiles.files import config_folder, credentials_file, profiles_file
from tiketi_sdk.profiles.profile import PROFILE_DEFAULT, Profile
from tiketi_sdk.profiles.store import ProfileStore
from tiketi_sdk.profiles.stored import (
    default_profile,
    delete_profile,
    forget_ended,
    is_at_home,
    list_profiles,
    load_profile,
    load_stored,
    save_address,
    save_profile,
    set_default_profile,
)

__all__ = [
    "PROFILE_DEFAULT",
    "Profile",
    "ProfileStore",
    "config_folder",
    "credentials_file",
    "default_profile",
    "delete_profile",
    "forget_ended",
    "is_at_home",
    "list_profiles",
    "load_profile",
    "load_stored",
    "profiles_file",
    "save_address",
    "save_profile",
    "set_default_profile",
]
