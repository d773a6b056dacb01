"""What a word is, in any script."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clara.text import LANGUAGES, SEPARATED, bare, fold, plain, script, segments, spellings, stands_in, words

texts = st.text(st.sampled_from("ab é한글은이國カが漢字ไทยहिन्दी0１²½.,-− \n"), max_size=30)


@pytest.mark.parametrize(
    ("text", "family"),
    [
        ("How deep is the basin?", "latin"),
        ("Größe und Tiefe", "latin"),
        ("", "latin"),
        ("1,200 / 41", "latin"),
        ("Who founded 神戸 Harbour?", "latin"),
        ("분지의 깊이는?", "hangul"),
        ("CLaRa와 LoRA의 차이는?", "hangul"),
        ("大韓民國은 무엇인가", "hangul"),
        ("測量は北からか", "kana"),
        ("ＣＬａＲａの測量船", "kana"),
        ("ﾄｳｷｮｳ", "kana"),
        ("北京有多深", "han"),
        ("GPU集群在哪里", "han"),
        ("ทะเลลึกเท่าไร", "thai"),
        ("Как глубока котловина", "other"),
        ("घाटी कितनी गहरी है", "other"),
        ("ما عمق الحوض", "other"),
    ],
)
def test_script_of_a_text(text, family):
    assert script(text) == family
    assert script(unicodedata.normalize("NFD", text)) == family


def test_a_fifth_of_the_letters_makes_a_text_korean():
    assert script("abcd" + "산") == "hangul"
    assert script("abcde" + "산") == "latin"


@given(st.text())
def test_every_text_has_a_script_with_a_name(text):
    assert script(text) in LANGUAGES
    assert set(LANGUAGES) >= SEPARATED


@given(texts)
def test_words_and_plain_do_not_care_about_composition(text):
    decomposed = unicodedata.normalize("NFD", text)
    assert words(decomposed) == words(text)
    assert plain(decomposed) == plain(text)


@given(texts)
def test_plain_text_stays_as_it_is(text):
    once = plain(text)
    assert plain(once).replace("-", "").replace(".", "") == once.replace("-", "").replace(".", "")


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("１２㎞", "12km"),
        ("ﬁn", "fin"),
        ("10²", "10²"),
        ("m²", "m2"),
        ("1½", "1½"),
        ("25℃", "25°C"),
        ("ｶﾞ", "ガ"),
    ],
)
def test_compatibility_forms_are_folded_where_the_number_stays(text, folded):
    assert fold(text) == folded


@pytest.mark.parametrize(
    ("word", "stem"),
    [
        ("서울은", "서울"),
        ("서울에서는", "서울"),
        ("서울로부터의", "서울"),
        ("1392년에", "1392년"),
        ("clara는", "clara"),
        ("12km를", "12km"),
        ("이순신입니다", "이순신"),
        ("길이는", "길"),  # 길이 is a noun: the price of a rule without a dictionary, paid by both texts
        ("이", "이"),
        ("십이", "십이"),
        ("이십이는", "이십이"),
        ("3만", "3만"),
        ("25도", "25도"),
        ("온도", "온도"),
        ("harbour", "harbour"),
        ("が", "が"),
    ],
)
def test_particles_come_off_where_a_stem_remains(word, stem):
    assert bare(word) == stem


@given(texts)
def test_a_bare_word_is_bare(text):
    for word in plain(text).split():
        assert bare(word)
        assert bare(bare(word)) == bare(word)


@given(texts)
def test_segments_are_the_word(text):
    for word in words(text):
        assert "".join(segments(word)) == word


def test_segments_are_characters_where_no_spaces_are_set():
    assert segments("北のclara型12") == ["北", "の", "clara", "型", "12"]
    assert segments("북쪽") == ["북쪽"]


def test_numbers_are_not_written_together():
    assert spellings(["1", "2"]) == {"1 2"}
    assert spellings(["12", "km"]) == {"12km"}
    assert spellings(["10", "-5"]) == {"10 -5"}


@pytest.mark.parametrize(
    ("keyword", "text"),
    [
        ("basin", "The Basin, 41 metres deep"),
        ("forty-one metres", "a depth of forty-one metres"),
        ("41", "41m deep"),
        ("41", "41미터입니다"),
        ("12 km", "12km를 갔다"),
        ("1200", "1,200 tonnes"),
        ("분지", "북쪽 분지에서는"),
        ("북쪽분지", "그 북쪽 분지의 깊이"),
        ("북쪽 분지", "북쪽분지"),
        ("clara", "CLaRa는"),
        ("測量", "北の測量船"),
        ("1392년", "1392년에"),
    ],
)
def test_keyword_stands_in_a_text(keyword, text):
    assert stands_in(keyword, text)


@pytest.mark.parametrize(
    ("keyword", "text"),
    [
        ("basin", "basins"),
        ("metre", "41 metres"),
        ("forty-one metres", "forty metres and one"),
        ("5", "2.5 km"),
        ("2", "2.5 km"),
        ("5", "-5 degrees"),
        ("12", "1 2"),
        ("10", "10²"),
        ("41", "41만 명"),
        ("16", "F16"),
        ("분지", "분지역"),
        ("분지", "대분지"),
        ("", "basin"),
        ("…", "basin…"),
        ("basin", ""),
    ],
)
def test_keyword_does_not_stand_in_a_text(keyword, text):
    assert not stands_in(keyword, text)


@given(texts, texts, texts)
def test_a_word_stands_in_a_text_that_has_it(before, word, after):
    for keyword in plain(word).split():
        assert stands_in(keyword, f"{before} {keyword} {after}") or not any(map(str.isalnum, keyword))
