"""How long the shop keeps trying whom."""

from demo_shop.card_client import CardDeclined, CardProcessorUnavailable
from demo_shop.letters import LetterNotSent
from pgworkflows import Retry

# Some seconds, and then the customer is told.
# Only a decline is a definite no: after anything else the money may have moved.
CARD = Retry(max_attempts=5, initial=0.5, maximum=15, on=(CardProcessorUnavailable,), give_up_on=(CardDeclined,))
# Money that is owed is owed tomorrow too.
REFUND = Retry(max_attempts=100, initial=0.5, maximum=3600, on=(CardProcessorUnavailable,))
LETTER = Retry(max_attempts=30, initial=1, maximum=3600, on=(LetterNotSent,))
