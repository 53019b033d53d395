"""Words of urgency: phrases in lexicons, and what their context says."""
