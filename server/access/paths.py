"""Addresses that several parts of the way in have to name."""

from typing import Final

LOGIN: Final = "/login"
LOGOUT: Final = "/logout"
HOME: Final = "/dashboard"
SHARED: Final = "/shared/"
"""What is behind a share link is at `/shared/LINK/...`."""


def is_shared(path: str) -> bool:
    """Whether this address is behind a share link, where no other way in counts."""
    return path.startswith(SHARED)
