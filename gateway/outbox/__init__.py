"""What we still have to say: effects claimed from the outbox, worded, composed, handed to the smart host, settled."""
