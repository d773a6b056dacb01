"""The wall between what is trained on and what is marked: what it stops, and what it lets through."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clara.errors import LeakageError
from clara.questions.leakage import (
    check_leakage,
    drop_leaks,
    giveaways,
    gold_text_in,
    leaks,
    near_duplicates,
    text_overlaps,
)
from clara.questions.leakage.runs import length, runs, units
from clara.records import Document, Page, Question, TrainingQuestion

ASKED = "In which year did the Tarn Edge Observatory move its main telescope to the northern ridge?"
EVIDENCE = "The Tarn Edge Observatory moved its main telescope to the northern ridge in 1956, after two foggy winters."


def gold(
    question: str = ASKED, evidence: str = EVIDENCE, id: str = "g-1", answers: tuple[str, ...] = ("1956",)
) -> Question:
    return Question(
        id=id,
        question=question,
        answers=answers,
        document="tarn",
        evidence=(evidence,) if answers else (),
        category="numeric",
        keywords=(),
    )


def training(
    question: str, id: str = "tarn#001/wh/001", answer: str = "1956", kind: str = "wh"
) -> TrainingQuestion:
    fields = {
        "question": question,
        "answer": answer,
        "document": "tarn",
        "chunk_id": "tarn#001",
        "kind": kind,
    }
    return TrainingQuestion(id=id, start=None if kind == "unanswerable" else 0, **fields)


def document(text: str, name: str = "tarn") -> Document:
    return Document(name=name, path=f"{name}.pdf", pages=(Page(number=1, text=text),))


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
        pytest.param(ASKED.replace("northern", "upper"), "13 words in a row", id="one word changed"),
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


@pytest.mark.parametrize("shared", range(7, 16))
def test_longest_shared_run_is_named_from_eight_words_to_thirteen(shared: int):
    asked = [f"gold{number}" for number in range(30)]
    other = [f"other{number}" for number in range(30)]
    found = leaks([training(" ".join(other + asked[:shared]))], [gold(" ".join(asked), "It was so.")])
    rules = [f"{min(shared, 13)} words in a row"] if shared >= 8 else []
    assert [offender.rule for offender in found] == rules


KOREAN = "관측소는 몇 년에 망원경을 북쪽 능선으로 옮겼습니까?"


@pytest.mark.parametrize(
    ("question", "rule"),
    [
        pytest.param("관측소는 몇년에 망원경을 북쪽능선으로 옮겼습니까", "normalised", id="other spacing"),
        pytest.param(
            "관측소가 몇 년에 망원경을 북쪽 능선으로 옮겼습니까?", "9 words in a row", id="other particle"
        ),
        pytest.param(
            "관측소는 몇 년에 망원경을 북쪽 능선으로 옮겼나요?", "9 words in a row", id="other ending"
        ),
        pytest.param("망원경을 북쪽 능선으로 옮겼습니까?", "contained", id="a piece of it"),
        pytest.param("몇 년에 관측소는 망원경을 북쪽 능선으로 옮겼습니까?", "word overlap", id="other order"),
    ],
)
def test_korean_copy_is_caught_whatever_its_particles_and_spacing(question: str, rule: str):
    assert [found.rule for found in leaks([training(question)], [gold(KOREAN, "1956년이다.")])] == [rule]


@pytest.mark.parametrize(
    "question",
    [
        "관측소는 누가 세웠습니까?",
        "관측소는 왜 망원경을 옮겼습니까?",
        "관측소는 몇 년에 사무실을 남쪽 마을로 옮겼습니까?",
        "북쪽 능선은 언제 측량되었습니까?",
    ],
)
def test_korean_question_on_the_same_subject_is_clean(question: str):
    assert leaks([training(question)], [gold(KOREAN, "1956년이다.")]) == []


@pytest.mark.parametrize(
    ("asked", "copied", "honest"),
    [
        (
            "天文台は何年に望遠鏡を北の尾根へ移しましたか。",
            "天文台が何年に望遠鏡を北の尾根へ移しましたか。",
            "天文台は何年に開きましたか。",
        ),
        (
            "天文台在哪一年把主望远镜搬到了北边的山脊上？",
            "请问天文台在哪一年把主望远镜搬到了北边的山脊上？",
            "天文台在哪一年把南边的宿舍改成了图书馆？",
        ),
    ],
)
def test_scripts_without_spaces_are_compared_by_characters(asked: str, copied: str, honest: str):
    found = leaks([training(copied), training(honest, "honest")], [gold(asked, "1956.")])
    assert [offender.training_id for offender in found] == [training(copied).id]


def test_unanswerable_training_question_may_not_copy_a_gold_one_either():
    """It would teach the model to say of a gold question that nothing answers it."""
    copied = training(ASKED, answer="not stated", kind="unanswerable")
    assert [offender.rule for offender in leaks([copied], [gold()])] == ["exact"]
    assert leaks([copied.model_copy(update={"question": "Who cooked for the crew?"})], [gold()]) == []


def test_gold_question_without_answer_is_guarded_too():
    assert [found.rule for found in leaks([training(ASKED.lower())], [gold(answers=())])] == ["normalised"]


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


def test_near_duplicates_among_gold_questions_are_found_once_and_in_order():
    asked = [
        gold("Who cooked for the crew?"),
        gold(id="g-2"),
        gold(ASKED.replace("northern", "upper"), id="g-3"),
    ]
    assert near_duplicates(asked) == [(1, 2, "13 words in a row")]


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("In 1956, when was the dome moved?", "1956"),
        ("Was it THE NORTHERN RIDGE or the shore?", "the northern ridge"),
        ("서울에서 온 사람은 어디에서 왔는가?", "서울"),
    ],
)
def test_question_that_contains_its_own_answer_is_listed(question: str, answer: str):
    of_training, of_gold = training(question, "t-1", answer), gold(question, answers=("elsewhere", answer))
    assert [(found.id, found.answer) for found in giveaways([of_training, of_gold])] == [
        ("t-1", answer),
        ("g-1", answer),
    ]


@pytest.mark.parametrize(
    ("question", "answer"), [("Is it smart?", "mart"), ("In 1956 or so?", "19"), (ASKED, "1956")]
)
def test_answer_inside_a_longer_word_gives_nothing_away(question: str, answer: str):
    assert giveaways([training(question, answer=answer), gold(question, answers=(answer,))]) == []


def test_question_without_answer_cannot_give_it_away():
    unanswerable = training("Is it not stated?", answer="not stated", kind="unanswerable")
    assert giveaways([unanswerable, gold(answers=())]) == []


def test_gold_text_is_found_in_a_training_text_whatever_its_case():
    texts = ["Nothing here.", f"Appendix. {ASKED.upper()} See page 4."]
    assert gold_text_in(texts, [gold(), gold("Who cooked?", id="g-2")]) == [ASKED]
    assert gold_text_in(["Who cooked", "for whom?"], [gold("Who cooked for whom?")]) == []
    assert gold_text_in(["mastery of an art"], [gold("mast?")]) == []


REPORT = document(
    "The lamp was lit at dusk. Then Maud Ellery rowed out to the skerry with two casks of oil and a new wick for it.\n"
    "She came back wet."
)
TAKEN = "Maud Ellery rowed out to the skerry with two casks of oil and a new wick"


def test_sentence_of_a_document_in_a_text_is_reported_with_both_places():
    texts = [("novels", "It rained."), ("web", f"They say that {TAKEN.upper()}!"), ("web", TAKEN)]
    (found,) = text_overlaps(texts, [REPORT], [])
    assert (found.id, found.index, found.source, found.texts) == ("tarn", 1, "web", 2)
    assert TAKEN in found.sentence
    assert found.run == "maud ellery rowed out to the skerry with two casks of oil and"


def test_twelve_words_of_a_document_are_a_phrase_and_thirteen_are_a_copy():
    words = TAKEN.split()
    assert text_overlaps([("web", " ".join(words[:12]))], [REPORT], []) == []
    assert len(text_overlaps([("web", " ".join(words[:13]))], [REPORT], [])) == 1


def test_run_over_the_end_of_a_sentence_is_found_with_the_sentence_it_begins_in():
    copied = "The lamp was lit at dusk. Then Maud Ellery rowed out to the skerry"
    (found,) = text_overlaps([("web", copied)], [REPORT], [])
    assert found.sentence == "The lamp was lit at dusk."


def test_gold_question_in_a_text_is_reported_by_its_id_from_eight_words_on():
    asked = ASKED.split()
    texts = [("web", " ".join(["So:", *asked[3 : 3 + count], "or so."])) for count in (7, 8)]
    (found,) = text_overlaps(texts, [], [gold(), gold("Who cooked for the crew of the boat?", id="g-2")])
    assert (found.id, found.index) == ("g-1", 1)


def test_short_gold_question_is_found_only_whole_and_a_very_short_one_not_at_all():
    asked = [gold("Who lit the great lamp?", id="g-5"), gold("Who lit it?", id="g-3")]
    texts = [("web", "Who lit the great fire? Who lit it?"), ("web", "Tell me who lit the great lamp.")]
    assert [(found.id, found.index) for found in text_overlaps(texts, [], asked)] == [("g-5", 1)]


def test_korean_document_in_a_text_is_found_whatever_its_spacing():
    report = document("관측소는 여러 해의 안개 끝에 주망원경을 북쪽 능선의 새 건물로 옮겼다.")
    copied = "그해 관측소는 여러해의 안개끝에 주망원경을 북쪽능선의 새건물로 옮겼다고 한다."
    assert [
        found.index
        for found in text_overlaps([("web", "관측소는 여러 해의 안개"), ("web", copied)], [report], [])
    ] == [1]


def test_run_that_lies_where_a_long_text_is_cut_is_found():
    for before in (99_950, 99_990, 100_000, 200_010):
        (found,) = text_overlaps([("book", "so " * (before // 3) + TAKEN + " so" * 50_000)], [REPORT], [])
        assert found.texts == 1


def test_texts_are_streamed_and_nothing_to_watch_for_finds_nothing():
    taken: list[int] = []

    def texts() -> Iterator[tuple[str, str]]:
        for number in range(3):
            taken.append(number)
            yield "web", TAKEN

    assert text_overlaps(texts(), [], []) == []
    assert text_overlaps(texts(), [document("")], [gold("…", answers=())]) == []
    assert text_overlaps(texts(), [REPORT], [])[0].texts == 3
    assert taken == [0, 1, 2] * 3


_UNITS = st.lists(st.sampled_from(["mast", "lamp", "of", "돛", "대", "天", "か"]), max_size=30)


@given(_UNITS, st.integers(1, 13))
def test_run_from_each_unit_is_the_shortest_that_is_long_enough(sequence: list[str], n: int):
    found = list(runs(sequence, n))
    assert len(found) == sum(length(sequence[start:]) >= n for start in range(len(sequence)))
    for start, run in enumerate(found):
        assert list(run) == sequence[start : start + len(run)]
        assert length(run) >= n > length(run[:-1])


@given(_UNITS, _UNITS, st.integers(1, 13))
def test_a_longer_shared_run_begins_with_a_shorter_one(first: list[str], second: list[str], n: int):
    if not set(runs(first, n + 1)).isdisjoint(runs(second, n + 1)):
        assert not set(runs(first, n)).isdisjoint(runs(second, n))


def test_units_are_words_or_characters_and_keep_numbers_whole():
    assert units("LoRA를 ＬｏＲＡ, 1956년") == ("lora", "를", "lora", "1956", "년")
    assert units("Ça va, über-Größe") == ("ça", "va", "über", "grösse")
    assert length(units("LoRA를 天文台")) == 3.0


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


def test_texts_are_read_at_two_megabytes_a_second():
    """Measured: 7 MB/s on one core; half of the promise tells a wrong algorithm from a busy machine."""
    draw = random.Random(0)
    vocabulary = [f"word{number}" for number in range(3000)]
    documents = [document(" ".join(draw.choices(vocabulary, k=15_000)))]
    texts = [("web", " ".join(draw.choices(vocabulary, k=100))) for _ in range(1000)]
    size = sum(len(text) for _, text in texts)
    start = time.process_time()
    assert text_overlaps(texts, documents, [gold()]) == []
    assert size / (time.process_time() - start) > 1e6
