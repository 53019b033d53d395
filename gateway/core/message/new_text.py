"""The words that are new: without what is quoted from earlier mail, without signature.

Works line by line with a bounded look ahead, so linear on any text. Where it is unsure it keeps: what a client wrote
must not be lost, and a colon is not enough to call a line somebody else's. So answers between quoted lines stay, and
so do those below; an attribution whose text is not marked as quoted must show a time and an address to end what is new.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_LONGEST_LINE = 400
_LONGEST_SIGNATURE = 10
_MOST_SIGNATURES = 20

_WROTE = re.compile(
    r"\b(?:wrote|writes|schrieb|geschrieben|a écrit|ha scritto|escribió|schreef|skrev|kirjoitti|escreveu)\b"
)
#: How attributions begin; one of these may be wrapped over up to three lines.
_OPENINGS = ("on ", "am ", "le ", "el ", "il ", "op ", "em ", "den ", "på ")
_TIME = re.compile(r"\b\d{1,2}[:.h]\d{2}\b")

#: Labels of the header block that Outlook puts over a quote, in its languages; the first is From.
_LABELS: dict[str, int] = {
    **dict.fromkeys(("from", "von", "de", "da", "van", "från", "fra", "lähettäjä"), 0),
    **dict.fromkeys(("sent", "gesendet", "envoyé", "enviado", "enviado el", "enviada em", "inviato", "verzonden"), 1),
    **dict.fromkeys(("date", "datum", "fecha", "data", "skickat", "sendt", "dato", "lähetetty"), 1),
    **dict.fromkeys(("to", "an", "à", "a", "para", "aan", "till", "til", "vastaanottaja"), 2),
    **dict.fromkeys(("subject", "betreff", "objet", "asunto", "oggetto", "onderwerp", "assunto", "ämne", "emne"), 3),
    **dict.fromkeys(("cc", "kopie", "kopia", "kopi"), 4),
}
#: Words on the ruled line over a quoted or forwarded message.
_RULED = (
    "original message", "ursprüngliche nachricht", "originalnachricht", "message d'origine", "messaggio originale",
    "mensaje original", "mensagem original", "oorspronkelijk bericht", "ursprungligt meddelande",
    "forwarded message", "weitergeleitete nachricht", "message transféré", "messaggio inoltrato",
    "mensaje reenviado", "mensagem encaminhada", "doorgestuurd bericht", "vidarebefordrat meddelande",
)  # fmt: skip
_FORWARDS = (
    "begin forwarded message:", "anfang der weitergeleiteten nachricht:", "début du message transféré",
    "début du message réexpédié", "inicio del mensaje reenviado:", "inizio messaggio inoltrato:",
    "begin doorgestuurd bericht:", "início da mensagem encaminhada:", "vidarebefordrat brev:",
)  # fmt: skip

#: A mobile signature is one of these openings, and after it nothing but names of devices and programs.
_SENT_FROM = re.compile(
    r"(?:sent (?:from|via|with)|get|von meinem|von meiner|gesendet (?:von|mit|über)|diese nachricht wurde von|"
    r"envoyé (?:de|depuis|à partir de)|télécharger|enviado (?:desde|de|do|a partir do)|obtener|inviato (?:da|dal)|"
    r"scarica|verzonden (?:vanaf|met|vanuit)|skickat från|skickades från|sendt fra|hent|lähetetty)\s+(.*)"
)
_DEVICE_WORDS = """
my mein meinem meiner mon ma mi mijn meu min mio il der die das dem den the le la el o de do da du
for für pour para per voor för from van von via with mit using über gesendet versendet geschickt sent mobile
mobil mobiles mobilen mobilgerät móvil mobiel mobiltelefon smartphone handy phone telefon device gerät app apps
iphone ipad ipod ios apple watch android samsung galaxy huawei xiaomi redmi pixel google oneplus nokia sony xperia
blackberry windows mail e email gmail outlook hotmail yahoo gmx web t online freenet proton protonmail tutanota
fairmail k9 k aqua aol icloud thunderbird bluemail spark pro max plus mini ultra s a lte 4g 5g iphonesta puhelimesta
"""
_DEVICES = frozenset(_DEVICE_WORDS.split())
_POSTSCRIPT = re.compile(r"\s*p\.? ?p?\.?s\.?\b", re.IGNORECASE)
_NOT_LETTERS = re.compile(r"[\W_]+")


@dataclass(slots=True)
class Split:
    """The new text, and what is quoted. A signature is in neither."""

    new: str
    quoted: str


@dataclass(slots=True)
class _Pile:
    new: list[str] = field(default_factory=list)
    quoted: list[str] = field(default_factory=list)
    #: Lines of two dashes so far. Each is looked behind, so they are counted.
    dashes: int = 0

    def may_sign(self, line: str) -> bool:
        """Whether a signature may begin here."""
        dashes = line.rstrip() == "--"
        self.dashes += dashes
        return dashes and self.dashes <= _MOST_SIGNATURES


def split(text: str) -> Split:
    """Part a text (LF line ends) in what is new and what is quoted."""
    lines, pile, at = text.rstrip().split("\n"), _Pile(), 0
    while at < len(lines):
        if lines[at].lstrip().startswith(">"):
            pile.quoted.append(lines[at])
            at += 1
        elif _opens_quote(lines, at):
            pile.quoted += lines[at:]
            break
        elif (count := _attribution(lines, at)) > 0:
            pile.quoted += lines[at : at + count]
            at += count
        elif _sent_from(lines[at]):
            at += 1
        elif pile.may_sign(lines[at]) and (count := _signature(lines, at)) > 0:
            at += count
        else:
            pile.new.append(lines[at])
            at += 1
    return Split("\n".join(pile.new).strip(), "\n".join(pile.quoted).strip())


def _opens_quote(lines: list[str], at: int) -> bool:
    """Whether everything from here on is a message that is quoted without marks."""
    line = lines[at]
    bare = line.strip()
    if not bare or len(line) > _LONGEST_LINE:
        return False
    low = bare.lower()
    if low.startswith(_FORWARDS) or (bare[0] in "-_" and any(words in low for words in _RULED)):
        return True
    ruled = len(bare) > 4 and set(bare) == {"_"}
    return _header_block(lines, at + 1 if ruled else at)


def _header_block(lines: list[str], at: int) -> bool:
    if at >= len(lines) or _label(lines[at]) != 0:
        return False
    labels = {label for line in lines[at : at + 6] if (label := _label(line)) is not None}
    return len(labels) >= 3 and 3 in labels


def _label(line: str) -> int | None:
    name, colon, _ = line[:40].strip("*\t \u00a0").partition(":")
    return _LABELS.get(name.strip("* \u00a0").lower()) if colon else None


def _attribution(lines: list[str], at: int) -> int:
    """How many lines from here on say who wrote what follows, with all of it where it is not marked as a quote."""
    first = lines[at].strip()
    low = first.lower()
    for size in (1, 2, 3) if low.startswith(_OPENINGS) and first[-1] not in ".!?" else (1,):
        wrapped = [line.strip() for line in lines[at : at + size]]
        if not all(wrapped) or sum(map(len, wrapped)) > _LONGEST_LINE:
            return 0
        joined = " ".join(wrapped).lower()
        if joined.endswith(":") and _WROTE.search(joined):
            return _attributed(lines, at + size, joined, size)
    return 0


def _attributed(lines: list[str], after: int, joined: str, size: int) -> int:
    following = after
    while following < len(lines) and not lines[following].strip():
        following += 1
    if following < len(lines) and lines[following].lstrip().startswith(">"):
        return size
    return len(lines) - (after - size) if "@" in joined and _TIME.search(joined) else 0


def _signature(lines: list[str], at: int) -> int:
    """How many lines from this line of two dashes on are a signature (RFC 3676 4.3)."""
    end = at + 1
    while end < min(len(lines), at + 2 + _LONGEST_SIGNATURE) and not _after_signature(lines, end):
        end += 1
    whole = end == len(lines) or _after_signature(lines, end)
    return end - at if whole and (lines[at] == "-- " or all(map(_no_sentence, lines[at + 1 : end]))) else 0


def _after_signature(lines: list[str], at: int) -> bool:
    line = lines[at]
    quote = line.lstrip().startswith(">") or _opens_quote(lines, at) or _attribution(lines, at) > 0
    return quote or bool(_POSTSCRIPT.match(line))


def _no_sentence(line: str) -> bool:
    """People also rule off a thought with two dashes; what follows then reads as sentences do."""
    return len(line) <= 70 and not line.rstrip().endswith((".", "!", "?", "…"))


def _sent_from(line: str) -> bool:
    """Whether it is the line that a phone or its program adds."""
    if len(line) > 80:
        return False
    found = _SENT_FROM.fullmatch(line.strip().lower())
    words = _NOT_LETTERS.sub(" ", found[1]).split() if found else []
    return bool(words) and all(word in _DEVICES or word.isdigit() for word in words)
