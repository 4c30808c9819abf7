"""The twin: KuFlow's API, its engine gateway and a real Temporal server on this machine, over one data folder."""
