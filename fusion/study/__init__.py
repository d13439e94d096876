"""Studies: variants of a recipe and what their trials came to, so that a question is answered and the answer trusted."""
