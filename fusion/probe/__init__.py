"""Which layers to tap: every tap and set of taps scored without training, and the picked ones confirmed by it."""
