"""What may be claimed of trials: paired differences, their uncertainty, the set of best, and the gates before a claim."""
