# A list server that works, set up by hand: three lists, members, an owner, a moderator, settings of its own.
newaliases
for user in ann bo hk; do useradd --create-home --shell /bin/bash "$user"; done
python3 - <<'END'
import re, pathlib
path = pathlib.Path("/etc/mailman3/mailman.cfg")
text = path.read_text()
text = re.sub(r"(?m)^site_owner:.*$", "# asked in 2021\nsite_owner: hostmaster@local.edu", text)
text = re.sub(r"(?m)^lmtp_port:.*$", "lmtp_port: 8124", text)
text = re.sub(r"(?m)^port:.*$", "port: 8101", text)
path.write_text(text + "\n# --- ours ---\n[runner.digest]\n# too many digests\nsleep_time: 5s\n")
END
install -d -o list -g list /run/mailman3
su list -s /bin/sh -c 'mailman -C /etc/mailman3/mailman.cfg start --force' > /dev/null 2>&1 < /dev/null
for list in chess staff announce reading-group; do
    su list -s /bin/sh -c "mailman -C /etc/mailman3/mailman.cfg create -d -o hk@local.edu $list@local.edu" > /dev/null
done
printf 'ann@local.edu\nBo Li <bo@local.edu>\n' > /root/members
su list -s /bin/sh -c 'mailman -C /etc/mailman3/mailman.cfg addmembers --no-welcome-msg - chess@local.edu' < /root/members > /dev/null
rm /root/members
python3 - <<'END'
import contextlib, sqlite3
with contextlib.closing(sqlite3.connect("/var/lib/mailman3/data/mailman.db", timeout=60)) as database, database:
    moderate = "UPDATE mailinglist SET subscription_policy = 3 WHERE list_id = 'reading-group.local.edu'"
    assert database.execute(moderate).rowcount == 1
END
postmap hash:/var/lib/mailman3/data/postfix_lmtp
postfix start
