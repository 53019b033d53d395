"""In which language a message is written: by its commonest words, else as its mail program says.

Words come first because many programs write their own language into Content-Language, not the text's.
A guess for the choice of a template, nothing more; empty where unsure.
"""

from __future__ import annotations

import re

from gateway.core.message.words import clean, tokens

_LETTERS = 20_000
#: Words that are common in one of the languages and rare in the others, as `words.fold` writes them.
_COMMON = {
    "en": "the and you that have for not with this but they from what would there been my your i it is was are to of",
    "de": "der die und ich nicht das ist sie ein mit sich auf den wir mir mich auch es zu haben wie wenn habe war sind",
    "fr": "le la les et je vous que pas est une des pour dans ne ce qui avec suis mais nous sur au merci bonjour ai",
    "es": "el los las que y yo no es una por con para lo como pero muy estoy usted mi gracias hola del se he esta",
    "it": "il che di non e un una per sono con lo gli ma mi ho anche grazie della ciao del questo come piu io nel",
    "nl": "het een en ik niet dat van je is met voor maar heb zijn ook naar wel mijn wij ben kan deze bij hoe op",
    "pt": "o que e nao um uma os com eu mas voce por mais muito obrigado obrigada ola estou minha meu do da em isso",
}
_LANGUAGES: dict[str, frozenset[str]] = {code: frozenset(words.split()) for code, words in _COMMON.items()}
#: Each of these words with the languages that it is common in.
_SPEAKERS = {
    word: [code for code, words in _LANGUAGES.items() if word in words]
    for words in _LANGUAGES.values()
    for word in words
}
_TAG = re.compile(r"\s*([A-Za-z]{2,3})(?:-[A-Za-z0-9-]{1,40})?\s*(?:,|$)")


def guess(text: str, content_language: str) -> str:
    """ISO 639 code; empty where neither the words nor the header field tell."""
    keys = [token.key for token in tokens(clean(text[:_LETTERS]))]
    counted = dict.fromkeys(_LANGUAGES, 0)
    for key in keys:
        for speaker in _SPEAKERS.get(key, ()):
            counted[speaker] += 1
    (best, code), (second, _) = sorted(((count, code) for code, count in counted.items()), reverse=True)[:2]
    if best >= 3 and best >= second * 1.3 and best * 10 >= len(keys):
        return code
    tag = _TAG.match(content_language)
    return tag[1].lower() if tag else ""
