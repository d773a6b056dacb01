"""The comparison as a graph of fixtures, to be read from top to bottom.

documents → chunks → training questions → stages → adapters → contenders → answers → scores
"""

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Sequence

import pytest

pytest_plugins = ["clara.plugin"]


# --- what is read -----------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def profile(settings):
    """How much of everything."""
    return settings.profile


@pytest.fixture(scope="session")
def reading(settings):
    """Every document that could be read, and an error for every one that could not."""
    from clara.documents import read_documents

    return read_documents(settings.documents)


@pytest.fixture(scope="session")
def documents(reading, ledger):
    """The documents."""
    from clara.provenance import digest

    documents = reading[0]
    ledger.digests["documents"] = digest([document.model_dump(exclude={"path"}) for document in documents])
    ledger.facts["documents"] = len(documents)
    return documents


@pytest.fixture(scope="session")
def all_questions(settings, reading, documents, weak_data):
    """Every gold question, checked against the documents; those on an unreadable document are left out."""
    from clara.metrics import check_markable
    from clara.questions import check_questions, read_questions

    unread = {error.path.stem for error in reading[1]}
    questions = [
        question for question in read_questions(settings.questions) if question.document not in unread
    ]
    if unread:
        weak_data(f"questions on {', '.join(sorted(unread))} are left out: the document could not be read")
    check_questions(questions, documents)
    check_markable(questions)
    return questions


@pytest.fixture(scope="session")
def questions(all_questions, profile, settings, ledger):
    """The gold questions of this run: all, or as many as the profile asks for, drawn evenly by seed."""
    from clara.provenance import digest

    chosen = _drawn(all_questions, profile.questions, settings.seed)
    ledger.digests["questions"] = digest([question.model_dump() for question in chosen])
    ledger.facts["gold questions"] = len(chosen)
    return chosen


@pytest.fixture(scope="session")
def control_questions(questions, profile, settings):
    """The seeded part of them that controls answer."""
    return _drawn(questions, profile.control_questions, settings.seed)


@pytest.fixture(scope="session")
def base(settings, ledger):
    """The frozen base model."""
    from clara.model.base import load_base

    base = load_base(settings.model)
    ledger.digests["base"] = base.base_digest
    return base


@pytest.fixture(scope="session")
def chunks(documents, base, profile, ledger):
    """The documents in whole sentences, cut by the model's own tokenizer."""
    from clara.documents import chunk_all

    def count_tokens(text: str) -> int:
        return len(base.tokenizer.encode(text, add_special_tokens=False))

    chunks = chunk_all(documents, count_tokens, profile.chunk_tokens)
    ledger.facts["chunks"] = len(chunks)
    return chunks


@pytest.fixture(scope="session")
def source_chunks(questions, chunks) -> dict[str, tuple[str, ...]]:
    """The chunks that hold each question's evidence, the gold one first; intervals resample that one."""
    from clara.retrieval import gold_chunk, holds

    def sources(question):
        gold = gold_chunk(question, chunks)
        return (gold.id, *(chunk.id for chunk in chunks if chunk != gold and holds(chunk, question)))

    return {question.id: sources(question) for question in questions}


# --- what is trained on -----------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def generated(chunks, all_questions, settings, ledger):
    """Questions made by rule from the chunks, without those that resemble a gold question."""
    from clara.questions import drop_leaks, generate

    kept, dropped = drop_leaks(generate(chunks, settings.seed), all_questions)
    ledger.facts["training questions"] = len(kept)
    ledger.facts["training questions dropped as too close to gold ones"] = len(dropped)
    return kept


@pytest.fixture(scope="session")
def training_questions(generated, profile, settings):
    """Pair: questions to train on, questions to measure losses on; no chunk in both."""
    from clara.questions import held_out

    return held_out(generated, profile.held_out, settings.seed)


@pytest.fixture(scope="session")
def training_texts(chunks, profile, settings):
    """Pair: texts to train on, texts to measure losses on; no sentence in both."""
    from clara.questions import held_out_text

    return held_out_text(chunks, profile.held_out, settings.seed)


@pytest.fixture(scope="session")
def leak_free(training_questions, all_questions) -> int:
    """Number of training questions, once they are proved to hold no gold question; raises if they do."""
    from clara.questions import check_leakage

    check_leakage(training_questions[0], all_questions)
    return len(training_questions[0])


@pytest.fixture(scope="session")
def lm_stage(base, training_texts, profile, settings):
    """Reading the documents."""
    from clara.training.stages import lm_stage

    return lm_stage(base.tokenizer, *training_texts, profile.lm, settings.seed)


@pytest.fixture(scope="session")
def sft_stage(base, chunks, training_questions, profile, settings):
    """Answering generated questions; called with what to train on, which a control permutes."""
    from clara.training.stages import sft_stage

    texts = {chunk.id: chunk.text for chunk in chunks}

    def build(trained_on):
        held_out = training_questions[1]
        return sft_stage(
            base.tokenizer, trained_on, held_out, texts, profile.sft, profile.context_share, settings.seed
        )

    return build


# --- what is trained --------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def obtain(settings, profile, base, leak_free, uncaptured, ledger):
    """Read an adapter from the store, or train it; never before the leakage check."""
    from clara.training import artefacts

    def obtain(name, stage, data, budget, parent=None):
        data = [data, profile.context_share, profile.held_out]
        with uncaptured():
            artefact = artefacts.obtain(
                settings.store / "adapters", base, stage, name=name, data=data, settings=budget.model_dump(),
                lora=profile.lora, seed=settings.seed, parent=parent,
            )  # fmt: skip
            first, last = (artefact.manifest.held_out[i][1] for i in (0, -1))
            sys.stderr.write(f"\nclara: stage {name}: held-out loss {first:.3f} → {last:.3f}\n")
        ledger.digests[f"adapter {name}"] = artefact.manifest.adapter_digest
        ledger.digests[f"training data {name}"] = artefact.manifest.recipe.data
        ledger.facts[f"training seconds, {name}"] = round(artefact.manifest.seconds, 1)
        return artefact

    return obtain


@pytest.fixture(scope="session")
def lm_artefact(obtain, lm_stage, training_texts, profile):
    """The adapter that has read the documents."""
    return obtain("lm", lambda: lm_stage, training_texts, profile.lm)


@pytest.fixture(scope="session")
def sft_artefact(obtain, sft_stage, lm_artefact, training_questions, chunks, profile):
    """The same adapter, then taught to answer: what ``tuned`` and ``tuned_rag`` load."""
    data = [[question.model_dump() for question in part] for part in training_questions]
    data.append([chunk.model_dump() for chunk in chunks])
    return obtain("sft", lambda: sft_stage(training_questions[0]), data, profile.sft, lm_artefact)


@pytest.fixture(scope="session")
def shuffled_artefact(obtain, sft_stage, lm_artefact, training_questions, chunks, profile, settings):
    """The same adapter taught permuted answers, for as many steps."""
    from clara.training.stages import permuted_answers

    permuted = permuted_answers(training_questions[0], settings.seed)
    data = [[question.model_dump() for question in part] for part in (permuted, training_questions[1])]
    data.append([chunk.model_dump() for chunk in chunks])
    return obtain("sft on permuted answers", lambda: sft_stage(permuted), data, profile.sft, lm_artefact)


# --- who answers ------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def cache(settings, profile):
    """Decodes, or remembers."""
    from clara.answering.cache import AnswerCache

    return AnswerCache(settings.store / "answers", profile.max_tokens, profile.batch_size)


@pytest.fixture(scope="session")
def retriever(chunks):
    """TF-IDF over the chunks: the one retriever of every contender that is shown retrieved chunks."""
    from clara.retrieval import TfidfRetriever

    return TfidfRetriever(chunks)


@pytest.fixture(scope="session")
def closed_book(base, cache):
    """The base model, shown nothing."""
    from clara.answering.closed_book import closed_book

    return closed_book(base, cache)


@pytest.fixture(scope="session")
def rag(base, cache, retriever, profile):
    """The base model, shown the retrieved chunks as text."""
    from clara.answering.rag import rag

    return rag(base, cache, retriever, profile.chunks_shown)


@pytest.fixture(scope="session")
def tuned(base, cache, sft_artefact):
    """The tuned model, shown nothing."""
    from clara.answering.tuned import tuned

    return tuned(base, sft_artefact, cache)


@pytest.fixture(scope="session")
def tuned_rag(base, cache, sft_artefact, retriever, profile):
    """The tuned model, shown the chunks that ``rag`` sees."""
    from clara.answering.tuned import tuned_rag

    return tuned_rag(base, sft_artefact, cache, retriever, profile.chunks_shown)


@pytest.fixture(scope="session")
def untrained(base, cache, profile, settings):
    """Control: ``tuned`` with its adapter as it was before its first step."""
    from clara.answering.tuned import untrained

    return untrained(base, profile.lora, settings.seed, cache)


@pytest.fixture(scope="session")
def oracle(base, cache, chunks):
    """Control: ``rag`` with the gold chunk."""
    from clara.answering.rag import oracle
    from clara.retrieval import OracleRetriever

    return oracle(base, cache, OracleRetriever(chunks))


@pytest.fixture(scope="session")
def shuffled(base, cache, chunks, profile, settings):
    """Control: ``rag`` with chunks of another document."""
    from clara.answering.rag import shuffled
    from clara.retrieval import ShuffledRetriever

    return shuffled(base, cache, ShuffledRetriever(chunks, settings.seed), profile.chunks_shown)


@pytest.fixture(scope="session")
def shuffled_labels(base, cache, shuffled_artefact):
    """Control: ``tuned`` on permuted answers."""
    from clara.answering.tuned import shuffled_labels

    return shuffled_labels(base, shuffled_artefact, cache)


@pytest.fixture(scope="session")
def echo():
    """Control: repeats the question."""
    from clara.answering.echo import Echo

    return Echo()


@pytest.fixture
def contender(request):
    """Each contender that takes part, in turn."""
    return request.getfixturevalue(request.param)


# --- what comes of it -------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def answers(questions, control_questions) -> Callable:
    """A contender's answers, asked for once a session."""
    known: dict[str, Sequence] = {}

    def answers(contender):
        name = contender.facts.name
        if name not in known:
            known[name] = contender.answer(control_questions if contender.facts.control else questions)
        return known[name]

    return answers


@pytest.fixture(scope="session")
def result(answers, questions, control_questions, source_chunks, profile, settings, ledger) -> Callable:
    """A contender's answers, marked by id and summed up; entered in the ledger."""
    from clara.metrics import mark_all
    from clara.reports.scoring import contender_result

    def result(contender):
        facts = contender.facts
        if facts.name not in ledger.contenders:
            asked = control_questions if facts.control else questions
            given = answers(contender)
            ledger.contenders[facts.name] = contender_result(
                facts, asked, given, mark_all(asked, given), source_chunks,
                subset=len(asked) < len(questions), seed=settings.seed, resamples=profile.resamples,
            )  # fmt: skip
        return ledger.contenders[facts.name]

    return result


@pytest.fixture(scope="session")
def compare(result, source_chunks, profile, settings, ledger) -> Callable:
    """The paired difference of two contenders, entered in the ledger."""
    from clara.reports import scoring

    def compare(a, b):
        comparison = scoring.compare(
            result(a), result(b), source_chunks, seed=settings.seed, resamples=profile.resamples
        )
        if comparison not in ledger.comparisons:
            ledger.comparisons.append(comparison)
        return comparison

    return compare


def _drawn(questions: Sequence, count: int | None, seed: int) -> list:
    """``count`` of the questions, as even over the documents as can be, in their own order."""
    if count is None or count >= len(questions):
        return list(questions)
    by_document: dict[str, list] = {}
    for question in questions:
        by_document.setdefault(question.document, []).append(question)
    for name, group in by_document.items():
        random.Random(f"{seed} {name}").shuffle(group)
    rounds = [group[i] for i in range(len(questions)) for group in by_document.values() if i < len(group)]
    chosen = {question.id for question in rounds[:count]}
    return [question for question in questions if question.id in chosen]
