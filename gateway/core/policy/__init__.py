"""What a practice promises, and what follows from it for one instant."""
