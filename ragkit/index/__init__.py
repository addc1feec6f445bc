"""The index: immutable segments with a lexical (BM25) and a dense (FAISS) part, and the fusion of both."""
