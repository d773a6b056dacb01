"""Metrics: golden cases, laws, and what may not be marked."""

from __future__ import annotations

import random
import re
import string
import unicodedata
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clara.metrics import (
    MarkingError,
    check_markable,
    exact_match,
    f1,
    keyword_match,
    mark,
    mark_all,
    normalise,
    rouge_l,
)
from clara.records import Answer, Question

# Letters with forms that NFC composes, Hangul, kana, Han, a script with vowel marks, digits, typographic punctuation.
texts = st.text(st.sampled_from("ab the an aé한글국カがて漢字हिन्दी019٣ .,-–—’“”'\"$€\n\t"), max_size=30)
asked_texts = texts.filter(lambda text: any(c.isalnum() for c in normalise(text)))


@pytest.fixture(scope="module", autouse=True)
def rouge_score_is_imported():
    """It takes a second, which hypothesis would hold against its first example."""
    rouge_l("", "")


class Golden(NamedTuple):
    """One case; the numbers are worked by hand."""

    why: str
    prediction: str
    answer: str
    em: float
    f1: float
    rouge_l: float


GOLDEN = (
    Golden("identical", "Ada Lindqvist", "Ada Lindqvist", 1, 1, 1),
    Golden("case, an article and a full stop do not count", "The harbour.", "harbour", 1, 1, 2 / 3),
    Golden(
        "an article inside counts no more than one before", "mouth of the bay", "mouth of bay", 1, 1, 6 / 7
    ),
    Golden("letters that spell an article inside a word stay", "anthem", "them", 0, 0, 0),
    Golden("typographic quotes are punctuation", "Ostrel’s “mast”", 'Ostrel\'s "mast"', 1, 1, 1),
    Golden("an en dash is a hyphen", "1907–1911", "1907-1911", 1, 1, 1),
    Golden("a minus sign is a hyphen", "−5 degrees", "-5 degrees", 1, 1, 1),
    Golden("a longer answer loses precision", "41 metres below the quay", "41 metres", 0, 2 / 3, 4 / 7),
    Golden("a shorter answer loses recall", "41", "41 metres", 0, 2 / 3, 2 / 3),
    Golden("a repeated word counts once", "paris paris", "paris", 0, 2 / 3, 2 / 3),
    Golden("a word repeated in both counts twice", "york new york", "york york hall", 0, 2 / 3, 2 / 3),
    Golden("order is for ROUGE-L, not for F1", "basin northern", "northern basin", 0, 1, 1 / 2),
    Golden("nothing in common", "north", "south", 0, 0, 0),
    Golden("an empty answer", "", "41 metres", 0, 0, 0),
    Golden("an answer of punctuation alone", "— …", "41 metres", 0, 0, 0),
    Golden("Hangul is kept", "북쪽 분지 측량", "북쪽 분지", 0, 4 / 5, 4 / 5),
    Golden("Hangul with a full stop", "북쪽 분지.", "북쪽 분지", 1, 1, 1),
    Golden("kana and Han with an ideographic full stop", "測量は 北から。", "測量は 北から", 1, 1, 1),
    Golden("other Hangul is not the same Hangul", "남쪽", "북쪽", 0, 0, 0),
    Golden("vowel marks tell words apart", "कि", "की", 0, 0, 0),
    Golden("composed and decomposed accents are one", "cafe\u0301", "café", 1, 1, 1),
)


@pytest.mark.parametrize("case", GOLDEN, ids=lambda case: case.why.replace(" ", "_"))
def test_golden_cases(case):
    assert exact_match(case.prediction, [case.answer]) == case.em
    assert f1(case.prediction, case.answer) == pytest.approx(case.f1)
    assert rouge_l(case.prediction, case.answer) == pytest.approx(case.rouge_l)


@pytest.mark.parametrize(
    ("text", "normalised"),
    [
        ("The “Ostrel” harbour,  1907–1911", "ostrel harbour 19071911"),
        ("a an the A", ""),
        ("2.5\u00a0m", "25 m"),
        ("well-known", "wellknown"),
        ("「한글」、 1번!", "한글 1번"),
        ("20 €", "20 €"),
    ],
)
def test_normalisation_in_full(text, normalised):
    assert normalise(text) == normalised


@given(st.text(st.sampled_from(string.ascii_letters + string.digits + string.punctuation + " \t\n")))
def test_normalisation_is_squads_on_ascii(text):
    unpunctuated = text.lower().translate(str.maketrans("", "", string.punctuation))
    assert normalise(text) == " ".join(re.sub(r"\b(a|an|the)\b", " ", unpunctuated).split())


@given(st.text(st.characters(codec="ascii")), st.text(st.characters(codec="ascii")))
def test_rouge_l_is_rouge_scores_own_on_ascii(prediction, answer):
    from rouge_score.rouge_scorer import RougeScorer

    stock = RougeScorer(["rougeL"]).score(answer, prediction)["rougeL"].fmeasure
    assert rouge_l(prediction, answer) == stock


@given(texts, texts)
def test_every_metric_stays_between_0_and_1(prediction, answer):
    numbers = [exact_match(prediction, [answer]), f1(prediction, answer), rouge_l(prediction, answer)]
    assert all(0 <= number <= 1 for number in numbers)


@given(texts, texts)
def test_f1_does_not_care_which_side_is_the_reference(prediction, answer):
    assert f1(prediction, answer) == f1(answer, prediction)


@given(texts, texts)
def test_an_exact_match_has_f1_of_1(prediction, answer):
    if exact_match(prediction, [answer]):
        assert f1(prediction, answer) == 1


@given(asked_texts)
def test_a_text_matches_itself_fully(text):
    assert exact_match(text, [text]) == f1(text, text) == rouge_l(text, text) == 1


@given(asked_texts)
def test_saying_the_answer_twice_costs_f1(text):
    assert f1(f"{text} {text}", text) == pytest.approx(2 / 3)


@given(texts, texts)
def test_nfc_and_nfd_are_marked_alike(prediction, answer):
    decomposed = unicodedata.normalize("NFD", prediction)
    assert normalise(decomposed) == normalise(prediction)
    assert f1(decomposed, answer) == f1(prediction, answer)
    assert rouge_l(decomposed, answer) == rouge_l(prediction, answer)


@given(texts, st.lists(asked_texts, min_size=1, max_size=4), st.randoms(use_true_random=False))
def test_the_order_of_answers_matters_only_to_f1_first(prediction, answers, chance):
    reordered = random.Random(chance.random()).sample(answers, len(answers))
    ours, theirs = (mark(question(answers=tuple(a)), answer(text=prediction)) for a in (answers, reordered))
    assert ours.model_dump(exclude={"f1_first"}) == theirs.model_dump(exclude={"f1_first"})
    assert ours.f1_first == f1(prediction, answers[0]) <= ours.f1


def test_two_texts_of_which_nothing_is_left_agree():
    assert f1("the", "…") == 1


@pytest.mark.parametrize(
    ("prediction", "keywords", "share"),
    [
        ("The northern basin, 41 metres deep", ("41", "basin"), 1),
        ("The northern basin", ("41", "basin"), 1 / 2),
        ("basins", ("basin",), 0),
        ("a depth of forty-one metres", ("forty-one metres",), 1),
        ("forty metres and one", ("forty-one metres",), 0),
        ("북쪽 분지", ("분지",), 1),
        ("", ("basin",), 0),
        ("anything", (), None),
    ],
)
def test_keywords_are_found_as_whole_words(prediction, keywords, share):
    assert keyword_match(prediction, keywords) == share


def test_best_and_first_of_the_answers_are_told_apart():
    score = mark(question(answers=("41 metres", "forty-one metres")), answer(text="forty-one metres"))
    assert (score.em, score.f1, score.rouge_l) == (1, 1, 1)
    assert score.f1_first == 0.5


def test_a_failed_answer_scores_0_whatever_its_text():
    score = mark(question(), answer(text="41 metres", stopped="error", error="the prompt does not fit"))
    assert (score.em, score.f1, score.f1_first, score.rouge_l, score.keyword) == (0, 0, 0, 0, 0)


def test_an_empty_answer_scores_0_and_the_reference_1():
    empty, perfect = (mark(question(), answer(text=text)) for text in ("", "41 metres"))
    assert (empty.em, empty.f1, empty.f1_first, empty.rouge_l, empty.keyword) == (0, 0, 0, 0, 0)
    assert (perfect.em, perfect.f1, perfect.f1_first, perfect.rouge_l, perfect.keyword) == (1, 1, 1, 1, 1)


def test_an_answer_to_another_question_is_refused():
    with pytest.raises(MarkingError, match="question q-1: given the answer to q-2"):
        mark(question("q-1"), answer("q-2"))


@pytest.mark.parametrize("reference", ["", "The", "…", "%"])
def test_a_reference_that_an_empty_answer_would_match_is_refused(reference):
    with pytest.raises(MarkingError, match="question q-1: no word is left of its answer"):
        mark(question(answers=("41 metres", reference)), answer())


def test_answers_are_joined_by_id_and_come_back_in_the_questions_order():
    questions = [question("q-1", answers=("one",)), question("q-2", answers=("two",))]
    scores = mark_all(questions, [answer("q-2", "two"), answer("q-1", "one")])
    assert [(score.question_id, score.em) for score in scores] == [("q-1", 1), ("q-2", 1)]


def test_everything_that_does_not_join_is_listed_in_one_error():
    questions = [question(id_) for id_ in ("twice", "twice", "again", "missing")]
    answers = [answer(id_) for id_ in ("twice", "again", "again", "stranger")]
    with pytest.raises(MarkingError) as caught:
        mark_all(questions, answers)
    assert [problem.split(".")[0] for problem in caught.value.problems] == [
        "question twice: asked 2 times",
        "question missing: has no answer",
        "question again: answered 2 times",
        "question stranger: answered but never asked",
    ]
    assert str(caught.value).splitlines() == list(caught.value.problems)


def test_every_reference_of_which_nothing_is_left_is_listed_in_one_error():
    questions = [question("sound"), question("q-2", answers=("a",)), question("q-3", keywords=("41", "the"))]
    with pytest.raises(MarkingError) as caught:
        check_markable(questions)
    assert [problem.split(".")[0] for problem in caught.value.problems] == [
        "question q-2: no word is left of its answer 'a'",
        "question q-3: no word is left of its keyword 'the'",
    ]
    with pytest.raises(MarkingError, match="question q-2"):
        mark_all(questions, [answer(q.id) for q in questions])


def test_answers_of_two_contenders_are_not_marked_as_one():
    answers = [answer("q-1", contender="rag"), answer("q-2", contender="tuned")]
    with pytest.raises(MarkingError, match="answers of several contenders: rag, tuned"):
        mark_all([question("q-1"), question("q-2")], answers)


def question(id_: str = "q-1", **changes: object) -> Question:
    fields = {
        "id": id_,
        "question": "How deep is the basin?",
        "answers": ("41 metres",),
        "document": "survey",
        "evidence": "The basin is 41 metres deep.",
        "category": "numeric",
        "keywords": ("41",),
    }
    return Question(**(fields | changes))


def answer(question_id: str = "q-1", text: str = "41 metres", **changes: object) -> Answer:
    fields = {
        "question_id": question_id,
        "contender": "rag",
        "text": text,
        "prompt_sha256": "",
        "tokens_read": 0,
        "tokens_written": 0,
        "stopped": "eos",
        "seconds": 0,
    }
    return Answer(**(fields | changes))
