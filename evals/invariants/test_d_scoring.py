"""The marks mean what they say, for a perfect answerer and for none."""

from __future__ import annotations

import pytest

ECHO_AT_MOST = 0.05  # an article or a unit shared by chance; more, and metric or questions are at fault
DEGENERATE_AT_MOST = (
    0.5  # failing on half of its questions, a reader is scored on something else than reading
)
MARKS = ("em", "f1", "f1_first", "char_f1", "rouge_l")


def answered(questions, text_of):
    from clara.records import Answer

    return [
        Answer(question_id=q.id, contender="check", text=text_of(q), prompt_sha256="", tokens_read=0,
               tokens_written=0, stopped="none", seconds=0)
        for q in questions
    ]  # fmt: skip


def right(question):
    """Its first gold answer, or that there is none."""
    from clara.abstention import NO_ANSWER
    from clara.text import script

    return question.answers[0] if question.is_answerable else NO_ANSWER[script(question.question)]


def test_a_perfect_answerer_scores_one(all_questions):
    """Each question answered with its first gold answer, or that there is none, whatever the language."""
    from clara.metrics import mark_all

    for score in mark_all(all_questions, answered(all_questions, right)):
        assert [getattr(score, name) for name in MARKS] == [1] * len(MARKS), score


def test_an_empty_answerer_scores_zero(all_questions):
    """Silence is worth nothing, not even where there is no answer."""
    from clara.metrics import mark_all

    for score in mark_all(all_questions, answered(all_questions, lambda _: "")):
        assert [getattr(score, name) or 0 for name in (*MARKS, "keyword")] == [0] * (len(MARKS) + 1), score


def test_every_question_is_scored(contender, answers, result, asked):
    """The denominator is the question set: the void study scored five of twenty."""
    wanted = asked(contender.facts)
    answered_ids = [answer.question_id for answer in answers(contender)]
    missing = {question.id for question in wanted} - set(answered_ids)
    assert not missing, (
        f"{contender.facts.name} left {len(missing)} questions unanswered, the first {min(missing)}"
    )
    marked = result(contender)
    assert marked.n + marked.unanswerable == len(wanted)
    assert marked.n == sum(question.is_answerable for question in wanted)


def test_answers_are_joined_by_id_and_never_by_position(questions):
    """Perfect answers that come in reverse order are still perfect."""
    from clara.metrics import mark_all

    backwards = answered(questions, right)[::-1]
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


@pytest.mark.presumes(
    "every_question_is_scored",
    "failures_are_counted_and_score_zero",
    "answers_were_written_with_the_trained_adapter",
)
@pytest.mark.parametrize("name", ["closed_book", "rag", "rag_budget", "tuned", "tuned_rag", "clara"])
def test_cached_answers_equal_fresh_ones(request, name, questions, answers, settings):
    """A few answers are decoded again, whatever the cache says: a stale one would be another model's."""
    import random

    contender = request.getfixturevalue(name)
    drawn = random.Random(f"{settings.seed} {name}").sample(questions, k=min(3, len(questions)))
    given = {answer.question_id: answer.text for answer in answers(contender)}
    prompts = [contender.prompt(question, contender.chunks(question)) for question in drawn]
    fresh = contender.cache.read_afresh(contender.model, prompts)
    for question, reading in zip(drawn, fresh, strict=True):
        assert reading.text == given[question.id], (
            f"{name} answered {given[question.id]!r} to {question.id}, but decoded afresh it says "
            f"{reading.text!r}: the answer cache is stale; delete {contender.cache.path(contender.model)}"
        )


@pytest.mark.presumes("every_question_is_scored")
@pytest.mark.statistical
def test_degenerate_answers_are_few(contender, result):
    """Empty, cut at the limit, or one word over and over; reported for all, bounded for those that are shown text."""
    marked = result(contender)
    if marked.sees in ("retrieved chunks", "best sentences of them", "gold chunk"):
        assert marked.degenerate <= DEGENERATE_AT_MOST, (
            f"{marked.name}: {marked.degenerate:.0%} of the answers are empty, repeated or cut at the limit"
        )


def test_echo_scores_near_zero(echo, all_questions):
    """A metric that rewards repeating the question rewards nothing: the void study's gave it 23 %.

    Over all gold questions, whatever the profile: it costs nothing, and a few may share a word with their answer.
    Characters are counted where they are shown: not between Latin words, which share letters by chance.
    """
    from statistics import mean

    from clara.metrics import mark_all
    from clara.text import SEPARATED, script

    marks = mark_all(all_questions, echo.answer(all_questions))
    spaced = {question.id for question in all_questions if script(question.question) in SEPARATED}
    for name in ("em", "f1", "char_f1", "rouge_l", "keyword"):
        shown = [score for score in marks if name != "char_f1" or score.question_id not in spaced]
        marked = [getattr(score, name) for score in shown if getattr(score, name) is not None]
        value = mean(marked) if marked else 0
        assert value <= ECHO_AT_MOST, f"echo scores {value:.1%} on {name}: the answers stand in the questions"
