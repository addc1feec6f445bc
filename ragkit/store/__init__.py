"""The catalog: documents, chunks, segments, generations and answers in SQL. Its transaction is the commit point."""
