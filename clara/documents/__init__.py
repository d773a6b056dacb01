"""PDFs in, chunks of whole sentences out, each knowing the pages that it came from."""

from __future__ import annotations

from clara.documents.chunking import chunk, chunk_all, sentences
from clara.documents.pdf import read_documents, read_pdf

__all__ = ["chunk", "chunk_all", "read_documents", "read_pdf", "sentences"]
