"""The one error the embedded PostgreSQL raises on purpose."""


class EmbeddedError(Exception):
    """One sentence for a person: what is wrong with the embedded PostgreSQL and what to mend."""
