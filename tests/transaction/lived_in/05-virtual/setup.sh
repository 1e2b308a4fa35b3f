# Virtual alias and mailbox domains beside the users' own; listening by names.
echo '192.0.2.9 mail.local.edu' >> /etc/hosts
ip address add 192.0.2.9/32 dev lo
postmap hash:/etc/postfix/virtual hash:/etc/postfix/vmailbox
newaliases
postfix start
