"""CLaRa answers from the memory of the chunks that it is said to read, through the wrapper that was trained."""

from __future__ import annotations

import pytest

TRAINED = {
    "clara": "clara_artefact", "clara_shuffled": "clara_artefact", "clara_e2e": "e2e_artefact",
    "compression_only": "mse_artefact",
}  # fmt: skip
# The views that a stage does not train: whether one before it did is the chain's to show.
LEFT_ALONE = {"clara cit": {"encoder"}, "clara e2e": {"encoder"}, "compression only": {"decoder"}}
PROBES = 4
SAME_TOKEN = 0.01  # of the range of the logits: a cache and half precision move them less, another model more


@pytest.fixture(params=["clara_artefact", "e2e_artefact", "mse_artefact"])
def artefact(request):
    """What CLaRa's stages left on disk."""
    return request.getfixturevalue(request.param)


def by_id(answers):
    return {answer.question_id: answer for answer in answers}


def test_compressor_file_exists_and_differs_from_its_start(artefact, base):
    """Of every stage: what lies on disk is what was trained, and training changed it."""
    from clara.model.views import read_settings
    from clara.model.writing import clara_digest

    for stage in artefact.chain:
        on_disk, manifest = clara_digest(stage.compressor(base).clara), stage.manifest
        assert on_disk == manifest.adapter_digest, (
            f"{stage.path} is not the compressor that was trained: {on_disk[:12]} in the files, "
            f"{manifest.adapter_digest[:12]} in the manifest. It belongs to another run: delete the folder"
        )
        assert on_disk != manifest.initial_digest, (
            f"stage {manifest.recipe.stage}: the compressor is still as it was before its first step"
        )
        untrained = {*read_settings(stage.path).untrained} - LEFT_ALONE.get(manifest.recipe.stage, set())
        assert not untrained, (
            f"stage {manifest.recipe.stage}: adapters that change nothing in {', '.join(sorted(untrained))}"
        )


@pytest.mark.presumes("compressor_file_exists_and_differs_from_its_start")
def test_claras_earlier_stages_were_trained_and_named(clara_artefact, settings, compression, base):
    """Compression is learnt before it is used; each stage begins as what it names, the first as the pretrained one."""
    from clara.model import views
    from clara.model.writing import clara_digest

    first, *later = clara_artefact.chain
    stages = [stage.manifest.recipe.stage for stage in clara_artefact.chain]
    assert stages == ["clara scp", "clara cit"], f"clara was trained by the stages {stages}"
    start = settings.start(compression)
    if start and views.read_settings(start).compression == compression:
        named = clara_digest(views.load(base, start)[0])
        assert first.manifest.initial_digest == named, (
            f"the first stage did not start from {start}: delete {first.path}"
        )
    for before, after in zip([first, *later], later, strict=False):
        assert after.manifest.initial_digest == before.manifest.adapter_digest, (
            f"stage {after.manifest.recipe.stage} did not start where {before.manifest.recipe.stage} ended"
        )


@pytest.mark.presumes("compressor_file_exists_and_differs_from_its_start")
@pytest.mark.parametrize("name", TRAINED)
def test_answers_were_written_by_the_trained_compressor(request, name, answers):
    """The void study called the inner base: each answer carries the digest of what was in the model as it wrote."""
    trained = request.getfixturevalue(TRAINED[name]).manifest.adapter_digest
    others = [a.question_id for a in answers(request.getfixturevalue(name)) if a.adapter_sha256 != trained]
    assert not others, (
        f"{len(others)} answers of {name} were not written by the compressor that was trained for it, "
        f"the first to {others[0]}"
    )


@pytest.mark.presumes("answers_were_written_by_the_trained_compressor")
def test_each_written_token_is_the_decoders_own_choice_after_memory(reader, answers, questions, profile):
    """Read again in one piece by the wrapper that was trained: nothing else chose what was written."""
    import mlx.core as mx

    from clara.model.writing import write

    model, given = reader.model, by_id(answers(reader))
    probes = [question for question in questions if question.id in given][:PROBES]
    prompts = [reader.prompt(question, reader.chunks(question)) for question in probes]
    written = write(model, prompts, profile.max_tokens, profile.batch_size)
    for question, prompt, generation in zip(probes, prompts, written, strict=True):
        ids = mx.array([[*prompt.ids, *generation.tokens]])
        chose_at = slice(len(prompt.ids) - 1, ids.shape[1] - 1)
        logits = model.clara.logits(model.clara.states(ids, prompt.memory)[0, chose_at])
        chosen = mx.take_along_axis(logits, mx.array(generation.tokens)[:, None], axis=-1)[:, 0]
        short = (logits.max(axis=-1) - chosen) / (logits.max(axis=-1) - logits.min(axis=-1))
        assert short.max().item() <= SAME_TOKEN, (
            f"{reader.facts.name} wrote {generation.text!r} to {question.id}, which is not what its decoder would "
            "choose after this memory: the wrapper that was trained is bypassed"
        )


def test_views_are_of_the_bit_equal_base(reader, base):
    """Encoder, decoder and query reasoner differ from the base by their adapters and by nothing else."""
    from clara.model.adapters import base_tensors, tensors_digest

    whole = tensors_digest(base_tensors(base.model))
    for name in reader.model.settings.views:
        assert tensors_digest(base_tensors(getattr(reader.model.clara, name))) == whole, (
            f"the {name} of {reader.facts.name} is not a view of the base: training reached the base's weights"
        )


def test_memory_tokens_have_ids_and_embeddings_of_their_own(reader):
    """The void study's were pieces of words, all with the same id: a document's vectors were one vector."""
    import mlx.core as mx

    tokens, rows = reader.model.clara.tokens, reader.model.clara.memory
    assert len(set(tokens.ids)) == tokens.count == rows.shape[0]
    assert min(tokens.ids) >= tokens.vocabulary, "memory tokens have ids of ordinary tokens"
    apart = mx.abs(rows[:, None] - rows[None]).max(axis=-1) + mx.eye(tokens.count)
    same = int((apart == 0).sum().item()) // 2
    assert not same, f"{reader.facts.name}: {same} pairs of memory tokens have the same embedding"


def test_every_chunk_has_its_memory_positions_in_the_prompt(reader, answers, questions, profile):
    """As many as rate and document length make, for every question; counted in what the decoder read."""
    from clara.model.prompts import context_text
    from clara.model.reading import parts

    compression, tokens = reader.model.settings.compression, reader.model.clara.tokens
    given = by_id(answers(reader))
    for question in (question for question in questions if question.id in given):
        chunks = reader.chunks(question)
        whole = [
            parts(reader.model.tokenizer, context_text([chunk.text]), tokens.longest) for chunk in chunks
        ]
        expected = sum(map(len, whole)) * (compression.max_document_tokens // compression.rate)
        prompt = reader.prompt(question, chunks)
        found = sum(id_ in tokens.ids for id_ in prompt.ids)
        assert found == expected == prompt.memory.shape[0] * prompt.memory.shape[1], (
            f"{reader.facts.name}, {question.id}: {found} of {expected} memory positions reach the decoder"
        )
        answer = given[question.id]
        assert answer.context_tokens == expected + sum(map(len, whole)), (
            "separators and memory are all its context"
        )
        assert answer.prompt_sha256 == prompt.sha256, (
            f"what {reader.facts.name} read for {question.id} is not the memory of chunks {answer.chunk_ids}"
        )
        assert answer.chunk_ids == tuple(chunk.id for chunk in chunks)


def test_the_decoders_prompt_holds_no_text_of_the_chunks(reader, answers, questions):
    """What is not memory is instruction and question; a sentence that slips in is read, and memory gets the praise."""
    from clara.model.prompts import memory_prompt_ids

    tokens, tokenizer = reader.model.clara.tokens, reader.model.tokenizer
    given = by_id(answers(reader))
    for question in (question for question in questions if question.id in given):
        prompt = reader.prompt(question, reader.chunks(question))
        text = [id_ for id_ in prompt.ids if id_ < tokens.vocabulary]
        bare = memory_prompt_ids(tokenizer, question.question, [], reader.model.settings.wording)
        assert text == bare, (
            f"{reader.facts.name} reads text beside the memory for {question.id}: {tokenizer.decode(text)!r}"
        )


@pytest.mark.presumes("rag_and_tuned_rag_were_shown_identical_context")
def test_clara_rag_and_tuned_rag_were_shown_the_same_chunks(clara, rag, tuned_rag, answers):
    """As memory and as text, but the same; then how they are shown is the only difference."""
    of_clara, others = by_id(answers(clara)), [by_id(answers(rag)), by_id(answers(tuned_rag))]
    for id_, answer in of_clara.items():
        assert all(answer.chunk_ids == other[id_].chunk_ids for other in others), (
            f"clara, rag and tuned_rag were shown different chunks for {id_}: {answer.chunk_ids}, "
            f"{others[0][id_].chunk_ids} and {others[1][id_].chunk_ids}"
        )


def test_swapping_memories_changes_what_is_written(clara, questions, chunks):
    """A decoder that expects the same next word whatever documents stand in its prompt does not read them."""
    import mlx.core as mx

    model, moved = clara.model.clara, []
    for question in questions[:PROBES]:
        shown = clara.chunks(question)
        others = [chunk for chunk in chunks if chunk not in shown][: len(shown)]
        if len(others) < len(shown):
            pytest.skip("fewer than twice as many chunks as are shown: there are no others to swap with")
        prompts = [clara.prompt(question, which) for which in (shown, others)]
        states = [model.states(mx.array([p.ids]), p.memory)[:, -1] for p in prompts]
        own, swapped = (mx.softmax(model.logits(state).astype(mx.float32), axis=-1) for state in states)
        moved.append(0.5 * mx.abs(own - swapped).sum().item())
    assert min(moved) > 0, (
        f"with other chunks' memory in its prompt clara expects the same next word, in {moved.count(0)} of "
        f"{len(moved)} cases: the memory is not read"
    )


def test_text_that_spells_a_special_token_is_compressed_as_text(clara):
    """A document can hold any characters; none of them may pass for a memory token or end the turn."""
    tokens, tokenizer = clara.model.clara.tokens, clara.model.tokenizer
    spelt = " ".join(["<MEM0>", "<SEP>", "<ENC>", *tokenizer.all_special_tokens])
    ids = tokens.layout(tokenizer, spelt)
    special = [id_ for id_ in ids if id_ >= tokens.vocabulary]
    assert special == [tokens.encode, *tokens.ids], f"{spelt!r} is laid out with the special tokens {special}"
    inner = [id_ for id_ in ids if id_ < tokens.vocabulary]
    framed = {tokenizer.bos_token_id, tokenizer.eos_token_id}
    text = [id_ for place, id_ in enumerate(inner) if not (id_ in framed and place in (0, len(inner) - 1))]
    passed = set(text) & set(tokenizer.all_special_ids)
    assert not passed, (
        f"{spelt!r} is compressed with the special tokens {tokenizer.decode(sorted(passed))!r} in it"
    )


def test_a_text_longer_than_the_limit_is_split_and_never_cut(clara, documents, tmp_path):
    """Whole documents, as an example of what is longer: every word is in some part, and every part is remembered."""
    from clara.model.prompts import text_ids
    from clara.model.reading import parts
    from clara.model.store import MemoryStore

    tokenizer, longest = clara.model.tokenizer, clara.model.clara.tokens.longest
    for document in documents:
        pieces = parts(tokenizer, document.text, longest)
        lost = len(document.text.split()) - len(" ".join(pieces).split())
        assert not lost, f"{document.name}: {lost} words are in no part that is compressed"
        long = [piece for piece in pieces if len(text_ids(tokenizer, piece)) > longest]
        assert not long, (
            f"{document.name}: a part has more than the {longest} tokens that are compressed at once"
        )
    shortest = min((document.text for document in documents), key=len)
    store = MemoryStore(tmp_path, clara.model.clara, clara.model.base)
    wanted, (memory,) = parts(tokenizer, shortest, longest), store.memory([shortest])
    assert memory.shape[0] == len(wanted), (
        f"memory of {memory.shape[0]} parts is kept of a text of {len(wanted)}: the rest is lost"
    )


def test_the_end_to_end_stage_is_not_told_the_right_chunks(e2e_artefact, e2e_stage, base):
    """In training: the loss is the same whatever is said of which candidates are right."""
    from dataclasses import replace

    model, batch = e2e_artefact.compressor(base).clara, e2e_stage().micro_batches(0)[0]
    told = replace(batch, positive=~batch.positive)
    losses = [float(e2e_stage().loss(model, one)) for one in (batch, told)]
    assert losses[0] == losses[1], (
        f"the loss knows the right chunks: {losses[0]:.4f} is {losses[1]:.4f} without them"
    )


def test_clara_e2e_picks_its_chunks_by_itself(clara_e2e, answers, questions):
    """In use: asked the bare question, without anything that a gold question says, it picks what it picked."""
    from clara.records import Question

    for answer in answers(clara_e2e)[:PROBES]:
        asked = next(question.question for question in questions if question.id == answer.question_id)
        bare = Question(
            id="bare", question=asked, answers=(), document="", evidence=(), category="factual", keywords=()
        )
        picked = tuple(chunk.id for chunk in clara_e2e.chunks(bare))
        assert picked == answer.chunk_ids, (
            f"clara_e2e was shown {answer.chunk_ids} for {answer.question_id} and picks {picked} by itself"
        )


def test_latent_retrieval_is_counted_beside_tfidf(clara_e2e, retriever, questions, ledger):
    """On the same candidates, all chunks of all documents. Reported, not demanded."""
    from clara.retrieval import recall_at_k

    if len(clara_e2e.retriever.chunks) < 5:
        pytest.skip("fewer than five chunks: recall@5 is 1 whoever retrieves")
    for name, finds in (("latent", clara_e2e.retriever), ("TF-IDF", retriever)):
        found = {question.id: finds.retrieve(question, 5) for question in questions}
        said = ", ".join(f"@{k} {recall_at_k(questions, found, k):.3f}" for k in (1, 3, 5))
        ledger.facts[f"recall on the same chunks, {name}"] = said


def test_memory_is_read_from_disk(clara, chunks, ledger):
    """Stored once: nothing is compressed again, and what a chunk takes is said."""
    from clara.model.prompts import context_text
    from clara.model.store import MemoryStore

    texts = [context_text([chunk.text]) for chunk in chunks]
    clara.store.fill(texts)
    again = MemoryStore(clara.store.folder, clara.model.clara, clara.model.base).fill(texts)
    assert not again, f"{again} chunks are compressed again: {clara.store.folder} does not know them"
    ledger.facts["memory, bytes a chunk"] = round(clara.store.bytes_per_document)
    ledger.facts["memory, prompt tokens saved on all chunks"] = clara.store.tokens_saved
