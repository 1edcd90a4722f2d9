"""Which language somebody reads, and the words of the page in it."""

from functools import cache
from gettext import GNUTranslations, NullTranslations, translation
from pathlib import Path

from fastapi import Request

LANGUAGES = {"en": "English", "de": "Deutsch"}
COOKIE = "language"
LOCALE = Path(__file__).parent / "locale"
DOMAIN = "lightbox"

_SOURCE = "en"  # the language of the templates
_LONGEST = 200  # characters of Accept-Language that are looked at


def language_of(request: Request) -> str:
    """That of the visitor's choice, or the one that the browser likes best of those there are."""
    chosen = request.cookies.get(COOKIE, "")
    return chosen if chosen in LANGUAGES else liked_best(request.headers.get("accept-language", ""))


def liked_best(accepted: str) -> str:
    """The language that an Accept-Language (RFC 9110 12.5.4) likes best, English where it has none."""
    liked: dict[str, float] = {}
    for each in accepted[:_LONGEST].split(","):
        tag, _, quality = each.partition(";")
        language = tag.strip().lower().partition("-")[0]
        try:
            weight = float(quality.partition("=")[2]) if quality.strip() else 1.0
        except ValueError:
            weight = 0.0
        if language in LANGUAGES and 0 < weight <= 1:
            liked[language] = max(weight, liked.get(language, 0.0))
    return max(liked, key=lambda language: liked[language], default=_SOURCE)


@cache
def words(language: str) -> GNUTranslations | NullTranslations:
    """The words of a language; the templates are in English."""
    if language == _SOURCE:
        return NullTranslations()
    return translation(DOMAIN, LOCALE, [language], fallback=True)


@cache
def meanings(language: str) -> dict[str, str]:
    """What terms of the standard, and of this house, mean in a language."""
    _, pgettext = words(language).gettext, words(language).pgettext
    return {
        "PENDING": pgettext("state", "pending"),
        "PRINTING": pgettext("state", "printing"),
        "DONE": pgettext("state", "done"),
        "FAILURE": pgettext("state", "failure"),
        "HELD": pgettext("state", "held"),
        "WAITING": pgettext("state", "waiting"),
        "SENDING": pgettext("state", "sending"),
        "SENT": pgettext("state", "sent"),
        "FAILED": pgettext("state", "failed"),
        "CANCELLED": pgettext("state", "cancelled"),
        "NORMAL": pgettext("state", "normal"),
        "WARNING": pgettext("state", "warning"),
        "HIGH": pgettext("priority", "high"),
        "MED": pgettext("priority", "medium"),
        "LOW": pgettext("priority", "low"),
        "error": pgettext("severity", "error"),
        "warning": pgettext("severity", "warning"),
        "note": _("note"),
        "open": _("not ended"),
        "pass": _("passed"),
        "fail": _("failed"),
    }
