"""English rules: what is prose, what a sentence is asked, and what it must not be asked."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clara.questions.asked import GAP
from clara.questions.english import ask, prose
from clara.questions.english.tagging import tag


def wh(sentence: str) -> dict[str, str]:
    return {item.question: item.answer for item in ask(sentence) if item.kind == "wh"}


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        pytest.param(
            "In 2017, the Marlow Institute surveyed 48 lakes.",
            {
                "How many lakes did the Marlow Institute survey in 2017?": "48",
                "In what year did the Marlow Institute survey 48 lakes?": "2017",
                "When did the Marlow Institute survey 48 lakes?": "2017",
            },
            id="date before the subject",
        ),
        pytest.param(
            "Dr Anneke Solberg wrote the report in May 2018.",
            {
                "Who wrote the report in May 2018?": "Dr Anneke Solberg",
                "By whom was the report written in May 2018?": "Dr Anneke Solberg",
                "What did Dr Anneke Solberg write in May 2018?": "report",
                "When did Dr Anneke Solberg write the report?": "May 2018",
            },
            id="who did it",
        ),
        pytest.param(
            "The hose is 2.5 metres long and has a diameter of 19 mm.",
            {
                "How long is the hose?": "2.5 metres",
                "What is the length of the hose?": "2.5 metres",
                "What is the diameter of the hose?": "19 mm",
            },
            id="measures, the second of the same subject",
        ),
        pytest.param(
            "The mean depth of Lake Orrin is 12.4 metres.",
            {"What is the mean depth of Lake Orrin?": "12.4 metres"},
            id="measure as the subject",
        ),
        pytest.param(
            "The pump delivers 60 litres per minute at a pressure of 4 bar.",
            {
                "How much does the pump deliver at a pressure of 4 bar?": "60 litres per minute",
                "At what pressure does the pump deliver 60 litres per minute?": "4 bar",
            },
            id="rate and scale",
        ),
        pytest.param(
            "The level of the lake fell by 40 cm.",
            {"By how much did the level of the lake fall?": "40 cm"},
            id="change",
        ),
        pytest.param(
            "Water samples were stored at 4 °C.",
            {"At what temperature were water samples stored?": "4 °C"},
            id="temperature",
        ),
        pytest.param(
            "The lake was closed in May due to an algal bloom.",
            {"Why was the lake closed in May?": "an algal bloom", "When was the lake closed?": "May"},
            id="reason",
        ),
        pytest.param(
            "The blades were varnished to keep out moisture.",
            {"For what purpose were the blades varnished?": "to keep out moisture"},
            id="purpose",
        ),
        pytest.param(
            "The tunnel was designed by Piet Hoorn to test blades.",
            {
                "By whom was the tunnel designed?": "Piet Hoorn",
                "What was designed by Piet Hoorn?": "tunnel",
                "Why was the tunnel designed by Piet Hoorn?": "to test blades",
            },
            id="agent with a purpose",
        ),
        pytest.param("The rent rose to £38.", {"What did the rent rise to?": "£38"}, id="reached"),
        pytest.param(
            "There are 40 steps in the tower.",
            {"How many steps are there in the tower?": "40"},
            id="count of what is",
        ),
        pytest.param(
            "The committee agreed to replace the north fence.",
            {"What did the committee agree to do?": "replace the north fence"},
            id="what was agreed",
        ),
        pytest.param(
            "The warning lamp flashes twice when the tank is empty.",
            {
                "When does the warning lamp flash twice?": "when the tank is empty",
                "How often does the warning lamp flash when the tank is empty?": "twice",
            },
            id="condition",
        ),
        pytest.param(
            "Replace the inlet filter every six months.",
            {"How often should the inlet filter be replaced?": "every six months"},
            id="instruction",
        ),
        pytest.param(
            "Lake Orrin is a shallow lake in the northern district.",
            {"What is Lake Orrin?": "shallow lake in the northern district"},
            id="definition",
        ),
        pytest.param(
            "The new director is Colin Adeyemi.", {"Who is the new director?": "Colin Adeyemi"}, id="post"
        ),
        pytest.param(
            "The treasurer, Mr Pym, reported a balance of £1,204.",
            {"Who is the treasurer?": "Mr Pym", "What did the treasurer report?": "balance of £1,204"},
            id="name beside a post",
        ),
        pytest.param(
            "The eastern shore is steeper than the western shore.",
            {"What is the eastern shore steeper than?": "western shore"},
            id="comparison",
        ),
        pytest.param(
            "The tests were carried out in a wind tunnel at the University of Aldham.",
            {"Where were the tests carried out?": "wind tunnel at the University of Aldham"},
            id="place with the wider place",
        ),
        pytest.param(
            "The sensors consist of a coil, a magnet and a steel spring.",
            {"What do the sensors consist of?": "coil, a magnet and a steel spring"},
            id="members of a list",
        ),
        pytest.param(
            "The trust, which was founded in 1974 by Ruth Hallam, employs 31 people.",
            {
                "When was the trust founded by Ruth Hallam?": "1974",
                "How many people does the trust employ?": "31",
            },
            id="relative clause",
        ),
        pytest.param(
            "The mean free path (MFP) was calculated from the pressure.",
            {
                "What does MFP stand for?": "mean free path",
                "What is the abbreviation for mean free path?": "MFP",
            },
            id="abbreviation",
        ),
    ],
)
def test_sentence_is_asked(sentence: str, expected: dict[str, str]):
    assert expected.items() <= wh(sentence).items()


@pytest.mark.parametrize(
    "sentence",
    [
        pytest.param("It was founded in 1974 by Ruth Hallam.", id="pronoun without its noun"),
        pytest.param("Its income rose by 40 per cent in May.", id="owner without its noun"),
        pytest.param("This method was used in 1974.", id="noun that an earlier sentence explains"),
        pytest.param("The result was published in 1974.", id="subject too vague"),
        pytest.param("The trust was not founded in 1974.", id="denial"),
        pytest.param("The keeper said the dome was built in 1931.", id="verb hidden in the subject"),
        pytest.param(
            "A term used in derision, Huguenot has unclear origins.", id="participle read as a verb"
        ),
        pytest.param("The survey equipped with a microscope.", id="participle without an object"),
        pytest.param("The records of the survey was lost in 1931.", id="subject and verb that disagree"),
        pytest.param("The hose is a live, uncensored show.", id="adjectives in a row"),
        pytest.param("The lamp had to be replaced.", id="had to"),
    ],
)
def test_sentence_is_not_asked(sentence: str):
    assert wh(sentence) == {}


@pytest.mark.parametrize(
    ("sentence", "begin"),
    [
        ("The lens was ground by Ines Fairhall.", 0),
        ("3.2 Notes on the Lens The lens was ground by Ines Fairhall.", 22),
        ("Table 4 Depth and density by station", None),
        ("The lens was ground by Ines F.", None),
        ("The lens (ground by Ines Fairhall was lost.", None),
        ("Figure 2 shows it.", None),
    ],
)
def test_prose_begins_behind_its_heading(sentence: str, begin: int | None):
    assert prose(sentence) == begin


def test_answer_that_goes_on_is_not_asked_for():
    assert "What does the lake have?" not in wh("The lake has the right to be closed.")


def test_several_phrasings_ask_for_one_fact():
    places = [(item.start, item.answer) for item in ask("The mill was built in 1931.") if item.kind == "wh"]
    assert places.count((22, "1931")) == 2


def test_cloze_does_not_begin_with_a_pronoun():
    assert list(ask("It was founded in Leeds in 1974 by Ruth Hallam and her two brothers.")) == []


def test_brackets_are_skipped_in_questions():
    assert "When was the tower closed?" in wh("The tower (and its bell) was closed in May 1931.")


_WORDS = st.sampled_from(
    re.findall(
        r"\S+",
        """The the a of in by was were is built has which who , , . ; and 1931 4 48 lake lakes tower Ines Fairhall
        to keep because that surveyed metres high often when it its not ( ) “ ” 's about Table 3.5 % at from May""",
    )
)


@given(st.lists(_WORDS, min_size=1, max_size=30).map(" ".join))
def test_whatever_the_sentence_the_answer_is_its_span(sentence: str):
    for item in ask(sentence):
        assert sentence[item.start : item.start + len(item.answer)] == item.answer != ""
        assert (item.question.count(GAP) == 1) == (item.kind == "cloze")
        assert item.kind == "cloze" or re.fullmatch(r"\S.*\?", item.question)


@given(st.text(max_size=80))
def test_every_word_has_one_class(text: str):
    tagged = tag(text)
    assert len(tagged.tags) == len(tagged.spans)
