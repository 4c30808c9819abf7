"""The process between worker and robot. It needs the standard library alone and runs without site-packages."""
