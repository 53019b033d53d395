"""What the admin configured, typed and frozen."""
