"""What arrives, what changes, what time brings: three pure decisions."""
