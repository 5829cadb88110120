"""One file per concern; the actors meet only through the channels of `actors.messages`."""
