# Everything by variables of its own.
postmap hash:/etc/postfix/maps/transport
newaliases
postfix start
