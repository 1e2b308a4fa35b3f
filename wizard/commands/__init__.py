"""The commands of the command line: each takes a `Call`, shows what comes of it, and returns the exit code."""
