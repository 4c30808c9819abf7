"""Activities against KuFlow's API: what they do, and that they do it once, whatever happens to replies."""
