"""What asks for nothing that can be done here, and is answered with a friendly line. Pure."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping


class Courtesy(StrEnum):
    """What asks for nothing that can be done here, and is answered with a friendly line."""

    THANKS = "thanks"
    OK = "ok"
    BYE = "bye"
    NEVER_MIND = "never mind"
    YES = "yes"
    BY_HAND = "a status set by hand"


_ME = "(me|my status|my presence|myself)"
_BY_HAND = (
    "(busy|available|away|offline|online|dnd|do not disturb|out of office|be right back|brb"
    "|appear away|appear offline|invisible|green|red|yellow)"
)
_BY_HAND_ALONE = "(busy|available|offline|online)"
FRIENDLY: Final[Mapping[Courtesy, tuple[str, ...]]] = {
    Courtesy.THANKS: (
        "(danke|vielen dank|danke schön|merci|merci beaucoup|gracias|muchas gracias|grazie"
        "|obrigado|obrigada|tack|bedankt|dzięki|kiitos)", "(😊|🙂|😀|😃|😄|💪|🥳|💯|🙌|🎊)",
        "(thanks|thank you|thx|ty|cheers|great|cool|nice|perfect|awesome|excellent|wonderful"
        "|brilliant|lovely|super|well done|good job|👍|👏|🙏|❤️|❤|🎉)( a lot| so much| very much"
        "| bot| again|)", "many thanks", "it works", "that works", "works",
    ),
    Courtesy.OK: (
        "(ok|okay|k|alright|all right|fine|good|got it|understood|i see|sure|👌|✅)", "no problem",
        "(sounds|looks) good", "will do",
    ),
    Courtesy.BYE: (
        "(bye|goodbye|bye bye|good night|see you|see you later|see you soon|cya|ciao|tschüss|👋)",
        "(auf wiedersehen|au revoir|adiós|adios|arrivederci|hej då)",
        "have a (nice|good|great) (day|evening|weekend|one)",
    ),
    Courtesy.NEVER_MIND: (
        "(never mind|nevermind|no|nope|nah|no thanks|no thank you|not now|not yet|forget it"
        "|forget that|leave it|cancel|cancel that|do nothing|nothing|skip|wrong chat|sorry|oops)",
        "(keep|leave) it (on|off|as it is|that way|like that|running|alone)",
        "(keep|leave) (everything|things) as (it is|they are)",
        "(nein|nein danke|non|non merci|no gracias|nee|nej)", "maybe later", "later", "n",
    ),
    Courtesy.YES: (
        "(yes|yep|yeah|y|yes do|yes do it|do it|go ahead|sure go ahead|confirm)",
        "(ja|oui|sí|si|ja bitte|ja gerne|oui merci)",
    ),
    Courtesy.BY_HAND: (
        f"(set|make|show|mark|put|change|switch) {_ME}( to| as| on| in|) {_BY_HAND}",
        f"(set|show) {_BY_HAND}", f"i want to be {_BY_HAND}", f"i am {_BY_HAND_ALONE}",
        "(dnd|do not disturb|do not disturb me)",
    ),
}  # fmt: skip
"""What people say, as rows of `bot.grammar.intents`."""
