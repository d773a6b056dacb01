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
    from clara.questions import read_questions

    unread = {error.path.stem for error in reading[1]}
    every = read_questions(settings.questions, documents, unread)
    questions = [question for question in every if question.document not in unread]
    if unread:
        weak_data(f"questions on {', '.join(sorted(unread))} are left out: the document could not be read")
    check_markable(questions)
    return questions


@pytest.fixture(scope="session")
def questions(all_questions, profile, settings, ledger):
    """The gold questions of this run: all, or as many as the profile asks for, drawn evenly by seed."""
    from clara.errors import QuestionFileError
    from clara.provenance import digest

    chosen = _drawn(all_questions, profile.questions, settings.seed)
    if not any(question.is_answerable for question in chosen):
        raise QuestionFileError(
            ["no question has an answer: there is nothing to score. Add some that have one."]
        )
    ledger.digests["questions"] = digest([question.model_dump() for question in chosen])
    ledger.facts["gold questions"] = len(chosen)
    return chosen


@pytest.fixture(scope="session")
def asked(questions, profile, settings) -> Callable:
    """What a contender is asked: all, or a seeded part where that is enough; the oracle, what has gold."""

    def asked(facts):
        part = (
            _drawn(questions, profile.control_questions, settings.seed) if facts.asked_in_part else questions
        )
        return [q for q in part if q.is_answerable] if facts.sees == "gold chunk" else part

    return asked


@pytest.fixture(scope="session")
def base(settings, ledger):
    """The frozen base model."""
    from clara.model.base import load_base

    base = load_base(settings.model)
    ledger.digests["base"] = base.base_digest
    return base


@pytest.fixture(scope="session")
def count_tokens(base) -> Callable[[str], int]:
    """Length of a text in the model's own tokens."""
    return lambda text: len(base.tokenizer.encode(text, add_special_tokens=False))


@pytest.fixture(scope="session")
def chunks(documents, count_tokens, profile, settings, ledger):
    """The documents in whole sentences, cut by the model's own tokenizer."""
    from clara.documents import chunk_all

    # A chunk that is compressed in parts would take more positions than its rival as text.
    longest = min(profile.chunk_tokens, *(made.max_document_tokens for made in settings.compressions))
    chunks = chunk_all(documents, count_tokens, longest)
    ledger.facts["chunks"] = len(chunks)
    return chunks


@pytest.fixture(scope="session")
def source_chunks(questions, chunks, profile, weak_data) -> dict[str, tuple[str, ...]]:
    """The chunks that hold evidence of each question, the gold one first; intervals resample that one.

    A question without an answer has none: it stands for its whole document.
    """
    from clara.retrieval import gold_chunks, holds
    from clara.statistics import too_few_clusters

    def sources(question):
        gold = [chunk.id for chunk in gold_chunks(question, chunks)]
        also = [c.id for c in chunks if any(holds(c, sentence) for sentence in question.evidence)]
        return tuple(dict.fromkeys((*gold, *also))) or (question.document,)

    found = {question.id: sources(question) for question in questions}
    clusters = len({found[question.id][0] for question in questions if question.is_answerable})
    if profile.judges_quality and too_few_clusters(clusters):
        weak_data(f"the questions are on {clusters} chunks: too few for 95 % intervals to hold what they say")
    return found


# --- what is trained on -----------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def generated(chunks, all_questions, profile, settings, ledger):
    """Questions made by rule from the chunks, without those that resemble a gold question; some lose their answer."""
    from clara.questions import cross, drop_leaks, generate

    kept, dropped = drop_leaks(generate(chunks, settings.seed), all_questions)
    crossed = cross(kept, chunks, settings.seed, profile.unanswerable_share)
    for kind in ("wh", "cloze"):
        ledger.facts[f"training questions, {kind}"] = sum(question.kind == kind for question in kept)
    ledger.facts["training questions, unanswerable"] = len(crossed)
    ledger.facts["training questions dropped as too close to gold ones"] = len(dropped)
    return [*kept, *crossed]


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
def facts_asked(training_questions, questions, chunks) -> frozenset[str]:
    """Gold questions whose fact some training question asks for, in other words."""
    from clara.questions import asked_facts

    return asked_facts(training_questions[0], questions, chunks)


@pytest.fixture(scope="session")
def half_of(chunks, source_chunks) -> dict[str, int]:
    """The half of the documents that each chunk, document and gold question belongs to."""
    from clara.questions import halves

    half = halves(chunks)
    half |= {chunk.document: half[chunk.id] for chunk in chunks}
    return half | {question: half[sources[0]] for question, sources in source_chunks.items()}


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

    def build(trained_on, held_out=training_questions[1], budget=profile.sft, seed=settings.seed):
        return sft_stage(base.tokenizer, trained_on, held_out, texts, budget, profile.context_share, seed)

    return build


# --- what is trained --------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def obtain(settings, profile, base, leak_free, uncaptured, ledger):
    """Read an adapter from the store, or train it; never before the leakage check."""
    from clara.reports.results import curve
    from clara.training import artefacts
    from clara.training.forms import AdapterForm

    def obtain(name, stage, data, budget, parent=None, rate="", form=None, seed=settings.seed):
        form = form or AdapterForm(profile.lora, seed)
        data = [data, profile.context_share, profile.held_out]
        with uncaptured():
            artefact = artefacts.obtain(
                settings.store / "adapters", base, stage, form=form, name=name, data=data,
                settings=budget.model_dump(), seed=seed, parent=parent,
            )  # fmt: skip
            first, last = (artefact.manifest.held_out[i][1] for i in (0, -1))
            sys.stderr.write(f"\nclara: stage {name}: held-out loss {first:.3f} → {last:.3f}\n")
        if seed != settings.seed:
            rate = f"{rate} of seed {seed}"
        ledger.digests[f"adapter {name}{rate}"] = artefact.manifest.adapter_digest
        ledger.digests[f"training data {name}{rate}"] = artefact.manifest.recipe.data
        ledger.facts[f"training seconds, {name}{rate}"] = round(artefact.manifest.seconds, 1)
        ledger.curves[f"{name}{rate}"] = curve(artefact.manifest.losses, artefact.manifest.held_out)
        return artefact

    return obtain


@pytest.fixture(scope="session")
def lm_artefact(obtain, lm_stage, training_texts, profile):
    """The adapter that has read the documents."""
    return obtain("lm", lambda: lm_stage, training_texts, profile.lm)


@pytest.fixture(scope="session")
def teach(obtain, sft_stage, chunks, settings) -> Callable:
    """Go on from an adapter that has read, and teach it to answer."""

    def teach(name, parent, trained_on, held_out, budget, seed=settings.seed):
        data = [[item.model_dump() for item in part] for part in (trained_on, held_out, chunks)]
        return obtain(
            name, lambda: sft_stage(trained_on, held_out, budget, seed), data, budget, parent, seed=seed
        )

    return teach


@pytest.fixture(scope="session")
def sft_artefact(teach, lm_artefact, training_questions, profile):
    """The same adapter, then taught to answer: what ``tuned`` and ``tuned_rag`` load."""
    return teach("sft", lm_artefact, *training_questions, profile.sft)


@pytest.fixture(scope="session")
def shuffled_artefact(teach, lm_artefact, training_questions, profile, settings):
    """The same adapter taught permuted answers, for as many steps."""
    from clara.training.stages import permuted_answers

    trained_on, held_out = training_questions
    permuted = permuted_answers(trained_on, settings.seed)
    return teach("sft on permuted answers", lm_artefact, permuted, held_out, profile.sft)


@pytest.fixture(scope="session")
def other_artefacts(obtain, teach, base, chunks, generated, half_of, profile, settings):
    """Two adapters, each of one half of the documents: half the steps, so that each chunk is read as often."""
    from clara.questions import held_out, held_out_text
    from clara.training.stages import lm_stage

    def train(half):
        texts = held_out_text([c for c in chunks if half_of[c.id] == half], profile.held_out, settings.seed)
        parts = held_out(
            [q for q in generated if half_of[q.chunk_id] == half], profile.held_out, settings.seed
        )

        def stage():
            return lm_stage(base.tokenizer, *texts, profile.lm.half, settings.seed)

        read = obtain(f"lm on half {half + 1}", stage, texts, profile.lm.half)
        return teach(f"sft on half {half + 1}", read, *parts, profile.sft.half)

    return train(0), train(1)


@pytest.fixture(scope="session")
def trained_again(obtain, teach, base, training_texts, training_questions, profile) -> Callable:
    """What ``tuned`` and ``tuned_rag`` load, by another seed: the same data in another order, other fresh adapters."""
    from clara.training.stages import lm_stage

    def trained_again(seed):
        def stage():
            return lm_stage(base.tokenizer, *training_texts, profile.lm, seed)

        read = obtain("lm", stage, training_texts, profile.lm, seed=seed)
        return teach("sft", read, *training_questions, profile.sft, seed)

    return trained_again


# --- what is compressed -----------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def compression(settings):
    """Rate and document length of every compressed contender."""
    return settings.compressions[0]


@pytest.fixture(scope="session")
def compressor_form(settings, profile, weak_data, ledger) -> Callable:
    """A compressor to train: from the pretrained one, or from fresh adapters."""
    from clara.provenance import files_digest
    from clara.training.forms import CompressorForm

    if not settings.compressors:
        weak_data(
            "no pretrained compressor of this model: clara starts from fresh adapters; name one with --compressor"
        )

    else:
        folders = settings.compressors.values()
        files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
        ledger.digests["compressor"] = files_digest(files)

    def form(compression, pretrained=True, reasoner=False):
        start = settings.start(compression) if pretrained else None
        return CompressorForm(compression, profile.compressor_lora, settings.seed, start, reasoner)

    return form


@pytest.fixture(scope="session")
def layout(base, settings) -> Callable:
    """How questions and documents become a compressor's samples."""
    from clara.model import views
    from clara.training.memory_stages import Layout

    def layout(compression):
        start = settings.start(compression)
        wording = views.read_settings(start).wording if start else "clara"
        return Layout(base.tokenizer, views.memory_tokens(base, compression), wording)

    return layout


@pytest.fixture(scope="session")
def memory_of(settings, base, chunks, profile) -> Callable:
    """The store of a compressor's memory, filled with every chunk if asked; who has the same encoder shares it."""
    from clara.model.prompts import context_text
    from clara.model.store import MemoryStore, encoder_digest

    def memory_of(clara, whole=False):
        folder = settings.store / "memory" / encoder_digest(clara, base)[:32]
        store = MemoryStore(folder, clara, base, profile.batch_size)
        if whole:
            store.fill([context_text([chunk.text]) for chunk in chunks])
        return store

    return memory_of


@pytest.fixture(scope="session")
def asked_in_sft(training_questions, profile, settings):
    """The questions of every micro-batch of ``sft``: ``clara`` learns from the same, as often."""
    from clara.training.stages import sft_questions

    draw = sft_questions(training_questions[0], profile.sft.batch_size, profile.context_share, settings.seed)
    return [question for i in range(profile.sft.steps * profile.sft.accumulate) for question in draw(i)[0]]


@pytest.fixture(scope="session")
def held_out_examples(training_questions, chunks, retriever, profile, settings):
    """Pair: held-out questions on their own chunk, and on retrieved ones. A few: each costs its compression."""
    from clara.training.examples import on_own_chunk, on_retrieved_chunks

    texts = {chunk.id: chunk.text for chunk in chunks}
    few = _few(training_questions[1], profile.held_out_memory, settings.seed)
    return on_own_chunk(few, texts), on_retrieved_chunks(few, retriever, profile.chunks_shown, texts)


@pytest.fixture(scope="session")
def scp_stage(layout, asked_in_sft, training_texts, held_out_examples, chunks, profile, settings) -> Callable:
    """Salient compression pretraining on the documents: the first of the questions, and texts to write again."""
    from clara.questions import rebuild
    from clara.training.batches import Pool
    from clara.training.examples import by_document, on_own_chunk
    from clara.training.memory_stages import salient_stage

    size = profile.scp.batch_size
    first = profile.scp.samples - profile.rebuilds * size
    own = on_own_chunk(asked_in_sft[:first], {chunk.id: chunk.text for chunk in chunks})
    texts = Pool([rebuild(text) for text in training_texts[0]], size, settings.seed)
    rebuilt = [texts.batch(i) for i in range(profile.rebuilds)]

    def build(compression):
        return salient_stage(
            layout(compression), by_document(own, size, settings.seed), rebuilt, held_out_examples[0],
            profile.scp, settings.seed,
        )  # fmt: skip

    return build


@pytest.fixture(scope="session")
def adapted(obtain, base, scp_stage, layout, asked_in_sft, held_out_examples, compressor_form, memory_of, chunks,
            retriever, training_texts, profile, settings) -> Callable:  # fmt: skip
    """A compressor adapted to the documents by the first two stages, at any rate."""
    from clara.questions.examples import REBUILD
    from clara.training.examples import on_retrieved_chunks
    from clara.training.memory_stages import instruction_stage

    size, used = profile.cit.batch_size, profile.scp.samples - profile.rebuilds * profile.scp.batch_size
    texts = {chunk.id: chunk.text for chunk in chunks}
    rest = on_retrieved_chunks(asked_in_sft[used:], retriever, profile.chunks_shown, texts)
    examples = [[example.model_dump() for example in part] for part in (rest, *held_out_examples)]
    first = [question.model_dump() for question in asked_in_sft[:used]]
    trained_on = first, list(training_texts), profile.rebuilds, REBUILD, profile.compress_in_step, examples

    def adapted(compression):
        form = compressor_form(compression)
        rate = f"@{compression.rate}x"
        scp = obtain(
            "clara scp", lambda: scp_stage(compression), trained_on, profile.scp, form=form, rate=rate
        )

        def stage():
            batches = [rest[start : start + size] for start in range(0, len(rest), size)]
            memory = (
                None if profile.compress_in_step else memory_of(scp.compressor(base).clara, whole=True).memory
            )
            return instruction_stage(
                layout(compression), batches, held_out_examples[1], profile.cit, settings.seed, memory
            )

        return obtain("clara cit", stage, trained_on, profile.cit, parent=scp, form=form, rate=rate)

    return adapted


@pytest.fixture(scope="session")
def clara_artefact(adapted, compression):
    """The compressor that ``clara`` loads."""
    return adapted(compression)


@pytest.fixture(scope="session")
def e2e_examples(asked_in_sft, training_questions, chunks, profile, settings):
    """Pair of batches: answerable questions of those that ``clara`` learnt from, and held-out ones, with candidates."""
    from clara.training.examples import to_pick_from

    size = profile.e2e.batch_size
    answerable = [question for question in asked_in_sft if question.kind != "unanswerable"]
    held_out = _few(training_questions[1], profile.held_out_memory, settings.seed)

    def pick(questions):
        parts = [questions[start : start + size] for start in range(0, len(questions), size)]
        return [to_pick_from(part, chunks, profile.candidates, settings.seed) for part in parts]

    return pick(answerable[: profile.e2e.samples]), pick(held_out)


@pytest.fixture(scope="session")
def e2e_stage(base, layout, clara_artefact, e2e_examples, compression, memory_of, profile, settings):
    """Picking chunks and answering from them; documents are compressed once, beforehand."""
    from clara.training.memory_stages import end_to_end_stage

    def build():
        return end_to_end_stage(
            layout(compression), *e2e_examples, profile.chunks_shown, profile.e2e, settings.seed,
            memory_of(clara_artefact.compressor(base).clara, whole=True).memory,
        )  # fmt: skip

    return build


@pytest.fixture(scope="session")
def e2e_artefact(obtain, e2e_stage, clara_artefact, e2e_examples, compressor_form, compression, profile):
    """``clara``'s compressor, taught to pick its chunks."""
    examples = [[[example.model_dump() for example in batch] for batch in part] for part in e2e_examples]
    data = examples, profile.chunks_shown
    form = compressor_form(compression, reasoner=True)
    return obtain("clara e2e", e2e_stage, data, profile.e2e, parent=clara_artefact, form=form)


@pytest.fixture(scope="session")
def mse_artefact(obtain, layout, training_texts, compressor_form, compression, profile, settings):
    """The void study on purpose: fresh adapters, and the distance of means as the only loss."""
    from clara.questions import rebuild
    from clara.training.batches import Pool
    from clara.training.memory_stages import alignment_stage

    def stage():
        texts, held_out = ([rebuild(text) for text in part] for part in training_texts)
        pool = Pool(texts, profile.mse.batch_size, settings.seed)
        batches = [pool.batch(i) for i in range(profile.mse.steps * profile.mse.accumulate)]
        return alignment_stage(
            layout(compression), batches, held_out[: profile.held_out_memory], profile.mse, settings.seed
        )

    form = compressor_form(compression, pretrained=False)
    return obtain("compression only", stage, list(training_texts), profile.mse, form=form)


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
def budget_tokens(profile) -> Callable:
    """Context positions of ``clara``: memory vectors and separators of the chunks that it is shown."""
    return lambda compression: profile.chunks_shown * (compression.slots + 1)


@pytest.fixture(scope="session")
def rag_budget(base, cache, retriever, count_tokens, budget_tokens, compression, profile):
    """The base model, shown the best sentences of the same chunks, in as many positions as ``clara`` reads."""
    from clara.answering.rag import rag_budget
    from clara.retrieval import BudgetRetriever

    cut = BudgetRetriever(retriever, count_tokens, budget_tokens(compression))
    return rag_budget(base, cache, cut, profile.chunks_shown)


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
def from_memory(cache, memory_of, retriever, profile) -> Callable:
    """A contender that reads memory by a compressor; of the chunks that ``rag`` sees, unless it finds others."""
    from clara.answering.compressed import memory_reader

    def reader(name, compressor, finds=retriever):
        return memory_reader(
            name, compressor, cache, memory_of(compressor.clara), finds, profile.chunks_shown
        )

    return reader


@pytest.fixture(scope="session")
def clara(base, from_memory, clara_artefact):
    """The adapted compressor, shown the chunks that ``rag`` sees as memory."""
    return from_memory("clara", clara_artefact.compressor(base))


@pytest.fixture(scope="session")
def clara_stage1(base, from_memory, clara_artefact):
    """Control: the adapted compressor after its first stage."""
    return from_memory("clara_stage1", clara_artefact.chain[0].compressor(base))


@pytest.fixture(scope="session")
def clara_unadapted(base, from_memory, compressor_form, compression):
    """The compressor as it was pretrained."""
    return from_memory("clara_unadapted", compressor_form(compression).opened(base))


@pytest.fixture(scope="session")
def clara_e2e(base, from_memory, e2e_artefact, memory_of, chunks, questions):
    """The compressor that picks its own chunks, in memory."""
    from clara.answering.compressed import LatentRetriever

    compressor = e2e_artefact.compressor(base)
    asked = memory_of(compressor.clara.of_questions())
    asked.fill([question.question for question in questions])
    finds = LatentRetriever(asked, memory_of(compressor.clara), chunks)
    return from_memory("clara_e2e", compressor, finds)


@pytest.fixture(scope="session")
def compression_only(base, from_memory, mse_artefact):
    """Control: trained on the alignment alone."""
    return from_memory("compression_only", mse_artefact.compressor(base))


@pytest.fixture(scope="session")
def clara_untrained(base, from_memory, compressor_form, compression):
    """Control: fresh adapters and memory tokens."""
    return from_memory("clara_untrained", compressor_form(compression, pretrained=False).opened(base))


@pytest.fixture(scope="session")
def clara_shuffled(base, from_memory, clara_artefact, chunks, settings):
    """Control: ``clara`` with the memory of another document's chunks."""
    from clara.retrieval import ShuffledRetriever

    return from_memory(
        "clara_shuffled", clara_artefact.compressor(base), ShuffledRetriever(chunks, settings.seed)
    )


@pytest.fixture(scope="session")
def at_rate(request, base, cache, retriever, count_tokens, budget_tokens, profile, settings) -> Callable:
    """``clara`` and ``rag_budget`` at a further rate."""
    from clara.answering.rag import rag_budget
    from clara.retrieval import BudgetRetriever

    of_rate = {compression.rate: compression for compression in settings.compressions}

    def at_rate(name, rate):
        if name == "clara":
            artefact = request.getfixturevalue("adapted")(of_rate[rate])
            return request.getfixturevalue("from_memory")("clara", artefact.compressor(base))
        cut = BudgetRetriever(retriever, count_tokens, budget_tokens(of_rate[rate]))
        return rag_budget(base, cache, cut, profile.chunks_shown, f"@{rate}x")

    return at_rate


@pytest.fixture(scope="session")
def lm_only(base, cache, lm_artefact):
    """Control: the adapter that has read the documents and was taught nothing else."""
    from clara.answering.tuned import lm_only

    return lm_only(base, lm_artefact, cache)


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
def tuned_other(base, cache, other_artefacts, half_of):
    """Control: ``tuned`` on the half of the documents that is not asked about."""
    from clara.answering.tuned_other import tuned_other

    return tuned_other(base, other_artefacts, cache, half_of)


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


@pytest.fixture(scope="session")
def named(request) -> Callable:
    """A contender by its name; one with a rate in it is made for that rate."""

    def named(contender):
        name, _, rate = contender.partition("@")
        return (
            request.getfixturevalue("at_rate")(name, int(rate[:-1]))
            if rate
            else request.getfixturevalue(name)
        )

    return named


@pytest.fixture
def contender(request, named):
    """Each contender that takes part, in turn."""
    return named(request.param)


@pytest.fixture
def reader(request, named):
    """Each of those that read memory, at every rate."""
    return named(request.param)


@pytest.fixture
def costed(request, named):
    """Each of those whose price is compared: ``rag``, and ``rag_budget`` and ``clara`` at every rate."""
    return named(request.param)


# --- what comes of it -------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def answers(asked) -> Callable:
    """A contender's answers, asked for once a session."""
    known: dict[str, Sequence] = {}

    def answers(contender):
        name = contender.facts.name
        if name not in known:
            known[name] = contender.answer(asked(contender.facts))
        return known[name]

    return answers


@pytest.fixture(scope="session")
def result(answers, asked, questions, source_chunks, facts_asked, profile, settings, ledger) -> Callable:
    """A contender's answers, marked by id and summed up; entered in the ledger."""
    from clara.metrics import mark_all
    from clara.reports.scoring import contender_result

    def result(contender):
        facts = contender.facts
        if facts.name not in ledger.contenders:
            part, given = asked(facts), answers(contender)
            ledger.contenders[facts.name] = contender_result(
                facts, part, given, mark_all(part, given), source_chunks, facts_asked,
                subset=len(part) < len(questions), seed=settings.seed, resamples=profile.resamples,
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


def _few(questions: Sequence, count: int, seed: int) -> list:
    """``count`` of some training questions with an answer, drawn by lot."""
    answerable = [question for question in questions if question.kind != "unanswerable"]
    return random.Random(seed).sample(answerable, min(count, len(answerable)))


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
