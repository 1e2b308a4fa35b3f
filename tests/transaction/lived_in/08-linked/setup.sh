# main.cf is a link into a directory that another program fills; the file has a group and an attribute of its own.
ln -sf site/main.cf /etc/postfix/main.cf
chgrp adm /etc/postfix/site/main.cf
python3 -c 'import os; os.setxattr("/etc/postfix/site/main.cf", "user.origin", b"puppet")' || true
newaliases
postfix start
