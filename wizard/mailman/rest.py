"""Mailman's REST interface, through mailmanclient, with a limit on every request.

mailmanclient and requests are loaded when Mailman is first asked: no screen and no ``--help`` waits for them.
"""
# ruff: noqa: PLC0415 (for that reason)

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError

from wizard.errors import WizardError
from wizard.mailman.cfg import Config

if TYPE_CHECKING:
    from mailmanclient import Client
    from requests import Response

LIMIT = 15
"""Seconds for one request."""
API = "3.1"
NOT_FOUND = 404
LONGEST = 200
"""Characters of the other side's words that are passed on, at most."""


class RestError(WizardError):
    """The REST interface did not answer, or refused; the message is what it said."""


def base_url(config: Config) -> str:
    """Return the address of the interface for a client on this machine."""
    host, port = config.rest
    return f"http://[{host}]:{port}/{API}" if ":" in host else f"http://{host}:{port}/{API}"


def connect(config: Config, *, limit: float = LIMIT) -> Client:
    """Return a client; it is not tried yet. `limit`: seconds for one request.

    mailmanclient is not typed; what it hands out (lists, members, held messages) is therefore ``Any``.
    """
    from mailmanclient import Client

    name, password = config.credentials
    return Client(base_url(config), name, password, request_hooks=[lambda params: {**params, "timeout": limit}])


@contextmanager
def said() -> Iterator[None]:
    """Turn everything a request can end with into `RestError`, in the words of the other side."""
    from mailmanclient import MailmanConnectionError
    from requests.exceptions import HTTPError as RequestHTTPError
    from requests.exceptions import RequestException

    try:
        yield
    except HTTPError as error:
        raise RestError(f"Mailman's REST interface answered {error.code}: {_line(str(error.reason))}") from error
    except RequestHTTPError as error:
        raise RestError(f"Mailman's REST interface answered {_line(str(error))}") from error
    except (MailmanConnectionError, RequestException, OSError) as error:
        raise RestError(f"Mailman's REST interface does not answer: {reason(error)}") from error


def reason(error: BaseException) -> str:
    """Say in a few words why a connection failed; requests and urllib3 wrap what they met into a page of their own."""
    from requests.exceptions import Timeout

    chain = [error]
    while (inner := chain[-1].__cause__ or chain[-1].__context__) is not None and inner not in chain:
        chain.append(inner)
    if any(isinstance(each, Timeout | TimeoutError) for each in chain):
        return "no answer in time"
    numbers = [each.errno for each in chain if isinstance(each, OSError) and each.errno]
    return os.strerror(numbers[-1]).lower() if numbers else _line(str(chain[-1]) or type(chain[-1]).__name__)


def _line(text: str) -> str:
    return text.strip().partition("\n")[0][:LONGEST]


def ask(config: Config, *, limit: float = LIMIT) -> None:
    """Ask the interface something small; `limit` as for `connect`.

    Raises:
        RestError: it does not answer, or refuses the configured password.
    """
    with said():
        connect(config, limit=limit).system  # noqa: B018 (asking is the point)


def answers(config: Config) -> bool:
    """Tell whether the interface answers with the configured password."""
    try:
        ask(config)
    except RestError:
        return False
    return True


def find_list(client: Any, address: str) -> Any | None:
    """Return the list with this address, or None if there is none.

    Raises:
        RestError: the interface did not answer, or answered something other than 404.
    """
    return _found(lambda: client.get_list(address))


def find_domain(client: Any, domain: str) -> Any | None:
    """Return the domain, or None; raises as `find_list`."""
    return _found(lambda: client.get_domain(domain))


def find_user(client: Any, address: str) -> Any | None:
    """Return the user with this address, or None; raises as `find_list`."""
    return _found(lambda: client.get_user(address))


def find_address(client: Any, address: str) -> Any | None:
    """Return the address as Mailman knows it, or None; raises as `find_list`."""
    return _found(lambda: client.get_address(address))


def addresses(config: Config) -> dict[str, bool]:
    """List every address that Mailman knows, and whether it is a user's; mailmanclient has no call for it.

    Raises:
        RestError: the interface did not answer, or refused.
    """
    import requests

    with said():
        answer = requests.get(f"{base_url(config)}/addresses", auth=config.credentials, timeout=LIMIT)
        _require(answer)
        return {str(entry["email"]): "user" in entry for entry in answer.json().get("entries", ())}


def configuration(config: Config, section: str) -> dict[str, str]:
    """Tell a section of the configuration with which Mailman was started, its secrets included; none if it has no such.

    Raises:
        RestError: the interface did not answer, or refused.
    """
    import requests

    with said():
        url = f"{base_url(config)}/system/configuration/{section}"
        answer = requests.get(url, auth=config.credentials, timeout=LIMIT)
        if answer.status_code == NOT_FOUND:
            return {}
        _require(answer)
        return {str(key): str(value) for key, value in answer.json().items()}


def _require(answer: Response) -> None:
    from requests.exceptions import HTTPError as RequestHTTPError

    if not answer.ok:
        raise RequestHTTPError(f"{answer.status_code}: {answer.reason}", response=answer)


def _found(ask: Any) -> Any | None:
    with said():
        try:
            return ask()
        except HTTPError as error:
            if error.code == NOT_FOUND:
                return None
            raise
