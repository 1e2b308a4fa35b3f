"""mailman-wizard: a Postfix and GNU Mailman 3 list server, proven with real mail, stage by stage."""

from importlib.metadata import version

__version__ = version("mailman-wizard")
