# main.cf is a link into a directory that another program fills; the file has an owner, a mode and an attribute of its own.
ln -sf site/main.cf /etc/postfix/main.cf
chown daemon:adm /etc/postfix/site/main.cf
chmod 0640 /etc/postfix/site/main.cf
python3 -c 'import os; os.setxattr("/etc/postfix/site/main.cf", "user.origin", b"puppet")' || true
newaliases
postfix start
