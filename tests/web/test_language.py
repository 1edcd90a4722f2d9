"""Languages of the page: what a browser is answered in, and that nothing is left in English."""

import io
import re
from functools import cache
from pathlib import Path
from string import Formatter

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from hypothesis import given
from hypothesis import strategies as st

from printscp.web.language import DOMAIN, LANGUAGES, LOCALE, liked_best

WEB = LOCALE.parent
KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2), "pgettext": ((1, "c"), 2)}
OTHERS = sorted(set(LANGUAGES) - {"en"})
HOW_TO_MEND = "see docs/light-box.md, Languages"


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("", "en"),
        ("de", "de"),
        ("de-AT,de;q=0.9,en;q=0.8", "de"),
        ("en-US,en;q=0.9,de;q=0.8", "en"),
        ("fr,de;q=0.3,en;q=0.2", "de"),
        ("de;q=0", "en"),
        ("fr", "en"),
        ("*", "en"),
        ("de;q=NaN, en;q=0.1", "en"),
    ],
)
def test_a_browser_is_answered_in_what_it_likes_best(accepted: str, language: str) -> None:
    assert liked_best(accepted) == language


@given(st.text() | st.text(alphabet="deEn-;q=,.019 *", max_size=40))
def test_any_header_has_a_language(accepted: str) -> None:
    assert liked_best(accepted) in LANGUAGES


@cache
def said() -> Catalog:
    """All that templates and modules say."""
    with (LOCALE / "babel.cfg").open() as file:
        methods, options = parse_mapping_cfg(file)
    catalog = Catalog()
    for _, _, message, _, context in extract_from_dir(WEB, methods, options, keywords=KEYWORDS):
        catalog.add(message, context=context)
    return catalog


def folder(language: str) -> Path:
    return LOCALE / language / "LC_MESSAGES"


@cache
def catalog(language: str) -> Catalog:
    with (folder(language) / f"{DOMAIN}.po").open("rb") as file:
        return read_po(file, locale=language)


def plural(words: str | list[str] | tuple[str, ...]) -> list[str]:
    return [words] if isinstance(words, str) else list(words)


def keys(catalog: Catalog) -> set[tuple[str | None, str]]:
    return {(each.context, plural(each.id)[0]) for each in catalog if each.id}


def places(text: str) -> set[str]:
    """What is filled in, by either kind of braces."""
    percent = set(re.findall(r"%\((\w+)\)s", text))
    return percent | {name for _, name, _, _ in Formatter().parse(text) if name}


@pytest.mark.parametrize("language", OTHERS)
def test_every_word_is_there_in_every_language_and_no_other(language: str) -> None:
    assert keys(catalog(language)) == keys(said()), HOW_TO_MEND
    message: Message
    for message in catalog(language):
        assert all(plural(message.string)), message.id
        assert not message.fuzzy or not message.id, message.id


@pytest.mark.parametrize("language", OTHERS)
def test_what_is_filled_in_is_filled_in_in_every_language(language: str) -> None:
    for message in catalog(language):
        if message.id:
            for source, words in zip(plural(message.id), plural(message.string), strict=True):
                assert places(words) == places(source), message.id


@pytest.mark.parametrize("language", OTHERS)
def test_what_is_read_at_run_time_is_made_of_what_is_written(language: str) -> None:
    made = io.BytesIO()
    write_mo(made, catalog(language))
    assert made.getvalue() == (folder(language) / f"{DOMAIN}.mo").read_bytes(), HOW_TO_MEND


@pytest.mark.parametrize("file", sorted((WEB / "templates").glob("*.html")), ids=lambda file: file.name)
def test_a_template_says_nothing_that_cannot_be_translated(file: Path) -> None:
    text = file.read_text()
    for pattern in (
        r"\{#.*?#\}",
        r"\{%-?\s*trans.*?endtrans\s*-?%\}",
        r"\{[{%].*?[%}]\}",
        r"<!doctype html>",
    ):
        text = re.sub(pattern, "", text, flags=re.DOTALL)
    for pattern in (r"<(pre|code|kbd|option)\b.*?</\1>", r"<[^>]*>"):
        text = re.sub(pattern, " ", text, flags=re.DOTALL)
    words = set(re.findall(r"[A-Za-z]{3,}", text)) - NAMES
    assert not words


NAMES = {"printscp", "PDF", "PostScript", "TIFF", "PNG", "DICOM"}


@pytest.mark.parametrize("file", sorted((WEB / "templates").glob("*.html")), ids=lambda file: file.name)
def test_a_template_trusts_nothing(file: Path) -> None:
    text = file.read_text()
    assert not re.search(r"\|\s*safe\b|autoescape|Markup", text)
    assert not re.search(r"<style|<script(?![^>]*(?:src=|application/json))", text)
    assert not re.search(r"""<[a-z][^>{]*\s(?:style|on[a-z]+)=""", text)
