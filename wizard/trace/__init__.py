"""A message's way: from log lines to the hops it took."""
