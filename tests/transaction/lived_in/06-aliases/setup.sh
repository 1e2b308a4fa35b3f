# Aliases with programs, files and lists of their own; one compiled map is older than its source.
newaliases
touch --date='1 hour ago' /etc/postfix/aliases.club.db
postfix start
