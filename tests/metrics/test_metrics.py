"""Metrics: golden cases, laws, and what may not be marked."""

from __future__ import annotations

import random
import re
import string
import unicodedata
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clara.metrics import (
    MarkingError,
    char_f1,
    check_markable,
    exact_match,
    f1,
    keyword_match,
    mark,
    mark_all,
    normalise,
    rouge_l,
    same,
)
from clara.records import Answer, Question

# Letters with forms that NFC composes, Hangul, kana, Han, a script with vowel marks, digits, typographic punctuation.
texts = st.text(st.sampled_from("ab the an aé한글국カがて漢字हिन्दी019٣ .,-–—’“”'\"$€\n\t"), max_size=30)
asked_texts = texts.filter(lambda text: any(c.isalnum() for c in normalise(text)))
any_texts = st.text(max_size=20)
ascii_texts = st.text(st.sampled_from("ab the an of.,-'\"$"), max_size=20)
# Syllables that neither are nor begin a particle, so that what is appended stays what it was; no English article.
korean = st.text(st.sampled_from("북쪽분지한글산CX12 "), min_size=1).filter(lambda text: text[-1:].strip())
PARTICLES = (
    *(
        "은",
        "는",
        "이",
        "가",
        "을",
        "를",
        "의",
        "에",
        "에서",
        "에서는",
        "에게",
        "으로",
        "로",
        "으로부터",
        "와",
        "과",
    ),
    *("하고", "까지", "부터", "보다", "처럼", "께서", "한테", "라고", "이다", "입니다"),
)


@pytest.fixture(scope="module", autouse=True)
def rouge_score_is_imported():
    """It takes a second, which hypothesis would hold against its first example."""
    rouge_l("north", "south")


@pytest.mark.parametrize(
    ("text", "normalised"),
    [
        ("The “Ostrel” harbour,  1907–1911", "ostrel harbour 1907-1911"),
        ("a an the A", ""),
        ("2.5\u00a0m", "2.5 m"),
        ("well-known", "wellknown"),
        ("「한글」、 1번!", "한글 1번"),
        ("20 €", "20 €"),
        ("1,200,000.5 and -.5", "1200000.5 and -.5"),
        ("(−5) – 3", "-5 3"),
        ("10%–15%", "10-15"),
        ("and so on...5", "and so on5"),
        ("Ostrel´s", "ostrels"),
    ],
)
def test_normalisation_in_full(text, normalised):
    assert normalise(text) == normalised


@given(st.text(st.sampled_from(string.ascii_letters + string.digits + string.punctuation + " \t\n")))
def test_normalisation_is_squads_on_ascii_but_for_marks_in_numbers(text):
    ours, theirs = normalise(text), squad(text)
    assert squad(ours) == theirs
    assert len(ours.split()) == len(theirs.split())
    if not any(c.isdigit() for c in text):
        assert ours == theirs


@given(ascii_texts, ascii_texts)
def test_f1_is_squads_on_ascii_without_digits(prediction, answer):
    said, wanted = squad(prediction).split(), squad(answer).split()
    common = sum((Counter(said) & Counter(wanted)).values())
    if not same(prediction, answer):
        assert f1(prediction, answer) == (2 * common / (len(said) + len(wanted)) if common else 0)


@given(st.text(st.characters(codec="ascii")), st.text(st.characters(codec="ascii")))
def test_rouge_l_is_rouge_scores_own_on_ascii(prediction, answer):
    from rouge_score.rouge_scorer import RougeScorer

    stock = RougeScorer(["rougeL"]).score(answer, prediction)["rougeL"].fmeasure
    assert rouge_l(prediction, answer) == (1 if same(prediction, answer) else stock)


@given(texts, texts)
def test_every_metric_stays_between_0_and_1(prediction, answer):
    assert all(0 <= number <= 1 for number in marks(prediction, answer))


@given(texts, texts)
def test_no_metric_cares_which_side_is_the_reference(prediction, answer):
    assert marks(prediction, answer) == pytest.approx(marks(answer, prediction))


@given(texts, texts)
def test_an_exact_match_is_full_marks_in_every_metric(prediction, answer):
    if exact_match(prediction, [answer]):
        assert marks(prediction, answer) == (1, 1, 1, 1)


@given(st.one_of(asked_texts, any_texts))
def test_a_perfect_answerer_scores_1_in_every_script_that_can_be_marked(text):
    asked = question(answers=(text,), keywords=(text,))
    try:
        check_markable([asked])
    except MarkingError:
        return
    score = mark(asked, answer(text=text))
    assert (score.em, score.f1, score.f1_first, score.char_f1, score.rouge_l) == (1, 1, 1, 1, 1)
    assert score.keyword == 1


@given(korean, st.sampled_from(PARTICLES), korean, st.sampled_from(("", *PARTICLES)))
def test_particles_after_a_korean_answer_do_not_count(said, particle, wanted, other):
    assert marks(said + particle, wanted + other) == pytest.approx(marks(said, wanted))
    assert marks(said + particle, said + other) == (1, 1, 1, 1)


@given(korean, korean)
def test_a_space_in_a_korean_answer_does_not_count_but_between_numbers(before, after):
    between_numbers = before[-1].isdigit() and after.lstrip()[0].isdigit()
    assert exact_match(f"{before} {after}", [before + after.lstrip()]) == (not between_numbers)


@given(
    st.integers(0, 10**7), st.integers(0, 10**7), st.sampled_from(["{:,}", "{}", "{} km", "{}km", "{}년에"])
)
def test_numbers_are_the_same_only_where_they_are_equal(one, other, form):
    assert exact_match(form.format(one), [form.replace(",", "").format(other)]) == (one == other)


@given(st.decimals(-999, 999, places=2), st.decimals(-999, 999, places=2))
def test_decimals_are_the_same_only_where_they_are_written_alike(one, other):
    assert exact_match(str(one), [str(other)]) == (str(one) == str(other))


@given(asked_texts)
def test_saying_the_answer_twice_costs_f1(text):
    assert f1(f"{text} {text}", text) == pytest.approx(2 / 3)


@given(texts, texts)
def test_nfc_and_nfd_are_marked_alike(prediction, answer):
    decomposed = unicodedata.normalize("NFD", prediction)
    assert normalise(decomposed) == normalise(prediction)
    assert marks(decomposed, answer) == marks(prediction, answer)


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
        ("북쪽 분지에서는", ("북쪽분지",), 1),
        ("1,200km", ("1200",), 1),
        ("12.5 km", ("12",), 0),
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


def test_no_document_answers_and_the_answer_says_so():
    score = mark(unanswerable(), answer(text="The document does not say."))
    assert (score.em, score.f1, score.f1_first, score.char_f1, score.rouge_l) == (1, 1, 1, 1, 1)
    assert (score.answerable, score.keyword) == (False, None)


@pytest.mark.parametrize(
    "said", [{"text": "41 metres"}, {"text": ""}, {"text": "no answer", "error": "failed"}]
)
def test_no_document_answers_and_the_answer_does_not_say_so(said):
    score = mark(unanswerable(), answer(**said))
    assert (score.em, score.f1, score.f1_first, score.char_f1, score.rouge_l) == (0, 0, 0, 0, 0)
    assert (score.answerable, score.keyword) == (False, None)


def test_an_abstention_is_no_answer_to_a_question_that_has_one():
    score = mark(question(), answer(text="no answer"))
    assert (score.answerable, score.em, score.f1, score.rouge_l, score.keyword) == (True, 0, 0, 0, 0)


def test_questions_without_answers_can_be_marked_beside_others():
    questions = [question("q-1"), unanswerable("q-2")]
    scores = mark_all(questions, [answer("q-1"), answer("q-2", "no answer")])
    assert [(score.answerable, score.em) for score in scores] == [(True, 1), (False, 1)]


def marks(prediction: str, reference: str) -> tuple[float, ...]:
    em = exact_match(prediction, [reference])
    return em, f1(prediction, reference), char_f1(prediction, reference), rouge_l(prediction, reference)


def squad(text: str) -> str:
    """The normalisation of SQuAD v1.1, written out from its definition."""
    unpunctuated = text.lower().translate(str.maketrans("", "", string.punctuation))
    return " ".join(re.sub(r"\b(a|an|the)\b", " ", unpunctuated).split())


def unanswerable(id_: str = "q-1") -> Question:
    return question(id_, answers=(), evidence=(), keywords=())


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
