"""Facts: one thing probed on the machine each, a command and a pure parser of what it printed."""
