"""The operator's API (DESIGN §3): figures, leaderboards, the catalog, and a document of every route."""

from .blueprint import ACCESS, Api, blueprint

__all__ = ["ACCESS", "Api", "blueprint"]
