# A main.cf that several people have edited by hand for years.
newaliases
postfix start
