"""Everything that touches a disk or a database; knows nothing of HTTP or of the actors."""
