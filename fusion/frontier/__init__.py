"""Where a phase's frozen part ends: what is computed once and stored, what runs every epoch, and what either costs."""
