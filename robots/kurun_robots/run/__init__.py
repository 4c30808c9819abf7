"""Running one robot: started, watched, held to its limits, and ended with everything it started.

Nothing is imported here: the keeper starts from this package and has to start quickly. The way in is
:func:`kurun_robots.run.runner.run`.
"""
