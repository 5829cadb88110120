"""The site that `make run` shows: a band of our own invention, its records, and a player with Tonearm built in."""

from .audio import prepare_audio
from .discography import CATALOG
from .pages import ACCESS, blueprint

__all__ = ["ACCESS", "CATALOG", "blueprint", "prepare_audio"]
