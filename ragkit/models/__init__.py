"""Models by name: the registry of known files, embedders, rerankers and generators."""
