"""Words of effects: acks, receipts and alerts, each in the language of the person who reads it.

In goes an effect; out come subject, text and HTML. `contexts` says all that a template may say,
`render` says it. Texts claim nothing that the effect and the policy don't hold.
"""

from gateway.wording.render import Templates

__all__ = ["Templates"]
