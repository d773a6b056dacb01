"""The nouns that pass between layers. Frozen; NaN and infinity are refused at the door."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

Category = Literal["factual", "technical", "comparative", "detailed", "numeric"]


class Record(BaseModel):
    """Base of all records: immutable, no unknown field, no NaN."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Page(Record):
    """One page of cleaned text.

    Attributes:
        number: Page number in the file, from 1.
        text: Paragraphs separated by newlines; no running header or footer, hyphenated words joined, NFC.
    """

    number: int = Field(ge=1)
    text: str


class Document(Record):
    """A PDF's text with its provenance.

    Attributes:
        name: File stem; gold questions refer to it.
        path: Path as it was given.
        pages: Every page, empty ones too, in order.
    """

    name: str
    path: str
    pages: tuple[Page, ...]

    @property
    def text(self) -> str:
        """The whole text with white space collapsed, so that a sentence over a page break reads on."""
        return " ".join(" ".join(page.text for page in self.pages).split())


class Chunk(Record):
    """A run of whole sentences of one document.

    Attributes:
        id: ``{document}#{number:03d}``, unique in a run.
        document: Name of the document.
        pages: Numbers of the pages that it touches, ascending.
        text: Its sentences, joined by single spaces, or by newlines where lines of the document end, as headings do.
        tokens: Length in tokens of the model that it was cut for, on one line as it is shown.
    """

    id: str
    document: str
    pages: tuple[int, ...]
    text: str
    tokens: int = Field(ge=1)


class Question(Record):
    """A gold question, written by a person; never trained on.

    Attributes:
        id: Unique over all files.
        question: As a reader would ask it.
        answers: Acceptable answers, best first; none where no document answers it, and saying so is right.
        document: Name of the document that answers it, or seems to.
        evidence: Sentences that stand verbatim in the document's text and are needed together; none where there is no
            answer. In a file one sentence may stand as a bare string.
        category: What kind of question it is.
        keywords: Lower-case words that a right answer contains; none stands in the question.
        abstractive: True if no answer stands verbatim in the evidence.
    """

    id: str
    question: str
    answers: tuple[str, ...]
    document: str
    evidence: tuple[str, ...]
    category: Category
    keywords: tuple[str, ...]
    abstractive: bool = False

    @field_validator("evidence", mode="before")
    @classmethod
    def _one_sentence(cls, value: Any) -> Any:
        if isinstance(value, str):
            return (value,)
        return tuple(value) if isinstance(value, list) else value  # a list is JSON's, in strict mode too

    @model_validator(mode="after")
    def _answered_by_evidence(self) -> Question:
        if bool(self.answers) != bool(self.evidence):
            found = "answers without evidence" if self.answers else "evidence without answers"
            raise ValueError(
                f"{found}: give both, or leave both empty where no document answers the question"
            )
        return self

    @property
    def is_answerable(self) -> bool:
        """False where no document answers it."""
        return bool(self.answers)


class TrainingQuestion(Record):
    """A question made by rule from one chunk; may be trained on.

    Attributes:
        id: ``{chunk}/{kind}/{number}``, unique in a run.
        question: A cloze (``____`` for the gap) or a wh-question.
        answer: The span of the chunk that answers it; where it is unanswerable, the words that say so.
        start: Character offset of ``answer`` in the chunk's text; None where it is unanswerable.
        document: Name of the document.
        chunk_id: Chunk that it was made from; where it is unanswerable, the chunk of another document that does not
            answer it.
        kind: Which rule family made it.
    """

    id: str
    question: str
    answer: str = Field(min_length=1)
    start: int | None = Field(ge=0)
    document: str
    chunk_id: str
    kind: Literal["cloze", "wh", "unanswerable"]


class Retrieved(Record):
    """One chunk as a retriever returned it.

    Attributes:
        chunk: The chunk.
        score: Similarity, larger is closer; comparable within one retriever only.
        rank: Place in the list, from 1.
    """

    chunk: Chunk
    score: float
    rank: int = Field(ge=1)


class Answer(Record):
    """What a contender said to one question, what it had read, and what it cost.

    Attributes:
        question_id: Gold question that it answers; answers are joined by this and never by position.
        contender: Name of the contender.
        text: First line of the answer, stripped; empty when it failed.
        chunk_ids: Chunks shown, in the order shown.
        context_sha256: Digest of the context exactly as it stood in the prompt, of the vectors where it was memory;
            None when nothing was shown.
        prompt_sha256: Digest of the prompt's token ids, and of the vectors where it held memory.
        adapter_sha256: Digest of the adapter or compressor that was in the model while it wrote; None for a bare base.
        tokens_read: Length of the prompt in tokens.
        context_tokens: Those of them that the context takes, as text or as memory with its separators.
        tokens_written: Tokens generated, the stop token included.
        stopped: Why generation ended.
        seconds: Share of its batch's wall time when the answer was made.
        cached: True if it came from the answer cache.
        error: Why it failed; None when it did not. A prompt is never cut: one that does not fit fails.
    """

    question_id: str
    contender: str
    text: str
    chunk_ids: tuple[str, ...] = ()
    context_sha256: str | None = None
    prompt_sha256: str
    adapter_sha256: str | None = None
    tokens_read: int = Field(ge=0)
    context_tokens: int = Field(default=0, ge=0)
    tokens_written: int = Field(ge=0)
    stopped: Literal["eos", "newline", "length", "none", "error"]
    seconds: float = Field(ge=0)
    cached: bool = False
    error: str | None = None


class Score(Record):
    """An answer marked against its question; every number in [0, 1], 1 is best.

    Attributes:
        question_id: Gold question.
        contender: Name of the contender.
        answerable: Whether a document answers the question. Where none does, every metric is 1 for an answer that says
            so and 0 for any other.
        em: Exact match after normalisation, best over the listed answers.
        f1: Token F1, best over the listed answers.
        f1_first: Token F1 against the first listed answer.
        char_f1: Character F1, best over the listed answers.
        rouge_l: ROUGE-L F-measure, best over the listed answers.
        keyword: Share of the keywords that stand in the answer; None where a question lists none or
            is not answerable.
    """

    question_id: str
    contender: str
    answerable: bool
    em: float = Field(ge=0, le=1)
    f1: float = Field(ge=0, le=1)
    f1_first: float = Field(ge=0, le=1)
    char_f1: float = Field(ge=0, le=1)
    rouge_l: float = Field(ge=0, le=1)
    keyword: float | None = Field(default=None, ge=0, le=1)
