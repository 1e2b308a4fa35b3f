# A master.cf with overrides, services of its own, and no postlog.
newaliases
postfix start
