"""KuBot packages: read, unpacked, given an environment of their own, and run under supervision."""
