"""Studies: variants of a recipe run as trials, so that their question can be answered and the answer trusted."""
