#!/usr/bin/env bash
# Brings the collection of ChronoTrack Live onto this machine, from this checkout. It may run again at any time.
#
#   ./deploy_chronotrack_live.sh            do it; stop at the first failure
#   ./deploy_chronotrack_live.sh --check    look whether it can be done; change nothing
#
# The database is the one that DATABASE_URL, PG* or DB_* name; without any the hub runs a PostgreSQL of its own.
# docs/howto/deploy.md says what each step does.
set -Eeuo pipefail

readonly PAGE_FILES=(
    providers/chronotrack_live_adapter.py
    database/chronotrack_live_schema_extension.sql
    database/chronotrack_live_credentials_setup.sql
    schedulers/chronotrack_live_scheduler.py
    backfill/chronotrack_live_backfill.py
    test_chronotrack_live_integration.py
    monitor_chronotrack_live.py
    CHRONOTRACK_LIVE_INTEGRATION_SUMMARY.md
)
readonly REPORT=/tmp/chronotrack_live_test_report.json
readonly UNIT=chronotrack-live-scheduler.service
readonly ENVIRONMENT_MB=1000

step=start remedy=""
begin() { step=$1 remedy=$2; printf '\n== %s\n' "$step"; }
stop() { printf 'error: %s\n' "$1" >&2; return "${2:-1}"; }
failed() {
    ((BASH_SUBSHELL)) || printf '\nFAILED at "%s": %s\n' "$step" "$remedy" >&2
    exit "$1"
}
trap 'failed $?' ERR

hub() { .venv/bin/python3 -m project88 "$@"; }
has_environment() { [[ -x .venv/bin/python3 ]]; }

check_files() {
    local file
    for file in "${PAGE_FILES[@]}"; do
        [[ -f $file ]] || stop "$file is missing"
    done
    echo "all ${#PAGE_FILES[@]} files of the deployment page are here"
}

check_python() {
    has_environment && { .venv/bin/python3 --version; return; }
    local python free_mb
    python=${PYTHON:-$(command -v python3.11 || command -v python3)} || stop "python3 is not installed"
    "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || stop "$python is older than 3.11"
    command -v make >/dev/null || stop "make is not installed"
    free_mb=$(($(df -Pk . | awk 'NR == 2 {print $4}') / 1024))
    ((free_mb >= ENVIRONMENT_MB)) || stop "$free_mb MB are free here, $ENVIRONMENT_MB are needed"
    echo "$("$python" --version), no environment yet"
}

check_database() {
    if ! has_environment; then
        echo "the database is looked at when there is an environment"
    elif [[ $(hub db status --json || true) == *'embedded in'* ]]; then
        echo "no database is named: the hub runs its own"
    else
        hub backup --check
    fi
}

backup_and_schema() {
    local said
    begin "backup of the data" "nothing has changed yet; see the reason above"
    said=$(hub backup)
    echo "$said"
    begin "schema, providers and roles" "the schema is as it was; see the reason above and docs/howto/move-from-legacy.md"
    hub db migrate
    hub backup --note "$(sed -n 's/^backing up .* to //p' <<<"$said")"
}

failed_slots() {
    .venv/bin/python3 -c 'import json, sys
slots = json.load(open(sys.argv[1]))["test_results"]
print(*(name for name, slot in slots.items() if slot["status"] in ("failed", "error")))' "$REPORT"
}

verify() {
    rm -f "$REPORT"
    python3 test_chronotrack_live_integration.py --dry-run && return
    # Before the first login is stored there is nothing to check in that slot.
    [[ $(hub credentials list --json) == "[]" && $(failed_slots) == provider_credentials ]] \
        || stop "the verification failed; its report is $REPORT"
    echo "that is all: no login is stored yet"
}

next_steps() {
    cat <<TEXT

Deployed. Next:
  logins      project88 credentials set --timing-partner-id N --provider chronotrack_live --principal USER
              (or step 4 of the deployment page, and project88 credentials seal behind it)
  verify      python3 test_chronotrack_live_integration.py --timing-partner-id N --verbose
  history     python3 backfill/chronotrack_live_backfill.py --dry-run --limit-events 5 --verbose
  scheduler   sudo cp /tmp/$UNIT /etc/systemd/system/
              sudo systemctl daemon-reload && sudo systemctl enable --now $UNIT
  health      python3 monitor_chronotrack_live.py
  undo        docs/howto/roll-back.md
TEXT
}

main() {
    [[ $# -eq 0 || ($# -eq 1 && $1 == --check) ]] || { echo "usage: $0 [--check]" >&2; exit 2; }
    cd "$(dirname "${BASH_SOURCE[0]}")"
    begin "files" "get the whole branch: git pull origin development-workspace"
    check_files
    begin "Python" "install what is missing; PYTHON=... names another interpreter"
    check_python
    begin "database" "see the reason above; docs/howto/upgrade.md for a server older than 15"
    check_database
    if [[ ${1:-} == --check ]]; then
        printf '\nnothing stands in the way; nothing was changed\n'
        return
    fi
    begin "environment" "see the reason above; make setup shows all of it"
    # An environment that is a link is looked after elsewhere.
    [[ -L .venv ]] || make --silent setup
    echo "ready"
    backup_and_schema
    begin "logins" "see the reason above; docs/howto/credentials.md"
    hub credentials seal
    begin "unit" "see the reason above; project88 unit show prints it"
    hub unit write
    begin "verification" "see the slots above; docs/howto/deploy.md"
    verify
    begin "monitor" "see the reason above"
    python3 monitor_chronotrack_live.py --help >/dev/null
    echo "monitor_chronotrack_live.py answers"
    next_steps
}

main "$@"
