"""Words of effects: every mail that the gateway writes, each in the language of the person who reads it.

In goes an effect; out come subject, text and HTML. `contexts` says all that a template may say, `render` says it,
`cards` says a policy. Texts claim nothing that the effect and the policy don't hold.
"""

from gateway.wording.premises import Premises
from gateway.wording.render import Templates
from gateway.wording.samples import Sample
from gateway.wording.sent import is_sent
from gateway.wording.shelf import MESSAGES

__all__ = ["MESSAGES", "Premises", "Sample", "Templates", "is_sent"]
