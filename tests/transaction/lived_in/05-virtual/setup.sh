# Virtual alias and mailbox domains beside the users' own.
postmap hash:/etc/postfix/virtual hash:/etc/postfix/vmailbox
newaliases
postfix start
