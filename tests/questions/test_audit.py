"""What a machine doubts about gold questions: each doubt is planted once, and an honest neighbour raises none."""

from __future__ import annotations

import random
import time

import pytest

from clara.questions.audit import audit
from clara.records import Document, Page, Question

TEXT = """
The north mast was raised in 1956 by a crew from Lund. It carries eleven lamps.
The south mast was raised in 1961, after two storms, and it carries eleven lamps as well.
Larch was chosen for both, since oak had split in the frost of the first winter.
"""
MAST = "The north mast was raised in 1956 by a crew from Lund."
LARCH = "Larch was chosen for both, since oak had split in the frost of the first winter."


def document(text: str = TEXT, name: str = "masts") -> Document:
    return Document(name=name, path=f"{name}.pdf", pages=(Page(number=1, text=text),))


def gold(question: str, *answers: str, evidence: tuple[str, ...] = (LARCH,), **changes: object) -> Question:
    fields = {"id": "g-1", "document": "masts", "category": "factual", "keywords": ()} | changes
    return Question.model_validate(
        {"question": question, "answers": answers, "evidence": evidence if answers else (), **fields}
    )


def reasons(*questions: Question, text: str = TEXT) -> list[str]:
    return [doubt.reason for doubt in audit(questions, [document(text)])]


def test_honest_questions_raise_no_doubt():
    asked = [
        gold("What wood are the supports made of?", "Larch"),
        gold("Where did the builders come from?", "Lund", evidence=(MAST,), id="g-2"),
        gold("How tall is the lighthouse?", id="g-3"),
    ]
    assert audit(asked, [document()]) == []


def test_answer_that_stands_in_other_sentences_is_counted_and_the_likeliest_is_shown():
    asked = gold(
        "How many lights are on the older support?", "eleven lamps", evidence=("It carries eleven lamps.",)
    )
    (doubt,) = audit([asked], [document(TEXT + "\nThe eleven lamps on the older support are new.")])
    assert doubt.reason == "answer found elsewhere"
    assert "in 2 other sentences" in doubt.detail
    assert doubt.detail.endswith("'The eleven lamps on the older support are new.'")


def test_answer_inside_a_longer_word_or_its_own_evidence_is_not_found_elsewhere():
    asked = gold("What wood are the supports made of?", "Larch")
    assert reasons(asked, text=f"{TEXT}\nThe larches of Lund are tall.") == []
    both = gold(
        "How many lights are there on each?", "eleven lamps", evidence=tuple(TEXT.strip().split("\n")[:2])
    )
    assert reasons(both) == []


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("Did the builders choose larch or birch?", "larch"),
        (
            "Of which winter, the first or the second, was the frost that did harm?",
            "the frost of the first winter",
        ),
        ("북쪽 능선으로 옮긴 까닭은 무엇인가?", "북쪽 능선"),
    ],
)
def test_answer_whose_words_stand_in_the_question_is_doubted(question: str, answer: str):
    assert reasons(gold(question, answer)) == ["answer in the question"]


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("Is the first season named?", "the first winter"),
        ("What did the smart builders choose?", "mart"),
        ("어느 능선으로 옮겼는가?", "북쪽 능선"),
    ],
)
def test_answer_that_shares_a_word_with_the_question_is_not(question: str, answer: str):
    assert reasons(gold(question, answer)) == []


def test_question_that_copies_its_evidence_is_doubted():
    assert reasons(gold("Since what had oak split in the frost of the first winter?", "Larch")) == [
        "evidence repeats the question"
    ]
    moved = ("관측소가 북쪽 능선으로 옮겨졌다.",)
    asked = gold("언제 관측소가 북쪽 능선으로 옮겨졌는가?", "1999년", evidence=moved)
    assert reasons(asked) == ["evidence repeats the question"]


def test_question_that_names_what_its_evidence_names_is_not():
    assert reasons(gold("Which wood did not survive the winter?", "oak")) == []
    evidence = ("관측소는 1999년에 북쪽 능선으로 옮겨졌다.",)
    assert reasons(gold("망원경이 있는 건물은 몇 년에 이전했나요?", "1999년", evidence=evidence)) == []


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (
            "Which wood did the builders of the masts choose?",
            "Which wood did the builders of the masts choose",
        ),
        (
            "Which wood did the builders of the masts choose?",
            "Which wood did the makers of the masts choose?",
        ),
        ("What is the material?", "Which tree were they cut from?"),  # the same evidence and answer
    ],
)
def test_two_questions_for_one_fact_are_doubted_together(first: str, second: str):
    asked = [gold(first, "Larch"), gold(second, "larch", id="g-2")]
    (doubt,) = audit(asked, [document()])
    assert (doubt.ids, doubt.reason) == (("g-1", "g-2"), "near-duplicate")


def test_two_questions_of_one_sentence_with_different_answers_are_not():
    asked = [gold("What is the material?", "Larch"), gold("Which tree did badly?", "oak", id="g-2")]
    assert reasons(*asked) == []


def test_unanswerable_question_in_the_words_of_some_sentence_is_doubted():
    other = document("The keeper was paid nine crowns a month.", "wages")
    asked = gold("How many crowns was the keeper paid a month?")
    (doubt,) = audit([asked], [document(), other])
    assert doubt.reason == "may be answerable"
    assert "'wages'" in doubt.detail
    assert "nine crowns" in doubt.detail


def test_unanswerable_question_on_the_same_subject_is_not():
    assert reasons(gold("Who paid for the north mast?")) == []


def test_doubts_stand_in_the_order_of_the_questions():
    larch = gold("Did the builders choose larch or birch?", "larch", id="g-2")
    copied = gold("Since what had oak split in the frost of the first winter?", "oak", id="g-1")
    found = audit([larch, copied, larch.model_copy(update={"id": "g-3"})], [document()])
    assert [doubt.ids for doubt in found] == [("g-2",), ("g-2", "g-3"), ("g-1",), ("g-1",), ("g-3",)]
    assert all("\n" not in str(doubt) for doubt in found)


def test_nothing_to_audit_is_nothing_to_doubt():
    assert audit([], []) == []
    assert audit([gold("Who?", "oak", document="unread")], []) == []


def test_three_hundred_questions_take_less_than_two_seconds():
    draw = random.Random(0)
    vocabulary = [f"word{number}" for number in range(3000)]
    texts = [[" ".join(draw.choices(vocabulary, k=20)) + "." for _ in range(90)] for _ in range(10)]
    documents = [document("\n".join(text), f"d-{number}") for number, text in enumerate(texts)]
    asked = [
        gold(
            " ".join(draw.choices(vocabulary, k=11)) + "?",
            *([] if number % 10 == 0 else [" ".join(texts[number % 10][number % 90].split()[3:5])]),
            evidence=(texts[number % 10][number % 90],),
            id=f"g-{number}",
            document=f"d-{number % 10}",
        )
        for number in range(300)
    ]
    audit(asked[:1], documents)  # imports scikit-learn
    start = time.perf_counter()
    audit(asked, documents)
    assert time.perf_counter() - start < 2
