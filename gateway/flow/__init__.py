"""The imperative shell's own story: a message arrives, the mailbox changes, time passes.

Each file carries facts into the pure decision of the same name and its effects out. No adapter is imported here.
"""
