"""The screens on recorded and on real runs."""
