"""Backups of the embedded database: one file with everything but salts, tokens of the open day, and the secret."""
