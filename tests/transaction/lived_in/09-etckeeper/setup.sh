# /etc is a git repository, as etckeeper keeps it.
newaliases
printf 'passwd-\nshadow-\n' > /etc/.gitignore
git -C /etc init --quiet
git -C /etc -c user.name=etckeeper -c user.email=root@local.edu add --all
git -C /etc -c user.name=etckeeper -c user.email=root@local.edu commit --quiet --message initial
postfix start
