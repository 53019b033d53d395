"""Pages for the admin and the policy cards: read-only, without a sign-in of their own, hence on loopback."""
