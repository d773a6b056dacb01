from __future__ import annotations

import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clara.documents import chunk, chunk_all, sentences
from clara.records import Document, Page


def _document(*texts: str, name: str = "survey") -> Document:
    pages = tuple(Page(number=number, text=text) for number, text in enumerate(texts, 1))
    return Document(name=name, path=f"{name}.pdf", pages=pages)


def _words(text: str) -> int:
    return len(text.split())


# Lengths as tokenizers give them: of words, of bytes, and one that a longer text may shorten.
counters = st.sampled_from(
    [_words, lambda text: len(text.encode()), lambda text: len(re.findall(r"\w{1,4}\b|\w|[^\w\s]", text))]
)
prose = st.lists(
    st.text(st.sampled_from('ab 가나 中文 .!?。\n"’é🌊'))
    | st.just("x" * 90)
    | st.just("The tide is 3.5 m high. "),
    max_size=5,
)


# Sentences


@pytest.mark.parametrize(
    "marked",
    [
        "Dr. Renn and Prof. Orde sailed. | It rained.",
        "See e.g. Fig. 3 and No. 4 here. | It rose by 3.5 metres.",
        "J. S. Bach and the U.S. Navy met. | Nobody came.",
        "It was shown by Orde et al. (2019) and others, p. 12 there. | He agreed.",
        "“Is it silting up?” she asked. | “It is!” | So they went home.",
        "(This is an aside.) | The rest follows [1]. | [See there.]",
        "It was built in 1911. | The mole is older.",
        "5. Why the harbour fills",
        "Wait... what now? | He said no. | Then he left",
        "He wrote ‘stop.’ | 2029 will tell.",
        "항구는 작다. | 조수는 크다! | 왜 그럴까?",
        "회의는 2023. 4. 16. 열렸다. | 다음 회의는 2023.5.7.에 열린다.",
        "가. 점검 항목은 다음과 같다. | 나머지는 뒤에 둔다.",
        "제3조. 이 규정은 내일부터 쓴다.",
        "港口很小。|真的吗？|「是的。」|潮水很大！",
    ],
)
def test_sentences_end_where_a_reader_ends_them(marked):
    expected = [part.strip() for part in marked.split("|")]
    assert sentences(marked.replace(" |", "").replace("|", "")) == expected


def test_a_newline_ends_a_sentence_and_white_space_collapses():
    assert sentences("1. A heading\nIt  was\tsmall. It grew.") == [
        "1. A heading",
        "It was small.",
        "It grew.",
    ]


def test_no_text_has_no_sentences():
    assert sentences(" \n ") == []


@given(prose.map(" ".join))
def test_sentences_restore_the_text(text):
    found = sentences(text)
    assert "".join("".join(found).split()) == "".join(text.split())
    assert all(sentence == " ".join(sentence.split()) != "" for sentence in found)


# Chunks


@given(prose, counters, st.integers(20, 60), st.integers(0, 2))
def test_no_chunk_is_longer_than_allowed(texts, count, max_tokens, overlap):
    for one in chunk(_document(*texts), count, max_tokens, overlap):
        assert one.tokens == count(one.text) <= max_tokens


@given(prose, counters, st.integers(20, 60))
def test_chunks_without_overlap_restore_the_text(texts, count, max_tokens):
    chunks = chunk(_document(*texts), count, max_tokens, overlap_sentences=0)
    assert "".join("".join(one.text.split()) for one in chunks) == "".join("".join(texts).split())


lengths = st.lists(st.integers(1, 30), min_size=1, max_size=20)


def _numbered(lengths: list[int]) -> list[str]:
    return [f"S{number}{' w' * (length - 1)}." for number, length in enumerate(lengths)]


@given(lengths, st.integers(6, 40))
def test_words_come_in_order_and_only_a_sentence_too_long_is_cut(lengths, max_tokens):
    written = _numbered(lengths)
    chunks = chunk(_document(" ".join(written)), _words, max_tokens, overlap_sentences=0)
    assert " ".join(one.text for one in chunks) == " ".join(written)
    fitting = [sentence for sentence in written if _words(sentence) <= max_tokens]
    assert all(any(sentence in one.text for one in chunks) for sentence in fitting)


@given(st.lists(st.integers(1, 12), min_size=1, max_size=20), st.integers(12, 40))
def test_a_chunk_begins_with_its_predecessors_last_sentence_where_there_is_room(lengths, max_tokens):
    written = _numbered(lengths)
    found = [sentences(one.text) for one in chunk(_document(" ".join(written)), _words, max_tokens)]
    for before, after in pairwise(found):
        fresh = written[written.index(before[-1]) + 1]
        if _words(before[-1]) + _words(fresh) <= max_tokens:
            assert after[:2] == [before[-1], fresh]
        else:
            assert after[0] == fresh


@given(st.lists(st.integers(1, 12), min_size=1, max_size=20), st.integers(12, 40))
def test_a_chunk_ends_only_where_the_next_sentence_would_not_fit(lengths, max_tokens):
    written = _numbered(lengths)
    chunks = chunk(_document(" ".join(written)), _words, max_tokens)
    for one in chunks[:-1]:
        following = written[written.index(sentences(one.text)[-1]) + 1]
        assert one.tokens + _words(following) > max_tokens


def test_two_sentences_of_overlap_are_two():
    chunks = chunk(_document("A a. B b. C c. D d."), _words, max_tokens=6, overlap_sentences=2)
    assert [one.text for one in chunks] == ["A a. B b. C c.", "B b. C c. D d."]


def test_a_sentence_over_a_page_break_reads_on_and_knows_both_pages():
    document = _document("It was small. What lies above the band", "", "has settled since. It is mud.")
    chunks = chunk(document, _words, max_tokens=8, overlap_sentences=0)
    assert [(one.text, one.pages) for one in chunks] == [
        ("It was small.", (1,)),
        ("What lies above the band has settled since.", (1, 3)),
        ("It is mud.", (3,)),
    ]


def test_the_pieces_of_a_long_sentence_know_their_own_pages():
    chunks = chunk(_document("one two three", "four five six."), _words, max_tokens=3)
    assert [(one.text, one.pages) for one in chunks] == [("one two three", (1,)), ("four five six.", (2,))]


def test_a_sentence_too_long_is_cut_between_words_and_a_word_too_long_between_characters():
    chunks = chunk(_document("ab cd abcdefgh."), len, max_tokens=6, overlap_sentences=0)
    assert [one.text for one in chunks] == ["ab cd", "abcdef", "gh."]


def test_a_script_without_spaces_is_cut_between_characters():
    chunks = chunk(_document("港口很小而且潮水很大。"), len, max_tokens=5)
    assert [one.text for one in chunks] == ["港口很小而", "且潮水很大", "。"]


def test_chunks_are_numbered_within_their_document():
    chunks = chunk_all([_document("A a. B b."), _document("C c.", name="note")], _words, max_tokens=2)
    assert [(one.id, one.document) for one in chunks] == [
        ("survey#001", "survey"),
        ("survey#002", "survey"),
        ("note#001", "note"),
    ]


def test_a_document_without_text_has_no_chunks():
    assert chunk(_document("", ""), _words) == []


def test_a_limit_that_holds_no_character_is_refused():
    with pytest.raises(ValueError, match="max_tokens is too small: '🌊'"):
        chunk(_document("🌊"), lambda text: len(text.encode()), max_tokens=2)


def test_a_negative_overlap_is_refused():
    with pytest.raises(ValueError, match="overlap_sentences is -1"):
        chunk(_document("A a."), _words, overlap_sentences=-1)
