"""The analysis of each language: stems, stop words, its own letters."""

from __future__ import annotations

import unicodedata
from concurrent.futures import ThreadPoolExecutor

import pytest
import snowballstemmer
from hypothesis import given, settings
from hypothesis import strategies as st

from ragkit.errors import SettingsError
from ragkit.text.languages import BY_NAME, LANGUAGES
from ragkit.text.words import STOP_WORDS, analyzer, terms

EVERY = [*(language.name for language in LANGUAGES), "none"]


def test_every_language_that_snowball_stems_is_there() -> None:
    """No stemmer is left out but the two that are older rules for English and Dutch; no name or code stands for two languages."""
    assert {language.name for language in LANGUAGES} == set(snowballstemmer.algorithms()) - {"porter", "dutch_porter"}
    assert len(BY_NAME) == sum(1 + len(language.codes) for language in LANGUAGES)


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("de", "Die Häuser in der Straße, STRASSEN", ["haus", "strass", "strass"]),
        ("fr", "l'été général, les généraux de l'ete", ["general", "general"]),
        ("es", "El año y los AÑOS de la cancion, canción", ["año", "años", "cancion", "cancion"]),
        ("pt", "As canções e a canção", ["canco", "canca"]),
        ("tr", "İSTANBUL ve KIZILIRMAK", ["istanbul", "kızılırmak"]),
        ("ru", "ёлки и елка", ["елк", "елк"]),
        ("el", "Ο ΆΝΘΡΩΠΟΣ και άνθρωποι", ["ανθρωπ", "ανθρωπ"]),
        ("hi", "हिन्दी भाषाओं की किताबें", ["हिन्द", "भाष", "किताब"]),
        ("sv", "Flickorna på ön är i ett café", ["flick", "ön", "cafe"]),
        ("ro", "cărţile și cărțile", ["cart", "cart"]),
        ("none", "The engines WERE running", ["the", "engines", "were", "running"]),
        ("en", "The naïve engines", ["naïv", "engin"]),
    ],
)
def test_analysis(language: str, text: str, expected: list[str]) -> None:
    """Inflected forms and spellings of one word meet; a language's own letters stay apart."""
    assert analyzer(language).terms(text) == expected


@pytest.mark.parametrize("language", EVERY)
def test_a_language_drops_its_stop_words_and_knows_cjk(language: str) -> None:
    """A list of stop words has no terms left, however it is written; unspaced scripts become bigrams in every language."""
    analysis = analyzer(language)
    if language != "none":
        words = BY_NAME[language].stop_words
        for form in (words, unicodedata.normalize("NFD", words) if language != "english" else words):
            assert analysis.terms(form) == []
    assert analysis.terms("東京都") == ["東京", "京都"]
    assert analysis.id.startswith(f"{language}/")


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(EVERY), st.text(max_size=40))
def test_any_text_is_analysed_in_any_language(language: str, text: str) -> None:
    """No text is an error, no term is empty of characters by chance of its company: words are analysed one by one."""
    analysis = analyzer(language)
    assert analysis.terms(f"{text} {text}") == analysis.terms(text) * 2


def test_words_of_scripts_with_marks_stay_whole() -> None:
    """Vowel signs and points are part of the word, in the English analysis too."""
    assert terms("हिन्दी שָׁלוֹם") == ["हिन्दी", unicodedata.normalize("NFKC", "שָׁלוֹם")]


def test_names_and_codes() -> None:
    """A language goes by its name or code in any case; the same one is made once; another is an error with the list."""
    assert analyzer("German") is analyzer("de") is analyzer(" DEU ")
    assert analyzer("english").terms("The engines") == terms("The engines")
    assert "the" in STOP_WORDS
    with pytest.raises(SettingsError, match=r"'klingon'.*german \(de\).*or none"):
        analyzer("klingon")


def test_threads_share_a_stemmer() -> None:
    """Eight threads get the terms that one gets."""
    texts = [" ".join(f"running{chr(97 + (i * j) % 26)}ations" for j in range(50)) for i in range(40)]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(analyzer("english").terms, texts))
    again = snowballstemmer.stemmer("english")
    assert together == [again.stemWords(text.split()) for text in texts]
