"""Robot Framework: what of a request it gets to see, how it is started, and what its results say."""
