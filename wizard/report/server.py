"""The answers that a run tells at its start, so that its report can name the server it was about."""

from __future__ import annotations

from wizard.site import Site


def answers(site: Site) -> dict[str, object]:
    """Return the answers that belong into a report; none of them is or holds a secret."""
    refused = (*site.mail.refused, *site.mailman.refused)
    return {
        "hostname": site.mail.hostname,
        "lists": [site.list_address(spec) for spec in site.lists],
        "others": {
            "List domain": f"{site.mail.domain}, {site.mail.domain_class}",
            "Mailboxes": site.mail.mailbox,
            "Takes mail from": "this machine alone" if site.mail.loopback_only else "the network",
            # Its URL has a password in it.
            "Mailman's database": "SQLite" if site.mailman.database.startswith("sqlite") else "PostgreSQL",
            **({"Refused hardening": ", ".join(refused)} if refused else {}),
        },
    }
