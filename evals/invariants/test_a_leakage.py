"""Gold questions are for marking. Nothing that was trained on resembles one."""

from __future__ import annotations


def test_no_training_question_resembles_a_gold_question(leak_free):
    """Equal, nearly equal, or containing one; thresholds are argued in ``clara.questions.leakage``.

    The fixture checks and lists the offenders; no adapter is trained unless it passes.
    """
    assert leak_free > 0, "there was nothing to check: no training question"


def test_no_training_question_holds_its_own_answer(training_questions):
    """It would teach to copy from the question, and lower the loss without teaching anything else."""
    from clara.questions import giveaways

    found = giveaways(training_questions[0])
    assert not found, f"{len(found)} training questions give themselves away, the first: {found[0]}"


def test_gold_text_was_never_trained_on(training_texts, all_questions):
    """No gold question stands in a text that the ``lm`` stage reads."""
    from clara.questions import gold_text_in

    found = gold_text_in(training_texts[0], all_questions)
    assert not found, f"{len(found)} gold questions stand in the texts trained on, the first: {found[0]!r}"


def test_held_out_text_was_never_trained_on(training_texts, training_questions):
    """A loss on what was trained on proves memory, not learning."""
    trained, held_out = training_texts
    both = set(trained) & set(held_out)
    assert not both, f"{len(both)} held-out texts were trained on, the first: {min(both)[:80]!r}"
    chunks = [{question.chunk_id for question in part} for part in training_questions]
    assert not chunks[0] & chunks[1], f"chunks in both parts: {sorted(chunks[0] & chunks[1])}"
