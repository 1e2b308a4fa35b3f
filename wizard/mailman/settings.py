"""The values in mailman.cfg that the site's answers ask for, each with its reason."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from wizard.mailman import cfg
from wizard.mailman.cfg import Config
from wizard.site import Site
from wizard.site.hardening import MAILMAN

LINES = "email_commands_max_lines"
WEAKEST = 32
"""Characters of the shortest REST password that is left as it is."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """One setting, the values that will do, and the one that is written if none of them is there."""

    section: str
    key: str
    value: str
    why: str
    also: frozenset[str] = frozenset()
    secret: bool = False

    def met(self, present: str) -> bool:
        """Tell whether the present value will do."""
        return present == self.value or present in self.also


def wanted(site: Site, config: Config) -> tuple[Wanted, ...]:
    """List the settings for a site, but for those that it refuses.

    Those that concern a secret keep the present one if it is good.
    """
    lmtp, rest = site.mailman.lmtp, site.mailman.rest
    loopback = frozenset({"localhost", "127.0.0.1", "::1"})
    found = (
        Wanted("mailman", "site_owner", site.mailman.site_owner, "who gets mail about the whole site"),
        *_database(site),
        Wanted("webservice", "hostname", rest.bracketed, "the REST interface listens on loopback only"),
        Wanted("webservice", "port", str(rest.port), "the REST port of the answers"),
        Wanted("webservice", "show_tracebacks", "no", MAILMAN["show_tracebacks"]),
        *_password(config),
        Wanted("mailman", LINES, "1", MAILMAN[LINES], frozenset({"0"})),
        Wanted("mta", "incoming", "mailman.mta.postfix.LMTP", "Mailman writes Postfix's maps itself"),
        Wanted("mta", "outgoing", "mailman.mta.deliver.deliver", "posts leave by SMTP"),
        Wanted("mta", "smtp_host", "127.0.0.1", "posts leave through this machine's Postfix", loopback),
        Wanted("mta", "smtp_port", str(site.smtp_port), "the port Postfix listens on"),
        Wanted("mta", "lmtp_host", lmtp.host, "an address, never a name: Postfix would ask DNS for it"),
        Wanted("mta", "lmtp_port", str(lmtp.port), "the LMTP port of the answers"),
        Wanted("mta", "configuration", "python:mailman.config.postfix", "how Mailman calls postmap"),
    )
    return tuple(each for each in found if each.key not in site.mailman.refused)


def _database(site: Site) -> tuple[Wanted, ...]:
    answer = site.mailman.database
    if answer.startswith("sqlite"):
        place, why = (
            (cfg.DATABASE, "its place beside Mailman's other data") if answer == "sqlite" else (answer, "its place")
        )
        return (
            Wanted("database", "class", "mailman.database.sqlite.SQLiteDatabase", "the database of the answers"),
            Wanted("database", "url", place, why),
        )
    return (
        Wanted(
            "database",
            "class",
            "mailman.database.postgresql.PostgreSQLDatabase",
            "the database of the answers",
        ),
        Wanted("database", "url", answer, "the PostgreSQL server of the answers", secret=True),
    )


def _password(config: Config) -> tuple[Wanted, ...]:
    user, present = config.credentials
    strong = present if len(present) >= WEAKEST else secrets.token_urlsafe(WEAKEST)
    return (
        Wanted("webservice", "admin_user", user, "the REST interface's user"),
        Wanted("webservice", "admin_pass", strong, MAILMAN["admin_pass"], secret=True),
    )
