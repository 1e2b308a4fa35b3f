"""mailman-wizard: a Postfix and GNU Mailman 3 list server, proven with real mail, stage by stage."""


def version() -> str:
    """Tell the installed version; the reading of it is put off until somebody asks."""
    from importlib.metadata import version as installed  # noqa: PLC0415 (for that reason)

    return installed("mailman-wizard")
