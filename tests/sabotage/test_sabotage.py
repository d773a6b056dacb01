"""Each way of breaking the experiment turns exactly its own evaluation red, with a message that names the cause.

An alarm that was never heard is not trusted. The runs are real: documents, training, answering and marking on a
model of some thousand parameters, with one thing broken on purpose.
"""

from __future__ import annotations

import copy
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from bench import DOCUMENTS, FIXTURES, artefact, artefacts, edit_manifest

Break = Callable[[pytest.MonkeyPatch, Path], None]


# --- what is broken ---------------------------------------------------------------------------------------


def adapter_not_loaded(patch, store):
    """The void study's first flaw: LoRA layers are built, their weights never read."""
    from clara.model.adapters import attach
    from clara.profiles import SMOKE

    def load(artefact, base):
        return attach(base, SMOKE.lora, seed=1)

    patch.setattr("clara.training.artefacts.Artefact.load", load)


def base_returned_instead(patch, store):
    """The void study's third flaw: the wrapper that was trained is bypassed."""
    patch.setattr("clara.training.artefacts.Artefact.load", lambda artefact, base: base)


def adapter_of_another_run(patch, store):
    """The file is a fine adapter, of another training."""
    shutil.copy(artefact(store, stage="lm") / "adapters.safetensors", artefact(store, stage="sft"))


def zeroed_adapter(patch, store):
    """The file was written, by a training that trained nothing."""
    zero(store, "lora_b")


def adapter_that_multiplies_to_nothing(patch, store):
    """Neither factor's absence is seen in the other: ``lora_b`` was trained, ``lora_a`` is zero."""
    zero(store, "lora_a")


def adapter_that_cannot_be_removed(patch, store):
    """Taking the adapter off leaves it on."""
    patch.setattr("clara.model.adapters.without_adapter", lambda view: view.model)


def batch_without_supervision(patch, store):
    """One batch of many had nothing to learn from."""
    for folder in artefacts(store, stage="sft"):
        manifest = json.loads((folder / "manifest.json").read_text())
        edit_manifest(folder, supervised_tokens=[*manifest["supervised_tokens"][:-1], 0])


def adapter_as_initialised(patch, store):
    """Training ran, and what was saved is what it began with."""
    for folder in artefacts(store, stage="sft"):
        manifest = json.loads((folder / "manifest.json").read_text())
        shutil.copy(artefact(store, stage="lm") / "adapters.safetensors", folder)
        edit_manifest(folder, adapter_digest=manifest["initial_digest"])


def earlier_stage_missing(patch, store):
    """``tuned`` is taught to answer without having read the documents."""
    without_parent(patch, "sft")


def base_changed_by_training(patch, store):
    """Some of the base's own weights move with the adapter."""
    from clara.training import artefacts

    honest = artefacts.load_adapter

    def load(base, folder):
        view = honest(base, folder)
        view.model.model.norm.weight = view.model.model.norm.weight * 1.01
        return view

    patch.setattr(artefacts, "load_adapter", load)


def fresh_adapter_not_zero(patch, store):
    """The control's adapter changes answers before anything was trained."""
    import mlx.core as mx

    from clara.answering import tuned

    honest = tuned.attach

    def attach(base, lora, seed):
        view = honest(base, lora, seed)
        for layer in view.model.layers:
            layer.mlp.down_proj.lora_b = mx.ones_like(layer.mlp.down_proj.lora_b)
        return view

    patch.setattr(tuned, "attach", attach)


def swapped_context(patch, store):
    """``tuned_rag`` is shown other chunks than ``rag``: the void study's fourth flaw, in small."""
    from clara.answering.reader import Reader

    honest = Reader.chunks
    patch.setattr(
        Reader, "chunks", lambda self, q: honest(self, q)[:: -1 if self.facts.name == "tuned_rag" else 1]
    )


def truncated_prompt(patch, store):
    """The end of the context falls off, as a tokenizer's max_length does it."""
    from clara.answering import reader

    honest = reader.prompt_ids
    patch.setattr(
        reader, "prompt_ids", lambda t, q, p=(): honest(t, q, p) if not p else honest(t, q, p)[-150:]
    )


def context_for_a_closed_book(patch, store):
    """``tuned`` is shown a chunk after all."""
    from clara.answering import tuned

    honest = tuned.tuned

    def shown(base, artefact, cache):
        from dataclasses import replace

        return replace(honest(base, artefact, cache), retriever=Any())

    class Any:
        def retrieve(self, question, k):
            from clara.records import Chunk, Retrieved

            chunk = Chunk(id="x#001", document="x", pages=(1,), text="Anything.", tokens=3)
            return [Retrieved(chunk=chunk, score=0, rank=1)]

    patch.setattr(tuned, "tuned", shown)


def context_left_out_of_the_prompt(patch, store):
    """Everyone is said to be shown chunks, and nobody is."""
    patch.setattr("clara.model.prompts.user_text", lambda question, passages=(): f"Question: {question}")


def adapter_in_the_base(patch, store):
    """``rag`` answers with an adapter in it: tuning is compared with something else than the base."""
    from clara.answering import rag
    from clara.model.adapters import attach
    from clara.profiles import SMOKE

    honest = rag.rag
    patch.setattr(rag, "rag", lambda base, *others: honest(attach(base, SMOKE.lora, seed=1), *others))


def base_at_answer_time(patch, store):
    """The right adapter is loaded, and the base is called."""
    from dataclasses import replace

    from clara.answering.reader import Reader
    from clara.model.adapters import without_adapter

    honest = Reader.answer

    def answer(self, questions):
        if self.facts.name == "tuned":
            self = replace(self, model=replace(self.model, model=without_adapter(self.model)))
        return honest(self, questions)

    patch.setattr(Reader, "answer", answer)


def tuned_other_on_its_own_half(patch, store):
    """The cross-fitted control is asked about what it has read: all its knowledge passes for form."""
    from clara.answering.tuned_other import TunedOther

    patch.setattr(TunedOther, "reader", lambda self, question: self.readers[self.half_of[question.id]])


def budget_overspent(patch, store):
    """``rag_budget`` is shown whole sentences, whatever they cost."""
    from clara.retrieval import BudgetRetriever

    patch.setattr(BudgetRetriever, "_fitting", lambda self, kept, piece, words: len(words))


def reading_taught_nothing(patch, store):
    """The stage that reads the documents leaves the loss where it was."""
    from clara.training import loop

    honest = loop.held_out_loss
    patch.setattr(
        loop, "held_out_loss", lambda model, stage: 1.0 if stage.name == "lm" else honest(model, stage)
    )


def answering_taught_nothing(patch, store):
    """The stage that answers questions leaves the loss where it was."""
    from clara.training import loop

    honest = loop.held_out_loss
    patch.setattr(
        loop, "held_out_loss", lambda model, stage: 1.0 if stage.name == "sft" else honest(model, stage)
    )


def silence_says_that_there_is_no_answer(patch, store):
    """An empty answer to an unanswerable question is marked as right."""
    import clara.metrics

    honest = clara.metrics.abstains
    patch.setattr(clara.metrics, "abstains", lambda text: honest(text) or not text.strip())


def labels_not_permuted(patch, store):
    """The control that should learn nothing true is taught the truth."""
    patch.setattr("clara.training.stages.permuted_answers", lambda questions, seed: list(questions))


def shuffled_from_the_same_document(patch, store):
    """The wrong chunks are not wrong enough."""
    from clara.retrieval import ShuffledRetriever

    def pool(self, question):
        return [chunk for chunk in self.chunks if chunk.document == question.document]

    patch.setattr(ShuffledRetriever, "_pool", pool)


def unreadable_document(patch, store):
    """One of three PDFs is cut short."""
    import clara.documents

    honest = clara.documents.read_documents
    broken = store / "broken.pdf"
    broken.write_bytes(DOCUMENTS[0].read_bytes()[:900])
    patch.setattr(clara.documents, "read_documents", lambda paths: honest([*paths, broken]))


def leaked_question(patch, store):
    """A gold question is trained on."""
    import clara.questions

    honest = clara.questions.drop_leaks

    def leak(training, gold):
        kept, dropped = honest(training, gold)
        leaked = gold[0].question
        # An answer that stood in the leaked question would ring another alarm as well.
        return [
            item if item.answer.lower() in leaked.lower() else item.model_copy(update={"question": leaked})
            for item in kept
        ], dropped

    patch.setattr(clara.questions, "drop_leaks", leak)


def answer_in_the_question(patch, store):
    """A rule leaves the answer standing in what it asks."""
    import clara.questions

    honest = clara.questions.drop_leaks

    def drop(training, gold):
        kept, dropped = honest(training, gold)
        return [q.model_copy(update={"question": f"{q.question} ({q.answer})"}) for q in kept], dropped

    patch.setattr(clara.questions, "drop_leaks", drop)


def gold_question_in_the_text(patch, store):
    """The documents' text carries an appendix with the exam."""
    import clara.questions
    from clara.questions import read_questions

    gold = read_questions([FIXTURES / "questions" / "en" / f"{DOCUMENTS[0].stem}.jsonl"])[0].question
    honest = clara.questions.held_out_text

    def appended(chunks, share, seed):
        trained, held_out = honest(chunks, share, seed)
        return [*trained, f"Appendix. {gold}"], held_out

    patch.setattr(clara.questions, "held_out_text", appended)


def held_out_trained_on(patch, store):
    """Losses are measured on what was trained on."""
    import clara.questions

    honest = clara.questions.held_out_text

    def overlapping(chunks, share, seed):
        trained, held_out = honest(chunks, share, seed)
        return [*trained, held_out[0]], held_out

    patch.setattr(clara.questions, "held_out_text", overlapping)


def masked_out_labels(patch, store):
    """Every label is masked, as a prompt longer than the window does it."""
    from clara.training import stages

    honest = stages.sft_sample

    def masked(*arguments):
        from clara.training.batches import Sample

        ids = honest(*arguments).ids
        return Sample(ids, start=len(ids))

    patch.setattr(stages, "sft_sample", masked)
    forget(store, stage="sft")


def loss_of_nan(patch, store):
    """Training diverges."""
    from clara.training import stages

    honest = stages.token_cross_entropy
    patch.setattr(
        stages, "token_cross_entropy", lambda logits, targets: honest(logits, targets) * float("nan")
    )
    forget(store, stage="sft")


def training_that_failed_and_went_on(patch, store):
    """The loop stops after two steps, and nobody is told."""
    from clara.training import artefacts as module

    honest = module.train

    def train(model, stage, folder):
        from dataclasses import replace

        return honest(model, replace(stage, budget=stage.budget.model_copy(update={"steps": 2})), folder)

    patch.setattr(module, "train", train)
    forget(store, stage="sft")


def five_of_twenty(patch, store):
    """Some questions are never asked."""
    from clara.answering.reader import Reader

    honest = Reader.answer
    patch.setattr(Reader, "answer", lambda self, questions: honest(self, questions)[:5])


def paired_by_position(patch, store):
    """Answers and questions are zipped."""
    import clara.metrics

    def zipped(questions, answers):
        pairs = zip(questions, answers, strict=True)
        return [clara.metrics.mark(q, a.model_copy(update={"question_id": q.id})) for q, a in pairs]

    patch.setattr(clara.metrics, "mark_all", zipped)


def swallowed_error(patch, store):
    """A failed answer is stored as an empty string, as if the model had said nothing."""
    from clara.answering.reader import Reader

    honest = Reader._answer

    def swallow(self, question, chunks, prompt, reading):
        if self.facts.name == "oracle":
            reading = reading.model_copy(update={"text": "", "tokens_written": 0})
        return honest(self, question, chunks, prompt, reading)

    patch.setattr(Reader, "_answer", swallow)


def stale_cache(patch, store):
    """The cache answers for a model that is no longer there."""
    from clara.answering.cache import AnswerCache

    honest = AnswerCache.read

    def read(self, model, prompts):
        return [r.model_copy(update={"text": f"{r.text} once"}) for r in honest(self, model, prompts)]

    patch.setattr(AnswerCache, "read", read)


def window_too_small(patch, store):
    """Prompts do not fit, and fail."""
    patch.setattr("clara.model.base._window", lambda path: 200)


def exact_match_never(patch, store):
    """A right answer is not recognised."""
    patch.setattr("clara.metrics.exact_match", lambda prediction, answers: 0.0)


def silence_is_right(patch, store):
    """An empty answer is marked as right."""
    import clara.metrics

    honest = clara.metrics.rouge_l
    patch.setattr(clara.metrics, "rouge_l", lambda said, wanted: honest(said, wanted) if said else 1.0)


def keywords_for_everyone(patch, store):
    """The void study's metric: keywords that the question itself supplies."""
    import clara.metrics

    patch.setattr(clara.metrics, "keyword_match", lambda said, keywords: 1.0 if said else 0.0)


def compressor_not_loaded(patch, store):
    """Three views are built, and the files are never read."""
    from clara.model import views
    from clara.model.writing import Compressor
    from clara.profiles import SMOKE

    def compressor(artefact, base):
        settings = views.read_settings(artefact.path)
        clara = views.fresh(base, settings.compression, SMOKE.compressor_lora, seed=8)
        clara.reasoner = clara.encoder if "reasoner" in settings.views else None
        return Compressor(base, clara, settings)

    patch.setattr("clara.training.artefacts.Artefact.compressor", compressor)


def compressor_of_another_stage(patch, store):
    """The files are a fine compressor's, of the stage before."""
    copy_compressor(store, "clara scp", "clara cit")


def compressor_as_initialised(patch, store):
    """The second stage ran, and what was saved is what it began with."""
    copy_compressor(store, "clara scp", "clara cit")
    for folder in artefacts(store, stage="clara cit"):
        manifest = json.loads((folder / "manifest.json").read_text())
        edit_manifest(folder, adapter_digest=manifest["initial_digest"])


def compression_never_learnt(patch, store):
    """``clara`` learns to answer from memory that nobody taught to hold anything."""
    without_parent(patch, "clara cit")


def compressor_bypassed(patch, store):
    """The right compressor is loaded, and another one is asked: the void study's third flaw."""
    from dataclasses import replace

    from clara.answering.compressed import MemoryReader

    honest = MemoryReader.answer

    def answer(self, questions):
        if self.facts.name == "clara@4x":
            bare = copy.copy(self.model.clara)
            bare.decoder = bare.encoder
            self = replace(self, model=replace(self.model, clara=bare))
        return honest(self, questions)

    patch.setattr(MemoryReader, "answer", answer)


def memory_left_out_of_decoding(patch, store):
    """Memory is laid into the prompt, and the decoder is called without it."""
    from clara.model import reading

    honest = reading.greedy
    patch.setattr(reading, "greedy", lambda *arguments: honest(*arguments[:-1]))


def another_view_writes(patch, store):
    """The encoder's view writes the answers: the decoder's adapter is loaded, named and left alone."""
    from clara.model import writing

    honest = writing.answer_from_memory

    def answer(clara, *others):
        bare = copy.copy(clara)
        bare.decoder = clara.encoder
        return honest(bare, *others)

    patch.setattr(writing, "answer_from_memory", answer)


def decoder_never_trained(patch, store):
    """The second stage leaves a decoder whose adapter changes nothing, and its own file says so."""
    import mlx.core as mx

    from clara.training.forms import CompressorForm

    honest = CompressorForm.save

    def save(self, clara, *others):
        for _, layer in clara.decoder.named_modules():
            if "lora_b" in layer:
                layer.lora_b = mx.zeros_like(layer.lora_b)
        honest(self, clara, *others)

    patch.setattr(CompressorForm, "save", save)
    forget(store, stage="clara cit")


def base_changed_by_compression(patch, store):
    """Some of the base's own weights move with the decoder's adapter."""
    from clara.model import views

    honest = views.load

    def load(base, folder):
        clara, settings = honest(base, folder)
        clara.decoder.model.norm.weight = clara.decoder.model.norm.weight * 1.01
        return clara, settings

    patch.setattr(views, "load", load)


def one_memory_token(patch, store):
    """All memory tokens are the same: the tokenizer of the void study split them into pieces."""
    import mlx.core as mx

    from clara.model import views

    honest = views.fresh

    def fresh(*arguments):
        clara = honest(*arguments)
        clara.memory = mx.broadcast_to(clara.memory[:1], clara.memory.shape)
        return clara

    patch.setattr(views, "fresh", fresh)


def memory_lost_on_the_way(patch, store):
    """The last chunk's memory falls off, as a tokenizer's max_length does it."""
    from clara.answering.compressed import MemoryReader

    honest = MemoryReader.prompt
    patch.setattr(MemoryReader, "prompt", lambda self, q, chunks: honest(self, q, chunks[:-1]))


def text_beside_the_memory(patch, store):
    """A sentence of the documents stands in the decoder's prompt."""
    from clara.answering import compressed

    honest = compressed.memory_prompt_ids
    slipped = "The survey was led by Ada."
    patch.setattr(compressed, "memory_prompt_ids", lambda t, q, *rest: honest(t, f"{slipped} {q}", *rest))


def other_chunks_for_clara(patch, store):
    """``clara`` is shown the same chunks in another order."""
    from clara.answering.reader import Reader

    honest = Reader.chunks
    patch.setattr(
        Reader, "chunks", lambda self, q: honest(self, q)[:: -1 if self.facts.name == "clara@4x" else 1]
    )


def fewer_questions_for_clara(patch, store):
    """``clara`` skipped a question that ``tuned`` was taught."""
    for folder in artefacts(store, stage="clara cit"):
        manifest = json.loads((folder / "manifest.json").read_text())
        edit_manifest(folder, questions=manifest["questions"][:-1])


def memory_ignored(patch, store):
    """The decoder reads the memory tokens' own embeddings, the same for every document."""
    from clara.model.compressor import Clara

    patch.setattr(Clara, "prompt_embeddings", lambda self, ids, memory: self._embed(self.decoder, ids))


def special_text_taken_for_special(patch, store):
    """A document that spells an end of turn ends one."""
    patch.setattr(
        "clara.model.memory.text_ids",
        lambda tokenizer, text: tokenizer.encode(text, add_special_tokens=False),
    )


def long_text_cut(patch, store):
    """What does not fit is left out, and nobody is told."""
    from clara.model import store as module

    honest = module.parts
    patch.setattr(module, "parts", lambda *arguments: honest(*arguments)[:1])


def gold_index_in_the_loss(patch, store):
    """The end-to-end stage is handed the chunk that it should learn to find."""
    import mlx.core as mx

    from clara.training import memory_stages

    honest = memory_stages.candidate_scores
    patch.setattr(
        memory_stages,
        "candidate_scores",
        lambda clara, batch: honest(clara, batch) + mx.array(batch.positive),
    )


def gold_document_in_use(patch, store):
    """The latent retriever looks at the document that the question is marked with."""
    from clara.answering.compressed import LatentRetriever
    from clara.retrieval import ranked

    honest = LatentRetriever.retrieve

    def retrieve(self, question, k):
        own = [chunk for chunk in self.chunks if chunk.document == question.document]
        return ranked((chunk, 1.0) for chunk in own[:k]) if own else honest(self, question, k)

    patch.setattr(LatentRetriever, "retrieve", retrieve)


def adapting_taught_nothing(patch, store):
    """The compressor's stages leave the loss where it was."""
    from clara.training import loop

    honest = loop.held_out_loss
    patch.setattr(
        loop, "held_out_loss", lambda model, stage: 1.0 if stage.name == "scp" else honest(model, stage)
    )


def alignment_not_trained(patch, store):
    """The control of the void study was not even trained on its own loss."""
    for folder in artefacts(store, stage="compression only"):
        edit_manifest(folder, held_out=[[0, 1.0], [3, 1.0]])


def memory_never_stored(patch, store):
    """What was compressed is not found again."""
    from clara.model.store import INDEX, MemoryStore

    honest = MemoryStore.fill

    def fill(self, texts):
        (self.folder / INDEX).unlink(missing_ok=True)
        return honest(self, texts)

    patch.setattr(MemoryStore, "fill", fill)


CASES: list[tuple[Break, str, str]] = [
    (adapter_not_loaded, "adapter_in_memory_equals_its_file", "the adapter was not loaded"),
    (base_returned_instead, "adapter_in_memory_equals_its_file", "the base was returned instead"),
    (
        adapter_of_another_run,
        "adapter_file_exists_and_differs_from_its_initialisation",
        "belongs to another run",
    ),
    (
        adapter_as_initialised,
        "adapter_file_exists_and_differs_from_its_initialisation",
        "still as it was before",
    ),
    (zeroed_adapter, "adapter_in_memory_equals_its_file", "every lora_b is zero"),
    (adapter_that_multiplies_to_nothing, "loaded_adapter_changes_the_outputs", "the adapter does nothing"),
    (adapter_that_cannot_be_removed, "removing_the_adapter_restores_the_base_bit_for_bit", "still differs"),
    (
        batch_without_supervision,
        "every_batch_had_supervised_tokens",
        "step 8: a batch had no supervised token",
    ),
    (earlier_stage_missing, "every_earlier_stage_was_trained_and_named", "trained by the stages ['sft']"),
    (base_changed_by_training, "base_is_bit_equal_after_training", "tuned's base is no longer what lies in"),
    (fresh_adapter_not_zero, "untrained_answers_equal_the_bases", "an untrained adapter changes"),
    (swapped_context, "rag_and_tuned_rag_were_shown_identical_context", "were shown different context"),
    (truncated_prompt, "no_prompt_was_truncated", "the prompt was truncated"),
    (context_left_out_of_the_prompt, "no_prompt_was_truncated", "lacks"),
    (adapter_in_the_base, "untrained_contenders_answer_with_the_bare_base", "rag answered with an adapter"),
    (base_at_answer_time, "answers_were_written_with_the_trained_adapter", "with another adapter or none"),
    (
        tuned_other_on_its_own_half,
        "tuned_other_is_asked_what_it_was_not_tuned_on",
        "on documents that it was tuned on",
    ),
    (budget_overspent, "rag_budget_reads_sentences_of_rags_chunks_within_its_budget", "of 99 allowed"),
    (reading_taught_nothing, "tuned_loss_is_below_the_bases_on_held_out_text", "reading taught nothing"),
    (answering_taught_nothing, "tuned_loss_is_below_the_bases_on_held_out_questions", "nothing was learnt"),
    (silence_says_that_there_is_no_answer, "an_empty_answerer_scores_zero", "f1=1.0"),
    (labels_not_permuted, "permuted_answers_are_wrong_ones", "answers were permuted"),
    (context_for_a_closed_book, "closed_books_saw_no_context", "tuned was shown context"),
    (shuffled_from_the_same_document, "shuffled_context_is_of_another_document", "question's own document"),
    (unreadable_document, "every_document_was_read", "broken.pdf"),
    (leaked_question, "no_training_question_resembles_a_gold_question", "leak gold questions"),
    (answer_in_the_question, "no_training_question_holds_its_own_answer", "give themselves away"),
    (gold_question_in_the_text, "gold_text_was_never_trained_on", "1 gold questions stand in the texts"),
    (held_out_trained_on, "held_out_text_was_never_trained_on", "held-out texts were trained on"),
    (masked_out_labels, "adapter_file_exists_and_differs_from_its_initialisation", "has a supervised token"),
    (loss_of_nan, "adapter_file_exists_and_differs_from_its_initialisation", "loss is nan"),
    (training_that_failed_and_went_on, "every_training_ran_to_its_end", "made 2 of 8 steps and went on"),
    (five_of_twenty, "every_question_is_scored", "left 5 questions unanswered"),
    (paired_by_position, "answers_are_joined_by_id_and_never_by_position", "by position"),
    (swallowed_error, "failures_are_counted_and_score_zero", "an error was swallowed"),
    (stale_cache, "cached_answers_equal_fresh_ones", "the answer cache is stale"),
    (window_too_small, "failures_are_counted_and_score_zero", "does not fit"),
    (exact_match_never, "a_perfect_answerer_scores_one", "em=0.0"),
    (silence_is_right, "an_empty_answerer_scores_zero", "rouge_l=1.0"),
    (keywords_for_everyone, "echo_scores_near_zero", "100.0% on keyword"),
    (compressor_not_loaded, "compressor_file_exists_and_differs_from_its_start", "belongs to another run"),
    (
        compressor_of_another_stage,
        "compressor_file_exists_and_differs_from_its_start",
        "belongs to another run",
    ),
    (
        compressor_as_initialised,
        "compressor_file_exists_and_differs_from_its_start",
        "still as it was before",
    ),
    (
        decoder_never_trained,
        "compressor_file_exists_and_differs_from_its_start",
        "change nothing in decoder",
    ),
    (compression_never_learnt, "claras_earlier_stages_were_trained_and_named", "trained by the stages"),
    (compressor_bypassed, "answers_were_written_by_the_trained_compressor", "were not written by"),
    (
        memory_left_out_of_decoding,
        "each_written_token_is_the_decoders_own_choice_after_memory",
        "is bypassed",
    ),
    (another_view_writes, "each_written_token_is_the_decoders_own_choice_after_memory", "is bypassed"),
    (base_changed_by_compression, "views_are_of_the_bit_equal_base", "training reached the base's weights"),
    (one_memory_token, "memory_tokens_have_ids_and_embeddings_of_their_own", "have the same embedding"),
    (
        memory_lost_on_the_way,
        "every_chunk_has_its_memory_positions_in_the_prompt",
        "64 of 96 memory positions",
    ),
    (
        text_beside_the_memory,
        "the_decoders_prompt_holds_no_text_of_the_chunks",
        "reads text beside the memory",
    ),
    (other_chunks_for_clara, "clara_rag_and_tuned_rag_were_shown_the_same_chunks", "different chunks"),
    (fewer_questions_for_clara, "clara_and_tuned_rag_learnt_from_the_same_questions", "not the same"),
    (memory_ignored, "swapping_memories_changes_what_is_written", "the memory is not read"),
    (
        special_text_taken_for_special,
        "text_that_spells_a_special_token_is_compressed_as_text",
        "with the special tokens",
    ),
    (long_text_cut, "a_text_longer_than_the_limit_is_split_and_never_cut", "the rest is lost"),
    (gold_index_in_the_loss, "the_end_to_end_stage_is_not_told_the_right_chunks", "knows the right chunks"),
    (gold_document_in_use, "clara_e2e_picks_its_chunks_by_itself", "by itself"),
    (adapting_taught_nothing, "claras_loss_is_below_its_start_on_held_out_questions", "taught nothing"),
    (alignment_not_trained, "alignment_alone_lowers_its_own_loss", "was not trained"),
    (memory_never_stored, "memory_is_read_from_disk", "compressed again"),
]


@pytest.mark.parametrize(("broken", "evaluation", "message"), CASES, ids=[case[0].__name__ for case in CASES])
def test_exactly_its_evaluation_turns_red(bench, monkeypatch, broken, evaluation, message):
    broken(monkeypatch, bench.store)
    # Trained on its own, the control would ring the training's alarms a second time.
    reds = bench.red("-k", "not shuffled_labels and not shuffled_artefact")
    assert list(reds) == [f"test_{evaluation}"]
    assert message in reds[f"test_{evaluation}"]


def copy_compressor(store: Path, source: str, target: str) -> None:
    for folder in artefacts(store, target):
        for part in ("encoder", "decoder", "memory.safetensors"):
            source_part = artefact(store, source) / part
            duplicate = shutil.copytree if source_part.is_dir() else shutil.copy
            duplicate(source_part, folder / part, **({"dirs_exist_ok": True} if source_part.is_dir() else {}))


def without_parent(patch: pytest.MonkeyPatch, stage: str) -> None:
    from clara.training import artefacts as module

    honest = module.obtain

    def obtain(*arguments, name, parent=None, **others):
        return honest(*arguments, name=name, parent=None if name == stage else parent, **others)

    patch.setattr(module, "obtain", obtain)


def forget(store: Path, stage: str) -> None:
    for folder in artefacts(store, stage):
        shutil.rmtree(folder)


def zero(store: Path, factor: str) -> None:
    """One factor of every adapter that was taught to answer becomes zero; the manifest knows the new file."""
    import mlx.core as mx

    from clara.model.adapters import tensors_digest

    for folder in artefacts(store, stage="sft"):
        path = folder / "adapters.safetensors"
        zeroed = {k: mx.zeros_like(v) if factor in k else v for k, v in mx.load(str(path)).items()}
        mx.eval(zeroed)
        mx.save_safetensors(str(path), zeroed)
        edit_manifest(folder, adapter_digest=tensors_digest(zeroed))
