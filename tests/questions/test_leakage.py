"""The wall between training questions and gold ones: what it stops, and what it lets through."""

from __future__ import annotations

import random
import time

import pytest

from clara.errors import LeakageError
from clara.questions.leakage import check_leakage, drop_leaks, gold_text_in, leaks
from clara.records import Question, TrainingQuestion

ASKED = "In which year did the Tarn Edge Observatory move its main telescope to the northern ridge?"
EVIDENCE = "The Tarn Edge Observatory moved its main telescope to the northern ridge in 1956, after two foggy winters."


def gold(question: str = ASKED, evidence: str = EVIDENCE, id: str = "g-1") -> Question:
    return Question(
        id=id,
        question=question,
        answers=("1956",),
        document="tarn",
        evidence=evidence,
        category="numeric",
        keywords=(),
    )


def training(question: str, id: str = "tarn#001/wh/001") -> TrainingQuestion:
    return TrainingQuestion(
        id=id, question=question, answer="1956", start=0, document="tarn", chunk_id="tarn#001", kind="wh"
    )


@pytest.mark.parametrize(
    ("question", "rule"),
    [
        pytest.param(ASKED, "exact", id="copied"),
        pytest.param(ASKED.upper(), "normalised", id="case changed"),
        pytest.param(
            ASKED.replace("?", " ?!").replace(" ", "  "), "normalised", id="punctuation and spacing changed"
        ),
        pytest.param(f"Please answer: {ASKED} Be brief.", "contained", id="embedded"),
        pytest.param(
            "did the Tarn Edge Observatory move its main telescope?", "contained", id="a piece of it"
        ),
        pytest.param(f"{ASKED} ____", "normalised", id="copied with a gap"),
        pytest.param(
            "Say when and why did the Tarn Edge Observatory move its main cook.",
            "8 words in a row",
            id="eight shared",
        ),
        pytest.param(ASKED.replace("northern", "upper"), "8 words in a row", id="one word changed"),
        pytest.param(
            "In which year did the Tarn Observatory move its main telescope to a northern ridge?",
            "word overlap",
            id="words dropped and changed",
        ),
    ],
)
def test_copy_of_a_gold_question_is_caught(question: str, rule: str):
    (found,) = leaks([training(question)], [gold()])
    assert (found.training_id, found.gold_id, found.rule) == ("tarn#001/wh/001", "g-1", rule)


def test_another_way_of_asking_shows_through():
    things = [
        "north wall",
        "old hut",
        "spare lens",
        "tide gauge",
        "south door",
        "main mast",
        "copper roof",
        "cable",
    ]
    others = [
        training(f"{when} was the {thing} moved?") for thing in things for when in ("When", "In what year")
    ]
    reworded = training("In what year was the lantern room refitted?", "tarn#009/wh/001")
    asked = gold("When was the lantern room refitted?", "The lantern room was refitted in 1956.")
    assert [(found.training_id, found.rule) for found in leaks([*others, reworded], [asked])] == [
        (reworded.id, "TF-IDF cosine")
    ]


@pytest.mark.parametrize("place", range(11))
def test_any_one_word_of_a_question_may_be_changed_and_it_is_still_caught(place: int):
    words = ["Who", "ground", "the", "largest", "mirror", "of", "the", "telescope", "on", "the", "ridge"]
    changed = [*words[:place], "Quartz", *words[place + 1 :]]
    assert leaks([training(" ".join(changed) + "?")], [gold(" ".join(words) + "?", "Maud Ellery ground it.")])


@pytest.mark.parametrize(
    "question",
    [
        "The Tarn Edge Observatory moved its main telescope to the northern ridge in ____, after two foggy winters.",
        "The Tarn Edge Observatory moved its main telescope to the ____ in 1956, after two foggy winters.",
        "Who founded the Tarn Edge Observatory?",
        "What is the main telescope of the Tarn Edge Observatory known as?",
        "When was the northern ridge surveyed?",
        "How many winters did the observatory close?",
    ],
)
def test_clozes_of_the_evidence_and_questions_on_the_same_subject_are_clean(question: str):
    assert leaks([training(question)], [gold()]) == []


def test_short_questions_that_ask_for_different_things_are_clean():
    assert (
        leaks([training("When was the mast built?")], [gold("When was the mast painted?", "It was red.")])
        == []
    )
    assert (
        leaks([training("What is the mast?")], [gold("What is the mast made of?", "It is of larch.")]) == []
    )


def test_hangul_is_compared_and_not_erased():
    asked, other = "관측소는 몇 년에 북쪽 능선으로 옮겨졌습니까?", "거울은 누가 갈았습니까?"
    assert [
        found.rule for found in leaks([training(asked.replace("?", ""))], [gold(asked, "1956년이다.")])
    ] == ["normalised"]
    assert leaks([training(other)], [gold(asked, "1956년이다.")]) == []


def test_questions_without_any_word_match_nothing():
    assert leaks([training("?!")], [gold(), gold("…", "…", "g-2")]) == []
    assert leaks([], [gold()]) == leaks([training(ASKED)], []) == []


def test_refusal_names_both_ids_the_rule_and_both_texts():
    copied = training(ASKED.lower())
    with pytest.raises(LeakageError) as caught:
        check_leakage([training("Who cooked?", "tarn#001/wh/002"), copied], [gold()])
    (line,) = caught.value.offenders
    assert all(part in line for part in (copied.id, "g-1", "normalised", copied.question, ASKED))
    assert line in str(caught.value)


def test_clean_set_is_not_refused():
    check_leakage([training("Who cooked?")], [gold()])


def test_offenders_are_dropped_and_listed_and_the_rest_passes():
    clean, copied = training("Who cooked?", "tarn#001/wh/002"), training(ASKED)
    kept, dropped = drop_leaks([copied, clean], [gold(), gold(ASKED, id="g-2")])
    assert kept == [clean]
    assert [(found.training_id, found.gold_id) for found in dropped] == [
        (copied.id, "g-1"),
        (copied.id, "g-2"),
    ]
    check_leakage(kept, [gold()])


def test_gold_text_is_found_in_a_training_text_whatever_its_case():
    texts = ["Nothing here.", f"Appendix. {ASKED.upper()} See page 4."]
    assert gold_text_in(texts, [gold(), gold("Who cooked?", id="g-2")]) == [ASKED]
    assert gold_text_in(["Who cooked", "for whom?"], [gold("Who cooked for whom?")]) == []
    assert gold_text_in(["mastery of an art"], [gold("mast?")]) == []


def test_five_thousand_against_three_hundred_take_less_than_two_seconds():
    vocabulary = [f"word{number}" for number in range(2000)]
    draw = random.Random(0)
    asked = [" ".join(draw.choices(vocabulary, k=12)) for _ in range(5300)]
    train = [training(text, f"t-{number}") for number, text in enumerate(asked[:5000])]
    test = [gold(text, text, f"g-{number}") for number, text in enumerate(asked[5000:])]
    leaks(train[:1], test[:1])  # imports scikit-learn
    start = time.perf_counter()
    assert leaks(train, test) == []
    assert time.perf_counter() - start < 2
