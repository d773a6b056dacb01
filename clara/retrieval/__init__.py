"""Retrieval: what a term is, who finds chunks, what a budget leaves of them, and whether the evidence is there."""

from clara.retrieval.budget import BudgetRetriever
from clara.retrieval.evidence import RetrievalError, gold_chunks, hits, holds, recall_at_k
from clara.retrieval.retrievers import OracleRetriever, Retriever, ShuffledRetriever, TfidfRetriever, ranked
from clara.retrieval.terms import terms_of

__all__ = [
    "BudgetRetriever",
    "OracleRetriever",
    "RetrievalError",
    "Retriever",
    "ShuffledRetriever",
    "TfidfRetriever",
    "gold_chunks",
    "hits",
    "holds",
    "ranked",
    "recall_at_k",
    "terms_of",
]
