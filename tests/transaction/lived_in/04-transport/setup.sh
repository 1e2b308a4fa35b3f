# Transport maps, relay domains and their recipients; local recipients are not checked.
postmap hash:/etc/postfix/transport hash:/etc/postfix/relay_recipients
newaliases
postfix start
