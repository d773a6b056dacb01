"""Memory on disk: each text is compressed once, and read by memory map ever after.

A folder of safetensors shards and an index (``index.json``) that says whose memory it is. Answering from it never
compresses what is stored, and memory of another compressor or base is refused: it would be read without complaint.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import mlx.core as mx
from filelock import FileLock
from jaxtyping import Float
from pydantic import Field, ValidationError

from clara.errors import AdapterError
from clara.model.adapters import adapter_tensors, lora_scales, read_tensors, tensors_digest
from clara.model.base import LanguageModel
from clara.model.compressor import Clara
from clara.model.prompts import text_ids
from clara.model.reading import compress_texts, parts
from clara.provenance import code_digest, digest, environment
from clara.records import Record

INDEX = "index.json"
_REMEDY = "Delete the folder, or name another: it is filled again"


class Stored(Record):
    """Where a text's memory lies.

    Attributes:
        shard: File in the folder; the text's digest is its key there.
        parts: Pieces that the text was compressed in; a long one has several.
        tokens: Tokens of the text.
    """

    shard: str
    parts: int
    tokens: int


class Index(Record):
    """What a folder of memory holds (``index.json``).

    Attributes:
        schema_version: Raised when a field changes its meaning.
        base: Digest of the base's files.
        compressor: Digest of all else that decides a text's memory, see :func:`encoder_digest`.
        texts: By SHA-256 of the text.
    """

    schema_version: int = 1
    base: str
    compressor: str
    texts: dict[str, Stored] = Field(default_factory=dict)


class MemoryStore:
    """Memory of texts by one compressor.

    Args:
        folder: Made if it does not exist.
        clara: The compressor.
        base: Its base.
        batch_size: Texts compressed together.

    Raises:
        AdapterError: The folder holds memory of another compressor or base, or its index is broken.
    """

    def __init__(self, folder: Path, clara: Clara, base: LanguageModel, batch_size: int = 16) -> None:
        self.folder, self._clara, self._base, self._batch_size = folder, clara, base, batch_size
        self._own = Index(base=base.files_digest, compressor=encoder_digest(clara, base))
        folder.mkdir(parents=True, exist_ok=True)
        self._read_index()

    def memory(self, texts: Sequence[str]) -> list[Float[mx.array, "_ slots width"]]:
        """Memory of each text, one row of vectors a part; what is not stored yet is compressed and stored.

        Vectors are kept in float16, and come from the disk even when they were compressed just now, so that a first
        answer equals every later one.
        """
        keys, index = [_key(text) for text in texts], self._read_index()
        if any(key not in index.texts for key in keys):
            self.fill(texts)
            index = self._read_index()
        shards = {
            name: read_tensors(self.folder / name, _REMEDY)
            for name in {index.texts[key].shard for key in keys}
        }
        return [shards[index.texts[key].shard][key] for key in keys]

    def fill(self, texts: Sequence[str]) -> int:
        """Compress and store what is not stored yet; how many texts that were."""
        with FileLock(self.folder / ".lock"):
            index = self._read_index()
            missing = {key: text for text in texts if (key := _key(text)) not in index.texts}
            if missing:
                self._add(index, missing)
        return len(missing)

    @property
    def bytes_per_document(self) -> float:
        """Bytes on disk a stored text takes, on average; 0 if there is none."""
        index = self._read_index()
        sizes = [
            (self.folder / name).stat().st_size for name in {place.shard for place in index.texts.values()}
        ]
        return sum(sizes) / max(len(index.texts), 1)

    @property
    def tokens_saved(self) -> int:
        """Tokens of all stored texts less the positions that their memory takes in a prompt, separators included."""
        places = self._read_index().texts.values()
        return sum(place.tokens - place.parts * len(self._clara.tokens.slot) for place in places)

    def _add(self, index: Index, missing: dict[str, str]) -> None:
        tokenizer, limit = self._base.tokenizer, self._clara.tokens.longest
        cut = {key: parts(tokenizer, text, limit) for key, text in missing.items()}
        pieces = [piece for text in cut.values() for piece in text]
        memory = iter(compress_texts(self._clara, tokenizer, pieces, self._batch_size))
        arrays = {key: mx.stack([next(memory) for _ in text]).astype(mx.float16) for key, text in cut.items()}
        shard = f"memory-{len({place.shard for place in index.texts.values()}) + 1:05d}.safetensors"
        partial = self.folder / f"partial-{shard}"
        mx.save_safetensors(str(partial), arrays)
        partial.replace(self.folder / shard)
        added = {
            key: Stored(shard=shard, parts=len(cut[key]), tokens=len(text_ids(tokenizer, text)))
            for key, text in missing.items()
        }
        whole = index.model_copy(update={"texts": {**index.texts, **added}})
        partial = self.folder / f"partial-{INDEX}"
        partial.write_text(whole.model_dump_json(indent=1) + "\n", encoding="utf-8")
        partial.replace(self.folder / INDEX)

    def _read_index(self) -> Index:
        path = self.folder / INDEX
        if not path.exists():
            return self._own
        try:
            index = Index.model_validate_json(path.read_text(encoding="utf-8"))
        except (OSError, ValidationError) as error:
            raise AdapterError(self.folder, f"{INDEX} is broken ({type(error).__name__})", _REMEDY) from error
        for name in ("base", "compressor"):
            if getattr(index, name) != getattr(self._own, name):
                raise AdapterError(self.folder, f"its memory was written by another {name}", _REMEDY)
        return index


def encoder_digest(clara: Clara, base: LanguageModel) -> str:
    """Digest of all that decides a text's memory: encoder, length, the base as it runs, code, versions and machine."""
    embeddings = {"memory": clara.memory, "marks": clara.marks}
    tensors = tensors_digest({**adapter_tensors(clara.encoder), **embeddings})
    shape = [lora_scales(clara.encoder), clara.tokens.longest]
    return digest([tensors, shape, base.base_digest, code_digest(), environment()])


def _key(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
