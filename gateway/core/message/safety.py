"""Whether the writer says that an answer may harm them: somebody else reads their mail.

A plain list of phrases in each language; one of them anywhere in subject or new text is enough. A false alarm costs
one ack, and the therapist is told why; a miss may cost far more. The phrases are Handrail's own.
"""

from __future__ import annotations

from gateway.core.message.words import clean, spellings, tokens

_PHRASES = """
do not reply to this address
dont reply to this address
do not reply to this email
dont reply to this email
please do not reply to this
please dont reply to this
please dont reply by email
please do not reply by email
please dont answer this email
do not answer this email
dont answer this email
please dont email back
please do not email back
dont email me back
do not email me back
dont write back
do not write back
please dont respond to this
dont email me here
dont email me at this address
not safe to reply
not safe to email
isnt safe to email
not safe to write
he reads my email
he reads my emails
he reads my mail
he reads my messages
he is reading my email
he is reading my emails
hes reading my emails
she reads my email
she reads my emails
she reads my messages
they read my emails
he checks my email
he checks my emails
he checks my phone
she checks my phone
he goes through my phone
he goes through my emails
he has my password
he knows my password
he can see my emails
he can read my emails
he can see this account
antworten sie nicht auf diese
antworte nicht auf diese
bitte nicht auf diese mail antworten
bitte nicht auf diese e mail antworten
bitte nicht antworten
bitte antworten sie nicht
bitte antworte nicht
bitte nicht zurückschreiben
schreiben sie mir nicht zurück
schreiben sie nicht zurück
schreib nicht zurück
schreib mir nicht zurück
nicht an diese adresse antworten
er liest meine mails
er liest meine e mails
er liest meine nachrichten
er liest alles mit
er liest mit
sie liest meine mails
sie liest meine e mails
sie liest meine nachrichten
mein mann liest meine mails
mein mann liest mit
mein freund liest meine mails
er kontrolliert mein handy
sie kontrolliert mein handy
er kontrolliert meine mails
er kennt mein passwort
er hat mein passwort
ne répondez pas à cette adresse
ne répondez pas à ce mail
ne répondez pas à cet email
ne me répondez pas
ne pas répondre à cette adresse
il lit mes mails
il lit mes messages
elle lit mes mails
il surveille mon téléphone
no responda a esta dirección
no responda a este correo
no me responda
no me conteste
lee mis correos
lee mis mensajes
revisa mi teléfono
non rispondere a questo indirizzo
non risponda a questo indirizzo
non risponda a questa mail
legge le mie mail
legge i miei messaggi
controlla il mio telefono
niet antwoorden op dit adres
antwoord niet op dit adres
antwoord niet op deze mail
hij leest mijn mail
hij leest mijn berichten
hij controleert mijn telefoon
não responda a este endereço
não responda a este email
ele lê meus emails
ele lê minhas mensagens
ele lê as minhas mensagens
"""

_BY_FIRST: dict[str, set[tuple[str, ...]]] = {}
for _phrase in _PHRASES.strip().splitlines():
    for _keys in spellings(_phrase):
        _BY_FIRST.setdefault(_keys[0], set()).add(_keys)


def answering_unsafe(*texts: str) -> bool:
    """Whether one of the texts says so."""
    return any(_says_so([token.key for token in tokens(clean(text))]) for text in texts)


def _says_so(keys: list[str]) -> bool:
    return any(
        tuple(keys[at : at + len(phrase)]) == phrase
        for at, key in enumerate(keys)
        if key in _BY_FIRST
        for phrase in _BY_FIRST[key]
    )
