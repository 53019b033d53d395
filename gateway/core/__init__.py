"""The pure heart: facts, policy, history and `now` in; effects, header fields and reasons out.

Nothing in here does I/O, reads a clock, logs or awaits.
"""
