# Nothing runs, nothing starts at boot, no alias map was ever compiled; a second instance was given up.
rm -f /etc/aliases.db
update-rc.d postfix disable
update-rc.d mailman3 disable
