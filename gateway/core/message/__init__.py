"""RFC 5322 in and out: bytes to facts, facts to bytes."""
