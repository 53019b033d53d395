"""Where a message enters: the server side of RFC 5321."""
