"""Pure text functions: sentences, words, chunks. Each keeps exact offsets into the text it was given."""
