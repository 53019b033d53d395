"""Time that may be billed, as a pure function of events and policy."""
