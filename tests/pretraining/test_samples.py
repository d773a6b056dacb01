"""Spans, questions made of them, and the samples that come of it."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from random import Random
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from clara.abstention import NO_ANSWER
from clara.errors import RecipeError
from clara.pretraining import asking
from clara.pretraining.config import Phase, SampleKind
from clara.pretraining.corpus import Passage, contexts, read_passages, read_questions
from clara.pretraining.library import Library, Sample, Wanted, around, window
from clara.pretraining.ruled import asked_by_rule
from clara.pretraining.samples import IN_VAIN, MAKERS, make_sample, make_typed
from clara.pretraining.spans import find_names, find_spans, first_names, is_person, sentences

SENTENCE = (
    "In May 1907 Ada Lindqvist measured a depth of 41 metres near Port Ostrel because of the silted channel."
)


@pytest.fixture(scope="module")
def library(text_file: Path, questions_file: Path, town_list: list[Passage]) -> Library:
    questions = read_questions([questions_file])
    share = {"towns": 0.5, "ports": 0.3, "questions": 0.2}
    passages = [*read_passages(text_file, {}), *town_list, *contexts(questions)]
    ruled = asked_by_rule(enumerate(passage.text for passage in passages))
    return Library(passages, questions, {"plain": share, "asked": share}, ruled)


def made(
    library: Library,
    kind: SampleKind,
    seed: int,
    three: float = 0.0,
    none: float = 0.0,
    *,
    longest: int = 8,
    in_vain: float = 0.0,
) -> Sample:
    return make_sample(
        library, {kind: 1.0}, three, none, Random(seed), longest_answer_words=longest, unanswerable=in_vain
    )


@given(st.text())
def test_sentences_lie_in_order_and_lose_nothing_but_blanks(text: str):
    bounds = sentences(text)
    assert all(start <= end for start, end in bounds)
    assert all(left[1] <= right[0] for left, right in pairwise(bounds))
    kept = "".join(text[start:end] for start, end in bounds)
    assert [c for c in kept if c.isalnum()] == [c for c in text if c.isalnum()]


def test_initial_or_title_ends_no_sentence():
    text = "Dr. Brell met J. Averley. They sailed."
    assert [text[start:end] for start, end in sentences(text)] == [
        "Dr. Brell met J. Averley.",
        "They sailed.",
    ]


@given(st.text())
def test_span_lies_in_its_sentence(text: str):
    assert all(0 <= span.start < span.end <= len(text) for span in [*find_spans(text, 8), *find_names(text)])


@pytest.mark.parametrize(
    ("kind", "answer"),
    [
        ("date", "May 1907"),
        ("number", "41 metres"),
        ("name", "Ada Lindqvist"),
        ("name", "Port Ostrel"),
        ("phrase", "depth"),
        ("reason", "the silted channel"),
    ],
)
def test_span_of_each_kind_is_found(kind: str, answer: str):
    assert (kind, answer) in {
        (span.kind, SENTENCE[span.start : span.end]) for span in find_spans(SENTENCE, 8)
    }


def test_people_are_known_by_first_name_or_title_of_address():
    known = first_names(["Ada Lindqvist (born 1809) was a keeper.", "Port Ostrel (founded early) is a town."])
    assert is_person("Ada Brell", "", known)
    assert is_person("Averley", "the late Mr. ", known)
    assert not is_person("Port Ostrel", "near ", known)


@pytest.mark.parametrize(
    ("before", "answer", "after", "kind", "person", "words"),
    [
        ("It was built in", "1907", "by hand.", "date", False, ("when", "year")),
        ("They counted", "41 boats", "in the bay.", "number", False, ("how many boats",)),
        ("It was built by", "Ada Lindqvist", "alone.", "name", True, ("who",)),
        ("It was lost because of", "the storm", "", "reason", False, ("why",)),
    ],
)
def test_question_word_fits_what_is_asked_for(before, answer, after, kind, person, words):
    for seed in range(20):
        question = asking.wh_question(before, answer, after, kind, person, Random(seed))
        assert any(word in question.lower() for word in words)
        assert answer not in question


def test_lost_words_never_include_the_gap():
    question = "Ada ____ the depth of the northern basin"
    for seed in range(20):
        assert asking.GAP in asking.with_words_lost(question, 0.9, Random(seed)).split()


@pytest.mark.parametrize("kind", sorted(MAKERS))
@given(seed=st.integers(0, 2**32))
def test_answer_stands_in_a_passage(library: Library, kind: str, seed: int):
    sample = made(library, kind, seed, 0.3)
    assert 1 <= len(sample.passages) <= 3
    in_vain = kind == "invented" and sample.answer == NO_ANSWER["latin"]
    assert sum(sample.answer in passage for passage in sample.passages) == (0 if in_vain else 1)


@pytest.mark.parametrize("kind", sorted(IN_VAIN))
@given(seed=st.integers(0, 2**32))
def test_passages_of_a_question_in_vain_do_not_hold_its_answer(library: Library, kind: str, seed: int):
    sample = made(library, kind, seed, 0.3, 0.1, in_vain=1.0)
    assert sample.answer == NO_ANSWER["latin"]
    assert sample.refused
    assert sample.passages
    assert not any(answer in passage for answer in sample.refused for passage in sample.passages)


def test_a_question_in_vain_may_be_about_a_name_that_its_passage_does_not_have(library: Library):
    drawn = [made(library, "written", seed, in_vain=1.0) for seed in range(100)]
    about_another = [sample for sample in drawn if any(name in sample.question for name in sample.refused)]
    assert 10 < len(about_another) < 60
    for sample in about_another:
        assert sample.refused[0] not in sample.passages[0]


def test_so_many_questions_are_asked_in_vain(library: Library):
    samples = [made(library, "written", seed, in_vain=0.2) for seed in range(300)]
    assert 0.1 < sum(bool(sample.refused) for sample in samples) / len(samples) < 0.3


def test_every_kind_of_a_recipe_has_a_maker():
    assert set(MAKERS) == set(get_args(SampleKind))


def test_kind_that_the_text_cannot_give_is_an_error(questions_file: Path):
    questions = read_questions([questions_file])
    untyped = Library(
        contexts(questions), questions, {"plain": {"questions": 1.0}, "asked": {"questions": 1.0}}
    )
    with pytest.raises(RecipeError, match="typed"):
        made(untyped, "typed", 0)


def test_typed_question_names_the_kind_of_its_answer(library: Library):
    drawn = [make_typed(library, Random(seed), Wanted(60, 8)) for seed in range(60)]
    samples = [sample for sample in drawn if sample]
    assert samples
    for sample in samples:
        assert "town" in sample.question.split()
        assert "town" in library.types.of(sample.answer)


def test_unknown_kind_is_refused():
    with pytest.raises(ValidationError, match="clozes"):
        Phase(until=1.0, plain_text=0.0, kinds={"clozes": 1.0})


def test_phrases_chain_up_to_their_length():
    text = "The board ordered a survey of the silted channel in the northern basin of the harbour."
    phrases = {text[s.start : s.end] for s in find_spans(text, 8) if s.kind == "phrase"}
    assert "survey of the silted channel in the northern basin" not in phrases
    assert "survey of the silted channel" in phrases
    assert "silted channel in the northern basin" in phrases
    assert max(phrase.count(" ") for phrase in phrases) < 8


def test_a_phrase_is_asked_for_with_no_more_of_it_than_its_head():
    for seed in range(40):
        asked = asking.wh_question("It was", "silted channel", "once.", "phrase", False, Random(seed))
        assert "silted" not in asked


def test_longer_answers_are_longer(library: Library):
    def words(longest: int) -> float:
        samples = [made(library, "wh", seed, longest=longest) for seed in range(300)]
        return sum(sample.answer.count(" ") + 1 for sample in samples) / len(samples)

    assert words(8) > 1.2 * words(3)


def test_cloze_has_a_gap_and_its_sentence_is_in_the_passage(library: Library):
    sample = made(library, "cloze", 1)
    assert asking.GAP in sample.question


def test_sentence_asked_about_a_recurring_span_is_taken_out(library: Library):
    for seed in range(30):
        sample = made(library, "recurring", seed)
        assert sample.question.replace(asking.GAP, sample.answer) not in sample.passages[0]


def test_samples_without_passages_show_none(library: Library):
    assert made(library, "written", 0, none=1.0).passages == ()


@given(seed=st.integers(0, 2**32))
def test_sample_is_a_function_of_its_seed(library: Library, seed: int):
    def again() -> Sample:
        kinds = dict.fromkeys(MAKERS, 1.0)
        return make_sample(library, kinds, 0.3, 0.1, Random(seed), longest_answer_words=8, unanswerable=0.3)

    assert again() == again()


@given(seed=st.integers(0, 2**32), words=st.integers(5, 80))
def test_context_cut_around_an_answer_keeps_it(library: Library, seed: int, words: int):
    for question in library.questions:
        cut = around(question.context, question.answers[0], words, Random(seed))
        assert question.answers[0] in cut
        assert cut in question.context


def test_window_is_whole_sentences_up_to_its_words():
    document = ["One two three. Four five six.", "Seven eight nine."]
    assert window(document, 0, 6) == "One two three. Four five six."
    assert window(document, 0, 9) == "One two three. Four five six. Seven eight nine."
    assert window(document, 1, 1) == "Seven eight nine."
