#!/bin/sh
# Starts a command of the hub in a container. The database's password comes from a file, as containers hand secrets over.
set -eu
if [ -n "${PGPASSWORD_FILE:-}" ]; then
    PGPASSWORD=$(cat "$PGPASSWORD_FILE")
    export PGPASSWORD
fi
exec project88 "$@"
