#!/usr/bin/env bash
# Each system call of job-store, and each allocation, fails once, one after another: never a crash, never status 0 without the work
# done, never a line passed on as stored whose job is not, never a job deleted that is not in the archive; and run again, all is well.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

most=$((8 * JL_SCALE)) # of the calls of one kind that are made to fail, spread over all there are

dated() { # LINES SEED LAST-SEEN
    generate --shape=job --lines="$1" --seed="$2" |
        sed "s/}\$/,\"first_seen_at\":\"2026-01-01T00:00:00Z\",\"last_seen_at\":\"$3\",\"embedding\":{\"model\":\"m-1\",\"dims\":2,\"data\":\"AACAPwAAgEA=\"}}/"
}
dated 400 "$JL_SEED" 2026-01-02T00:00:00Z >in.jsonl
dated 100 8 "$(date -u -d '1 hour ago' +%FT%TZ)" >>in.jsonl
store=sqlite:$PWD/s.db
job-store -S "$store" put in.jsonl >put.out
job-store -S "$store" list >list.out
job-store -S "$store" export >export.out
job-store -S "$store" index
cp s.db.m-1.index index.out
tail -n 100 list.out >young.out
head -n 400 list.out >old.out
cp s.db start.db
touch empty.db

struck() { # FAULT COMMAND [ARG...]: its status
    timeout -k 5 60 env LD_PRELOAD="$BUILD/test/fault/shim.so" JL_FAULT_IN=job-store JL_FAULT="$1" JL_FAULT_SEEN="$tmp/seen" "${@:2}" \
        >stdout 2>err
}

fresh() { # STORE-FILE
    rm -rf s.db* archive* moved.db* made.index*
    [ "$1" = empty.db ] || cp "$1" s.db
}

# What must hold after each run, whatever its status: prints what is wrong.
held_put() { # STATUS
    grep '"stored":"' stdout | jq -c '{id,source}' >claimed
    [ "$(job-store -S "$store" get claimed | wc -l)" = "$(wc -l <claimed)" ] || echo 'a line is said to be stored that is not'
    [ "$1" != 0 ] || cmp -s stdout put.out || echo 'status 0 and another output'
    job-store -S "$store" put in.jsonl >stdout || echo 'it cannot be run again'
    job-store -S "$store" list | cmp -s - list.out || echo 'run again, the store differs'
}
held_list() {
    cmp -s -n "$(stat -c %s stdout)" stdout list.out || echo 'other bytes'
    [ "$1" != 0 ] || cmp -s stdout list.out || echo 'status 0 and another output'
}
held_purge() {
    { job-store -S "$store" list && head -n "$(wc -l <archive)" archive; } 2>/dev/null | sort -u | cmp -s - <(sort list.out) || echo 'a job is lost'
    job-store -S "$store" list | tail -n 100 | cmp -s - young.out || echo 'a young job is gone'
    [ "$1" != 0 ] || job-store -S "$store" list | cmp -s - young.out || echo 'status 0 and an old job is there'
    job-store -S "$store" purge --archive=archive || echo 'it cannot be run again'
    sort -u archive | cmp -s - <(sort old.out) || echo 'run again, the archive differs'
}
held_export() {
    cmp -s -n "$(stat -c %s stdout)" stdout export.out || echo 'other bytes'
    [ "$1" != 0 ] || cmp -s stdout export.out || echo 'status 0 and another output'
}
held_import() {
    [ "$1" != 0 ] || job-store -S "sqlite:$PWD/moved.db" export | cmp -s - export.out || echo 'status 0 and another store'
}
held_index() {
    [ ! -e made.index ] || cmp -s made.index index.out || echo 'a file that is not whole'
    [ "$1" != 0 ] || [ -e made.index ] || echo 'status 0 and no file'
    job-store -S "$store" index -o made.index || echo 'it cannot be run again'
    cmp -s made.index index.out || echo 'run again, the file differs'
}

scene() { # CALL ERROR NAME START COMMAND [ARG...]
    local call=$1 error=$2 name=$3 start=$4 calls n step status why bad=0 tried=0
    shift 4
    fresh "$start"
    struck "$call:999999999:$error" "$@"
    status=$?
    if [ "$status" != 0 ] || [ ! -s "$tmp/seen" ]; then
        not_ok "undisturbed, status $status: $*"
        diag <err
        return
    fi
    calls=$(<"$tmp/seen")
    step=$(((calls + most - 1) / most))
    for ((n = 1; n <= calls; n += step)); do
        fresh "$start"
        status=0 tried=$((tried + 1))
        struck "$call:$n:$error" "$@" || status=$?
        why=$("held_$name" "$status" 2>&1)
        case $status in
        0 | 141) ;;
        64 | 65 | 66 | 69 | 70 | 73 | 74 | 75 | 77 | 78)
            grep -q '^job-store: ' err || why="$why; status $status without a message"
            case $error in EINTR | short) why="$why; status $status" ;; esac
            ;;
        *) why="$why; status $status" ;;
        esac
        [ -z "$why" ] && continue
        bad=1
        not_ok "$call $n of $calls fails with $error: $*: $why"
        diag <err
    done
    [ "$bad" = 1 ] || [ "$calls" = 0 ] || ok "$call fails with $error, $tried of $calls: $*"
}

for fault in write:ENOSPC write:short pwrite:ENOSPC pread:EIO read:EIO read:EINTR fsync:EIO fdatasync:EIO close:EIO open:EMFILE \
    rename:EACCES malloc:ENOMEM; do
    call=${fault%:*} error=${fault#*:}
    scene "$call" "$error" put empty.db job-store -S "$store" put in.jsonl
    scene "$call" "$error" list start.db job-store -S "$store" list
    scene "$call" "$error" purge start.db job-store -S "$store" purge --archive=archive
    scene "$call" "$error" export start.db job-store -S "$store" export
    scene "$call" "$error" import empty.db job-store -S "sqlite:$PWD/moved.db" import export.out
    scene "$call" "$error" index start.db job-store -S "$store" index -o made.index
done
done_testing
