"""mailman.cfg: read and changed in place, keeping what the admin wrote (comments, order, other settings)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from configparser import Error as ParserError
from configparser import ParsingError
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

from configupdater import ConfigUpdater

from wizard.errors import RefusedError
from wizard.host import Host

PATH = Path("/etc/mailman3/mailman.cfg")
OWNER, GROUP, MODE = "root", "list", 0o640
USER = "list"
LMTP_MAP, DOMAINS_MAP = "postfix_lmtp", "postfix_domains"
"""The maps that Mailman writes for Postfix, in its data directory."""
DATABASE = "sqlite:///$DATA_DIR/mailman.db"
"""The URL of Mailman's own database (schema.cfg, ``[database]``)."""
COMMAND = ("mailman", "-C", str(PATH))
_PASSWORD = re.compile(r"//[^/:@]*:([^@]+)@")
"""Of a URL, as SQLAlchemy reads it."""


@dataclass(frozen=True, slots=True)
class Edit:
    """One setting to be given a value."""

    section: str
    key: str
    value: str


@dataclass(frozen=True, slots=True)
class Config:
    """What mailman.cfg says; settings that it does not mention have Mailman's own defaults."""

    text: str
    values: dict[tuple[str, str], str]
    broken: str = ""
    """Why Mailman cannot read it, if it cannot; then `values` are those of the other lines."""

    def get(self, section: str, key: str, default: str = "") -> str:
        """Return a setting as written, or the default."""
        return self.values.get((section, key), default)

    @property
    def var_dir(self) -> Path:
        """Mailman's var_dir (schema.cfg, ``[paths.master]``); Debian's layout if not set."""
        return Path(self._path("var_dir", "/var/lib/mailman3"))

    @property
    def data_dir(self) -> Path:
        """Where the database and the generated Postfix maps are."""
        return Path(self._path("data_dir", "$var_dir/data").replace("$var_dir", str(self.var_dir)))

    @property
    def sqlite(self) -> Path | None:
        """The database's file, if it is SQLite's."""
        before, found, place = self.get("database", "url", DATABASE).partition("sqlite:///")
        path = Path(place.replace("$DATA_DIR", str(self.data_dir)).replace("$data_dir", str(self.data_dir)))
        return path if found and not before and path.is_absolute() else None

    @property
    def queue_dir(self) -> Path:
        """Where Mailman's queues are, one directory each."""
        return Path(self._path("queue_dir", "$var_dir/queue").replace("$var_dir", str(self.var_dir)))

    @property
    def log_dir(self) -> Path:
        """Where Mailman's logs are."""
        return Path(self._path("log_dir", "/var/log/mailman3").replace("$var_dir", str(self.var_dir)))

    @property
    def rest(self) -> tuple[str, int]:
        """Host (an IPv6 address without its brackets) and port of the REST interface."""
        return self.get("webservice", "hostname", "localhost").strip("[]"), _port(self.get("webservice", "port"), 8001)

    @property
    def lmtp(self) -> tuple[str, int]:
        """Host and port of the LMTP runner."""
        return self.get("mta", "lmtp_host", "127.0.0.1"), _port(self.get("mta", "lmtp_port"), 8024)

    @property
    def credentials(self) -> tuple[str, str]:
        """Name and password of the REST interface; the password is a secret."""
        return (
            self.get("webservice", "admin_user", "restadmin"),
            self.get("webservice", "admin_pass", "restpass"),
        )

    def secrets(self) -> tuple[str, ...]:
        """Everything in it that must not be shown."""
        found = (
            self.get("webservice", "admin_pass"),
            self.get("mta", "smtp_pass"),
            *_passwords(self.get("database", "url")),
        )
        return tuple(secret for secret in found if secret)

    def _path(self, key: str, default: str) -> str:
        layout = self.get("mailman", "layout", "debian")
        return self.get(f"paths.{layout}", key, default)


def read(host: Host) -> Config | None:
    """Read the machine's mailman.cfg; None if there is none.

    Raises:
        RefusedError: it is not in the form of a configuration file, apart from some lines; the message says where.
    """
    if host.state(PATH) is None:
        return None
    text = host.read(PATH).decode("utf-8", "surrogateescape")
    try:
        return parse(text)
    except RefusedError as error:
        return Config(text, parse(mended(text)[0]).values, broken=str(error))


def parse(text: str) -> Config:
    """Parse a mailman.cfg.

    Raises:
        RefusedError: it has a syntax error, or the same setting twice.
    """
    updater = _updater(text)
    values = {
        (section, key): option.value or "" for section in updater.sections() for key, option in updater[section].items()
    }
    return Config(text, values)


MOST_LINES = 20
"""Lines of one file that are commented out at most; with more, it is another kind of file."""
DISABLED = "# not a setting: "


def mended(text: str) -> tuple[str, tuple[int, ...]]:
    """Comment out the lines that keep a mailman.cfg from being parsed.

    Returns:
        The text, and the numbers of those lines.

    Raises:
        RefusedError: it cannot be parsed even so.
    """
    lines, disabled = text.split("\n"), list[int]()
    while True:
        try:
            parse("\n".join(lines))
        except RefusedError as error:
            number = _line(error)
            if number is None or number in disabled or len(disabled) >= MOST_LINES:
                raise
            lines[number - 1] = DISABLED + lines[number - 1]
            disabled.append(number)
        else:
            return "\n".join(lines), tuple(disabled)


def _line(error: RefusedError) -> int | None:
    """Tell which line the parser stumbled over, from 1."""
    cause = error.__cause__
    if isinstance(cause, ParsingError) and getattr(cause, "errors", None):
        return int(cause.errors[0][0])
    number = getattr(cause, "lineno", None)
    return int(number) if number else None


def edited(text: str, edits: Iterable[Edit]) -> str:
    """Return the text with settings changed or added, everything else as it is to the byte.

    Raises:
        RefusedError: as `parse`.
        ValueError: a value holds a line break.
    """
    updater = _updater(text)
    for edit in edits:
        if any(character in edit.value for character in "\r\n\0"):
            raise ValueError(f"{edit.key} must be one line")
        if not updater.has_section(edit.section):
            if updater.sections():
                updater[updater.sections()[-1]].add_after.space(1)
            updater.add_section(edit.section)
        # The blank belongs to the value: without it the parser would write "key:value".
        updater[edit.section][edit.key] = f" {edit.value}"
    return str(updater)


def _updater(text: str) -> ConfigUpdater:
    updater = ConfigUpdater(delimiters=(":", "="), space_around_delimiters=False)
    try:
        updater.read_string(text, source=str(PATH))
    except ParserError as error:
        raise RefusedError(
            f"{PATH} cannot be read as a configuration file: {' '.join(str(error).split())}. "
            "Mend that line, then start again; nothing was changed."
        ) from error
    return updater


def _passwords(url: str) -> tuple[str, ...]:
    """Give the password of a database URL as written and in plain; of any text, because the admin may have erred."""
    found = _PASSWORD.search(url)
    return (found[1], unquote(found[1])) if found else ()


def _port(text: str, default: int) -> int:
    return int(text) if text.isdecimal() else default
