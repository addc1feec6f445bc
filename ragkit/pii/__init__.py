"""Personal data in text: found by pattern and check digit, replaced by a mask of the same length."""
