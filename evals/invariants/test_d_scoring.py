"""The marks mean what they say, for a perfect answerer and for none."""

from __future__ import annotations

import pytest

ECHO_AT_MOST = 0.05  # an article or a unit shared by chance; more, and metric or questions are at fault
DEGENERATE_AT_MOST = (
    0.5  # a reader that fails on half of its questions is scored on something else than reading
)


def answered(questions, text_of):
    from clara.records import Answer

    return [
        Answer(question_id=q.id, contender="check", text=text_of(q), prompt_sha256="", tokens_read=0,
               tokens_written=0, stopped="none", seconds=0)
        for q in questions
    ]  # fmt: skip


def test_a_perfect_answerer_scores_one(questions):
    """Each question answered with its first gold answer, whatever the language."""
    from clara.metrics import mark_all

    for score in mark_all(questions, answered(questions, lambda q: q.answers[0])):
        assert (score.em, score.f1, score.f1_first, score.rouge_l) == (1, 1, 1, 1), score


def test_an_empty_answerer_scores_zero(questions):
    """Silence is worth nothing."""
    from clara.metrics import mark_all

    for score in mark_all(questions, answered(questions, lambda _: "")):
        assert (score.em, score.f1, score.f1_first, score.rouge_l, score.keyword or 0) == (0, 0, 0, 0, 0), (
            score
        )


def test_every_question_is_scored(contender, answers, result, questions, control_questions):
    """The denominator is the question set: the void study scored five of twenty."""
    asked = control_questions if contender.facts.control else questions
    answered_ids = [answer.question_id for answer in answers(contender)]
    missing = {question.id for question in asked} - set(answered_ids)
    assert not missing, (
        f"{contender.facts.name} left {len(missing)} questions unanswered, the first {min(missing)}"
    )
    assert result(contender).n == len(asked)


def test_answers_are_joined_by_id_and_never_by_position(questions):
    """Perfect answers that come in reverse order are still perfect."""
    from clara.metrics import mark_all

    backwards = answered(questions, lambda q: q.answers[0])[::-1]
    wrong = [score.question_id for score in mark_all(questions, backwards) if score.f1 < 1]
    assert not wrong, (
        f"in reverse order {len(wrong)} perfect answers are marked wrong, the first to {wrong[0]}: "
        "answers are paired with questions by position"
    )


@pytest.mark.presumes("every_question_is_scored")
def test_failures_are_counted_and_score_zero(contender, result):
    """An answer that failed is no answer, and no reason to leave the question out."""
    marked = result(contender)
    silent = [row.id for row in marked.questions if not row.error and not row.tokens_written]
    assert not silent or marked.name == "echo", (
        f"{marked.name} wrote nothing to {len(silent)} questions and reports no error, the first {silent[0]}: "
        "an error was swallowed"
    )
    failed = [row for row in marked.questions if row.error]
    assert marked.failed == len(failed)
    assert all(row.scores["f1"] == 0 for row in failed)
    assert not failed, (
        f"{marked.name}: {len(failed)} answers failed, the first ({failed[0].id}): {failed[0].error}"
    )


@pytest.mark.presumes("every_question_is_scored", "failures_are_counted_and_score_zero")
@pytest.mark.parametrize("name", ["closed_book", "rag", "tuned", "tuned_rag"])
def test_cached_answers_equal_fresh_ones(request, name, questions, answers, settings):
    """A few answers are decoded again, whatever the cache says: a stale one would be another model's."""
    import random

    contender = request.getfixturevalue(name)
    drawn = random.Random(f"{settings.seed} {name}").sample(questions, k=min(3, len(questions)))
    given = {answer.question_id: answer.text for answer in answers(contender)}
    prompts = {q.id: contender.prompt(q, contender.chunks(q)) for q in drawn}
    for question_id, reading in contender.cache.read_afresh(contender.model, prompts).items():
        assert reading.text == given[question_id], (
            f"{name} answered {given[question_id]!r} to {question_id}, but decoded afresh it says "
            f"{reading.text!r}: the answer cache is stale; delete {contender.cache.path(contender.model)}"
        )


@pytest.mark.presumes("every_question_is_scored")
@pytest.mark.statistical
def test_degenerate_answers_are_few(contender, result):
    """Empty, cut at the limit, or one word over and over; reported for all, bounded for those that are shown text."""
    marked = result(contender)
    if marked.sees in ("retrieved chunks", "gold chunk"):
        assert marked.degenerate <= DEGENERATE_AT_MOST, (
            f"{marked.name}: {marked.degenerate:.0%} of the answers are empty, repeated or cut at the limit"
        )


def test_echo_scores_near_zero(echo, all_questions):
    """A metric that rewards repeating the question rewards nothing: the void study's gave it 23 %.

    Over all gold questions, whatever the profile: it costs nothing, and a few may share a word with their answer.
    """
    from statistics import mean

    from clara.metrics import mark_all

    marks = mark_all(all_questions, echo.answer(all_questions))
    for name in ("em", "f1", "rouge_l", "keyword"):
        value = mean(getattr(score, name) or 0 for score in marks)
        assert value <= ECHO_AT_MOST, f"echo scores {value:.1%} on {name}: the answers stand in the questions"
