"""What a score asks, shows and counts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import tiny

from clara.model.base import load_base
from clara.pretraining import score as scoring
from clara.pretraining.corpus import ReadingQuestion, read_questions
from clara.pretraining.score import ask, cut_around, main, sampled, score


@pytest.fixture(scope="module")
def questions(questions_file: Path) -> list[ReadingQuestion]:
    return read_questions([questions_file])


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory):
    """A random model whose window holds one context and not three."""
    return load_base(tiny.save_model(tmp_path_factory.mktemp("model") / "small", max_position_embeddings=512))


def _words(text: str) -> int:
    return len(text.split())


def test_context_that_fits_is_shown_as_it_stands(questions):
    context = questions[0].context
    assert cut_around(context, questions[0].answers, _words(context), _words) == context


@pytest.mark.parametrize("room", [4, 12, 20, 40])
def test_context_that_does_not_fit_is_cut_around_the_answer(questions, room: int):
    for question in questions:
        cut = cut_around(question.context, question.answers, room, _words)
        assert question.answers[0] in cut
        assert cut in question.context
        assert _words(cut) <= room


def test_without_an_answer_in_it_a_passage_is_cut_from_its_end(questions):
    cut = cut_around(questions[0].context, (), 12, _words)
    assert questions[0].context.startswith(cut)


def test_prompt_never_exceeds_its_room(questions, small):
    shown = [question.context for question in (questions[0], questions[3], questions[6])]
    asked = ask(small.tokenizer, questions[0], shown, room=240)
    assert len(asked.prompt) <= 240
    assert asked.others_cut


def test_gold_passage_stands_beside_others_as_it_does_alone_where_they_give_way(questions, small):
    gold = questions[0].context
    alone = len(ask(small.tokenizer, questions[0], (gold,), room=10_000).prompt)
    asked = ask(
        small.tokenizer, questions[0], (gold, questions[3].context, questions[6].context), alone * 3 // 2
    )
    assert not asked.cut
    assert gold in small.tokenizer.decode(asked.prompt)


def test_two_contexts_of_other_titles_stand_beside_the_gold_one(questions):
    among = scoring._among_three(questions)
    places = set()
    for question in questions:
        shown = among(question)
        titles = [other.title for text in shown for other in questions if other.context == text][::3]
        assert shown == among(question)
        assert len(set(titles)) == 3
        places.add(shown.index(question.context))
    assert len(places) > 1


def test_model_that_knows_the_answers_scores_one_and_a_wrong_one_less(questions):
    means = scoring.means(questions, [question.answers[0] for question in questions])
    assert (means["n"], means["f1"], means["em"], means["refused"]) == (len(questions), 1.0, 1.0, 0.0)
    shifted = [question.answers[0] for question in [*questions[1:], questions[0]]]
    assert scoring.means(questions, shifted)["em"] == 0.0


def test_limit_draws_over_the_whole_file(questions):
    few = sampled(questions, 6)
    assert len(few) == 6
    assert len({question.title for question in few}) > 2
    assert sampled(questions, None) == questions


def test_a_refusal_is_counted_and_is_worth_nothing(questions):
    texts = ["no answer", *[question.answers[0] for question in questions[1:]]]
    means = scoring.means(questions, texts)
    assert means["refused"] == pytest.approx(1 / len(questions))
    assert means["f1"] == pytest.approx(1 - means["refused"])
    low, high = means["f1_interval"]
    assert low <= means["f1"] <= high


def test_asked_in_vain_is_another_passage_of_the_title_without_any_answer(questions):
    silent = questions[0].model_copy(update={"id": "other", "context": "The ferry is painted blue."})
    telling = questions[0].model_copy(
        update={"id": "telling", "context": f"He met {questions[0].answers[0]}."}
    )
    in_vain = scoring._in_vain([*questions, silent, telling])
    assert in_vain(questions[0]) == (silent.context,)
    assert scoring._in_vain(questions)(questions[0]) == ()


def test_file_of_one_title_has_no_three(questions, small):
    alone = [question for question in questions if question.title == questions[0].title]
    result = score(small.model, small.tokenizer, small.window, alone, ("three", "none"))
    assert result["three"] is None
    assert result["none"]["cut"] == 0


def test_command_prints_fractions_as_json(questions_file: Path, small, capsys: pytest.CaptureFixture[str]):
    assert main([str(questions_file), "--model", str(small.path), "--limit", "3", "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["n"] == 3
    assert set(result) == {"n", "gold", "three", "none", "vain"}
    assert result["vain"] is None  # each title of the file has one context
    assert all(
        0 <= result[setting][name] <= 1 for setting in ("gold", "three", "none") for name in ("f1", "em")
    )


def test_missing_model_is_one_line_and_not_a_traceback(
    questions_file: Path, capsys: pytest.CaptureFixture[str]
):
    assert main([str(questions_file), "--model", "nowhere"]) == 1
    assert capsys.readouterr().err.count("\n") == 1
