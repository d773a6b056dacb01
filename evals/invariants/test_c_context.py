"""Everyone was shown what the table says, and nothing else."""

from __future__ import annotations

import unicodedata

import pytest


def letters(text):
    """Text as any tokenizer gives it back: compatibility forms folded, white space gone."""
    return "".join(unicodedata.normalize("NFKC", text).split())


def by_id(answers):
    return {answer.question_id: answer for answer in answers}


def test_rag_and_tuned_rag_were_shown_identical_context(rag, tuned_rag, answers):
    """The void study gave RAG three chunks and the tuned model none. The hash is of the context as inserted."""
    of_rag, of_tuned = by_id(answers(rag)), by_id(answers(tuned_rag))
    different = [i for i in of_rag if of_rag[i].context_sha256 != of_tuned[i].context_sha256]
    assert not different, (
        f"rag and tuned_rag were shown different context for {len(different)} of {len(of_rag)} questions, "
        f"the first {different[0]}: {of_rag[different[0]].chunk_ids} and {of_tuned[different[0]].chunk_ids}"
    )


@pytest.mark.presumes("rag_and_tuned_rag_were_shown_identical_context")
def test_prompts_of_rag_and_tuned_rag_are_equal_to_the_token(rag, tuned_rag, answers):
    """Then the adapter is the only difference between them."""
    of_rag, of_tuned = by_id(answers(rag)), by_id(answers(tuned_rag))
    different = [i for i in of_rag if of_rag[i].prompt_sha256 != of_tuned[i].prompt_sha256]
    assert not different, f"{len(different)} prompts differ beyond the context, the first of {different[0]}"


@pytest.mark.parametrize("name", ["rag", "tuned_rag", "oracle", "shuffled"])
def test_no_prompt_was_truncated(request, name, answers, questions, chunks, base):
    """Each prompt is written again from the chunk ids that the answer names, whole, and compared."""
    from clara.model.prompts import prompt_ids
    from clara.provenance import digest

    text = {chunk.id: chunk.text for chunk in chunks}
    asked = {question.id: question.question for question in questions}
    for answer in answers(request.getfixturevalue(name)):
        if answer.error is None:
            whole = prompt_ids(base.tokenizer, asked[answer.question_id], [text[i] for i in answer.chunk_ids])
            assert answer.tokens_read == len(whole), (
                f"{name} read {answer.tokens_read} of {len(whole)} prompt tokens for {answer.question_id}: "
                "the prompt was truncated"
            )
            assert answer.prompt_sha256 == digest(whole), (
                f"what {name} read for {answer.question_id} is not question and chunks {answer.chunk_ids}"
            )
            read = letters(base.tokenizer.decode(whole))
            for said in (asked[answer.question_id], *(text[i] for i in answer.chunk_ids)):
                assert letters(said) in read, f"{name}'s prompt for {answer.question_id} lacks {said[:60]!r}"


def test_rag_budget_reads_sentences_of_rags_chunks_within_its_budget(
    rag_budget, rag, answers, questions, count_tokens, budget_tokens, compression
):
    """It is what memory vectors must beat: the same chunks, as text, in as many positions."""
    given, allowed = by_id(answers(rag_budget)), budget_tokens(compression)
    for question in (question for question in questions if question.id in given):
        whole = {chunk.id: chunk.text for chunk in rag.chunks(question)}
        shown = rag_budget.chunks(question)
        spent = count_tokens("\n".join(chunk.text for chunk in shown))
        assert spent <= allowed, f"{question.id}: {spent} tokens of {allowed} allowed"
        assert given[question.id].context_tokens == spent
        for chunk in shown:
            rest = iter(whole.get(chunk.id, "").split())
            foreign = [word for word in chunk.text.split() if word not in rest]
            assert not foreign, f"rag_budget was shown what rag was not, for {question.id}: {foreign[0]!r}"
        assert given[question.id].prompt_sha256 == rag_budget.prompt(question, shown).sha256, (
            f"what rag_budget read for {question.id} is not its question and those sentences"
        )


@pytest.mark.parametrize("name", ["closed_book", "tuned", "untrained", "tuned_other", "shuffled_labels"])
def test_closed_books_saw_no_context(request, name, answers, questions, base):
    """Their prompts hold the question and nothing of the documents."""
    from clara.model.prompts import prompt_ids
    from clara.provenance import digest

    asked = {question.id: question.question for question in questions}
    for answer in answers(request.getfixturevalue(name)):
        assert answer.context_sha256 is None, f"{name} was shown context for {answer.question_id}"
        bare = digest(prompt_ids(base.tokenizer, asked[answer.question_id]))
        assert answer.prompt_sha256 == bare, (
            f"{name}'s prompt for {answer.question_id} is not the bare question"
        )


@pytest.mark.parametrize("name", ["shuffled", "clara_shuffled"])
def test_shuffled_context_is_of_another_document(request, name, answers, questions, chunks, weak_data):
    """Otherwise it may hold the answer, and the bound bounds nothing."""
    shuffled = request.getfixturevalue(name)
    if shuffled.retriever.same_document:
        weak_data(f"one document only: {name} draws other chunks of the same, which may hold the answer")
        return
    of_chunk = {chunk.id: chunk.document for chunk in chunks}
    of_question = {question.id: question.document for question in questions}
    for answer in answers(shuffled):
        own = [i for i in answer.chunk_ids if of_chunk[i] == of_question[answer.question_id]]
        assert not own, f"{name} was shown {own} of the question's own document for {answer.question_id}"


def test_every_document_was_read(reading):
    """A document that cannot be read is an error here; the others are evaluated all the same."""
    _, errors = reading
    assert not errors, "\n".join(str(error) for error in errors)


def test_retrieval_finds_the_evidence(retriever, questions, ledger, weak_data):
    """A retriever that misses is weak data, not broken wiring: it is said with its number, for each language."""
    from clara.retrieval import recall_at_k, terms_of
    from clara.text import LANGUAGES, script

    found = {question.id: retriever.retrieve(question, 5) for question in questions}
    languages = {q.id: LANGUAGES[script(q.question)] for q in questions if q.is_answerable}
    for name in sorted(set(languages.values())):
        own = [question for question in questions if languages.get(question.id) == name]
        recall = {k: recall_at_k(own, found, k) for k in (1, 3, 5)}
        said = ", ".join(f"@{k} {value:.3f}" for k, value in recall.items())
        ledger.facts[f"recall, {name}"] = f"{said} ({len(own)} questions, by {terms_of(own[0].question)})"
        if recall[3] < 0.8:
            weak_data(
                f"recall@3 is {recall[3]:.2f} ({name}): rag cannot answer what its retriever does not find"
            )
