"""The site's values by name, for commands and sentences that show them."""

from __future__ import annotations

from wizard.facts.postfix_log import SYSLOG_FILE, FileLog
from wizard.site import Site

MAIL_LOG = FileLog(SYSLOG_FILE).see
"""How to see Postfix's log where nothing is known of the server."""


def words(site: Site) -> dict[str, str]:
    """Return the values that ``{name}`` stands for in `Check.see` and in the diagnoses' texts."""
    return {
        "hostname": site.mail.hostname,
        "domain": site.mail.domain,
        "site_owner": site.mailman.site_owner,
        "lmtp": str(site.mailman.lmtp),
        "lmtp_host": site.mailman.lmtp.host,
        "lmtp_port": str(site.mailman.lmtp.port),
        "rest": str(site.mailman.rest),
        "rest_port": str(site.mailman.rest.port),
        "mail_log": MAIL_LOG,
        "list": site.list_address(site.lists[0]),
    }
