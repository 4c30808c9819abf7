"""``kurun demo``: the whole job once, with real processes and simulated people."""
