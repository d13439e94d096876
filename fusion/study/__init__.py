"""Many trials of one question: what they measure, and what may be said about it."""
