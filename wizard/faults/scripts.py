"""Pieces of the faults' scripts."""

from __future__ import annotations

import shlex
from string import Template

DATA = "/var/lib/mailman3/data"
CFG = "/etc/mailman3/mailman.cfg"
RELOAD = "postfix reload"
LIST = "lists/reading-group.local.edu"
"""Where REST has the list."""
_KILL = Template("pkill -KILL -f '[r]unner=$runner:'")
"""What is killed is dead at once; that its master does not take notice, so that it stays a zombie, is a part of it."""
RESTART_MAILMAN = f"""
master=$(pgrep -o -f 'mailman3/bin/[m]aster')
runuser -u list -- mailman -C {CFG} stop
tail --pid=$master -f /dev/null
runuser -u list -- mailman -C {CFG} start > /dev/null
"""
"""Stop and start it without waiting until it works; for a start that is to fail."""
AWAIT_MAILMAN = """
timeout 60 bash -c '
starts() {
    for pid in $(pgrep -f "[r]unner="); do
        grep -q "^SigCgt:.*[2367abef]..$" /proc/$pid/status || return 0
    done
    return 1
}
until (: < /dev/tcp/127.0.0.1/8001 && : < /dev/tcp/127.0.0.1/8024) 2> /dev/null && ! starts; do sleep 0.2; done'
"""
"""Wait until REST and LMTP are there, and no runner starts any more: all of them catch SIGUSR1."""
_TAKEN = Template(
    """
mkfifo /root/taken.ready
setsid python3 -c '
import signal, socket
taken = socket.create_server(("127.0.0.1", $port))
open("/root/taken.ready", "w").close()
signal.pause()
' > /dev/null 2>&1 < /dev/null &
echo $$! > /root/taken.pid
: < /root/taken.ready
rm /root/taken.ready
"""
)
GIVE_BACK = "kill $(cat /root/taken.pid); rm /root/taken.pid"
_SETTING = Template(
    """
/usr/bin/python3 - <<'END'
import base64, re, urllib.error, urllib.parse, urllib.request
text = open("/etc/mailman3/mailman.cfg").read()
password = re.search(r"(?m)^admin_pass\\s*[:=]\\s*(\\S+)", text)[1]
request = urllib.request.Request(
    "http://127.0.0.1:8001/3.1/$path", method="$method", data=urllib.parse.urlencode($data).encode() or None
)
request.add_header("Authorization", "Basic " + base64.b64encode(f"restadmin:{password}".encode()).decode())
try:
    urllib.request.urlopen(request, timeout=30).close()
except urllib.error.HTTPError as error:
    if (request.method, error.code) != ("DELETE", 404):
        raise
END
"""
)


def main_cf(*settings: str) -> str:
    """Set parameters of Postfix, and have it read them."""
    return f"{shlex.join(('postconf', '-e', *settings))}\n{RELOAD}"


def killed(runner: str) -> str:
    """Kill one runner, and its workers."""
    return _KILL.substitute(runner=runner)


def taken(port: int) -> str:
    """Let another program listen on a port of loopback."""
    return _TAKEN.substitute(port=port)


def setting(key: str, value: str) -> str:
    """Set one thing of the list in Mailman."""
    return rest("PATCH", f"{LIST}/config", {key: value})


def rest(method: str, path: str, data: dict[str, str]) -> str:
    """Ask Mailman's REST interface to change something; what is to be removed may be gone already."""
    return _SETTING.substitute(method=method, path=path, data=repr(data))


def cfg(section: str, key: str, value: str) -> str:
    """Change a setting that stands in mailman.cfg; `value` may not hold a slash."""
    return f"sed -i '/^\\[{section}\\]/,/^\\[/ s/^{key}: .*/{key}: {value}/' {CFG}"
