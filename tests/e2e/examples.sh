#!/usr/bin/env bash
# Runs every example of README.md and of the man pages' EXAMPLES sections with the installed programs.
#
# What is an example
#   README.md     a fenced block right behind a line `<!-- test -->`. It is one script.
#   man/*.[1-9]   inside `.Sh EXAMPLES`: each `.Dl COMMAND` is one script, each `.Bd -literal … .Ed` is one script.
#   In a block with lines that begin with `$ ` these are the commands; the other lines show output and are not run.
#
# What it must do: exit with 0, under `bash -u -o pipefail`. Otherwise say so on the line before (README: inside the comment,
# man: a comment line `.\" test: …` right before the .Dl or .Bd):
#   <!-- test: status=75 -->   .\" test: status=75    it ends with that status
#   <!-- test: endless -->     .\" test: endless      it does not end: it is stopped once it has printed a line
#   .\" test: off REASON                              data, or a command that is not for this machine: not run
#
# What stands for what. Each page has a working folder of its own, in which its examples run one after another and see what the
# earlier ones made. Before each, these files are there unless the page has made its own:
#   raw.jsonl jobs.jsonl      the installed sample        nested.jsonl    postings with hiringOrganization.name and jobTitle
#   more.jsonl                other postings              table.jsonl     answers (company, title, seniority) for all of them
#   hasdata.key               the key of a small HasData, which hd-fetch and credits find through the environment
#   requests.jsonl            searches for hd-fetch listing   me.json     the installed profile
# and these words mean servers on loopback:
#   host:50051 HOST:50051 127.0.0.1:50051 localhost:50051     a senior-model
#   host:6379 127.0.0.1:6379 localhost:6379                   a Redis, empty when the page begins
#   https://sqs.eu-west-1.amazonaws.com/123456789012/          a small SQS; job-postings (and job-postings-dead) is a queue there
# `aws` is the real command; the one in PATH adds --endpoint-url to what it is given, so that it asks the servers here. When the page
# begins, S3 has two buckets: rl-data with job-postings-raw/1721183934.jsonl (the sample) and, under backups/, a backup of a cache with
# table.jsonl in it; and bucket, which is empty.
# /usr/local is what `make install` has made; /etc and /var are folders of the test, and what `sudo` runs does not change owners there;
# `systemctl` only looks whether the units that it is to enable are there. $HOME and all state are inside the test's folder.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

root=$tmp/root
make -C "$top" --no-print-directory -s BUILD="$BUILD" PREFIX=/usr/local DESTDIR="$root" install >"$tmp/install.log" 2>&1 ||
    { not_ok "make install" && diag <"$tmp/install.log"; }
export PATH=$root/usr/local/bin:$PATH
sample=$root/usr/local/share/jobline/sample.jsonl

start_sqs --longest-wait=3 || exit 1
start_s3 || exit 1
mkdir "$tmp/endpoints"
cat >"$tmp/endpoints/aws" <<END
#!/bin/sh
for word; do
    case \$word in
    s3 | s3api) exec "$(command -v aws)" --endpoint-url "$S3_URL" "\$@" ;;
    sqs) exec "$(command -v aws)" --endpoint-url "$SQS_URL" "\$@" ;;
    esac
done
exec "$(command -v aws)" "\$@"
END
chmod +x "$tmp/endpoints/aws"
# Root's commands, on a machine of which only these folders are there.
machine=$tmp/machine
mkdir -p "$machine/etc/cron.d" "$machine/etc/sysusers.d" "$machine/etc/systemd/system" "$machine/var/lib" "$machine/var/log"
cat >"$tmp/endpoints/sudo" <<END
#!/bin/bash
case \$1 in
systemd-sysusers) exec systemd-sysusers --root="$machine" ;;
systemctl)
    for word; do
        case \$word in *.service | *.timer | *.socket) [ -e "$machine/etc/systemd/system/\$word" ] || exit 1 ;; esac
    done
    exit 0
    ;;
install)
    while [ \$# -gt 0 ]; do
        case \$1 in -o) shift ;; *) words+=("\$1") ;; esac
        shift
    done
    exec "\${words[@]}"
    ;;
esac
exec "\$@"
END
chmod +x "$tmp/endpoints/sudo"
export PATH=$tmp/endpoints:$PATH

start_model
start_redis
start_hasdata || exit 1
export HASDATA_API_URL=$hd_api

generate --lines=200 --distinct=50 --seed=11 >"$tmp/more.jsonl"
generate --lines=200 --distinct=50 --seed=12 --shape=nested >"$tmp/nested.jsonl"
{
    jl-dedupe --keys-only "$sample" "$tmp/more.jsonl"
    jl-dedupe --keys-only -k company=hiringOrganization.name,title=jobTitle "$tmp/nested.jsonl"
} | jl-dedupe | jq -c '.seniority = (.title | length % 7 + 1)' >"$tmp/table.jsonl"

senior-cache -C "sqlite:$tmp/backed.db" put <"$tmp/table.jsonl" >/dev/null
cache-backup -q -C "sqlite:$tmp/backed.db" "$tmp/backups/" >/dev/null || not_ok "a backup"

provide() {
    [ -e raw.jsonl ] || cp "$sample" raw.jsonl
    [ -e jobs.jsonl ] || cp "$sample" jobs.jsonl
    [ -e more.jsonl ] || cp "$tmp/more.jsonl" more.jsonl
    [ -e nested.jsonl ] || cp "$tmp/nested.jsonl" nested.jsonl
    [ -e table.jsonl ] || cp "$tmp/table.jsonl" table.jsonl
    [ -e requests.jsonl ] || printf '%s\n' '{"keyword":"accountant","location":"Chicago, IL"}' \
        '{"keyword":"nurse","location":"remote","source":"glassdoor"}' >requests.jsonl
    [ -e me.json ] || cp "$root/usr/local/share/jobline/me.json" me.json
    [ -e hasdata.key ] || cp -p "$hd_key_file" hasdata.key
}

# Prints the examples of a page as files N (the script), N.line, N.test (the annotation) into the folder $2.
extract() { # PAGE FOLDER
    "$PYTHON" - "$1" "$2" <<'END'
import re, sys
page, folder = sys.argv[1:]
text = open(page, encoding="utf-8").read().splitlines()
count = 0

def emit(line, rows, note):
    global count
    prompts = [r[2:] for r in rows if r.startswith("$ ")]
    if prompts:  # a command goes on behind a backslash
        keep, rows_in, more = [], rows, False
        for r in rows_in:
            if r.startswith("$ "):
                keep.append(r[2:])
            elif more:
                keep.append(r)
            else:
                continue
            more = keep[-1].endswith("\\")
        rows = keep
    count += 1
    for name, value in ((f"{count}", "\n".join(rows) + "\n"), (f"{count}.line", f"{line}\n"), (f"{count}.test", note + "\n")):
        open(f"{folder}/{name}", "w", encoding="utf-8").write(value)

GLYPH = {"aq": "'", "dq": '"', "ti": "~", "ha": "^", "ga": "`", "en": "–", "em": "—", "rs": "\\", "oq": "‘", "cq": "’"}

def plain(s):
    s = re.sub(r"\\\((..)|\\\[([^\]]*)\]|\\(.)", lambda m: GLYPH.get(m[1] or m[2], "?") if m[1] or m[2] else
               {"e": "\\", "&": "", "-": "-", "~": " ", " ": " ", "\\": "\\", "'": "´", "`": "`", "c": ""}.get(m[3], m[3]), s)
    return s

def arguments(s):  # of a macro: "…" is one argument, "" inside it a quote
    out, i = [], 0
    while i < len(s):
        if s[i] == " ":
            i += 1
        elif s[i] == '"':
            j, word = i + 1, ""
            while j < len(s):
                if s[j] == '"' and s[j + 1:j + 2] == '"':
                    word, j = word + '"', j + 2
                elif s[j] == '"':
                    break
                else:
                    word, j = word + s[j], j + 1
            out.append(word)
            i = j + 1
        else:
            j = i
            while j < len(s) and s[j] != " ":
                j += 2 if s[j] == "\\" else 1
            out.append(s[i:j])
            i = j
    return " ".join(out)

if page.endswith(".md"):
    i = 0
    while i < len(text):
        m = re.fullmatch(r"\s*<!-- test(?::\s*(.*?))?\s*-->\s*", text[i])
        i += 1
        if not m:
            continue
        if i >= len(text) or not text[i].lstrip().startswith("```"):
            sys.exit(f"{page}:{i}: no fenced block behind the comment")
        start, rows, indent = i + 1, [], len(text[i]) - len(text[i].lstrip())
        i += 1
        while not text[i].lstrip().startswith("```"):
            rows.append(text[i][indent:])
            i += 1
        emit(start, rows, m[1] or "")
else:
    inside, note, block = False, "", None
    for n, row in enumerate(text, 1):
        if row.startswith(".Sh "):
            inside = row.startswith(".Sh EXAMPLES")
        elif not inside:
            continue
        elif block is not None:
            if row.startswith(".Ed"):
                emit(start, block, note)
                block, note = None, ""
            elif not row.startswith('.\\"'):
                block.append(plain(row))
        elif m := re.match(r'\.\\" test: *(.*)', row):
            note = m[1]
        elif row.startswith(".Dl "):
            emit(n, [plain(arguments(row[4:]))], note)
            note = ""
        elif row.startswith(".Bd ") and "-literal" in row:
            start, block = n, []
print(count)
END
}

run_example() { # NAME SCRIPT NOTE
    local name=$1 script=$2 note=$3 wanted=0 got=0 pid
    case $note in
    off*) return ;;
    status=*) wanted=${note#status=} ;;
    esac
    if [ "$note" = endless ]; then
        setsid bash -u -o pipefail "$script" >"$tmp/example.out" 2>"$tmp/example.err" &
        pid=$!
        if wait_for test -s "$tmp/example.out"; then ok "$name"; else
            not_ok "$name: printed nothing"
            cat "$script" "$tmp/example.err" | diag
        fi
        kill -TERM -- -"$pid" 2>/dev/null
        wait "$pid" 2>/dev/null
        return
    fi
    timeout 60 bash -u -o pipefail "$script" </dev/null >"$tmp/example.out" 2>"$tmp/example.err" || got=$?
    if [ "$got" = "$wanted" ]; then
        ok "$name"
    else
        not_ok "$name: status $got, wanted $wanted"
        cat "$script" "$tmp/example.err" | diag
    fi
}

run_page() { # PAGE
    local page=$1 count n folder
    folder=$(mktemp -d "$tmp/page.XXXXXX")
    if ! count=$(extract "$top/$page" "$folder" 2>"$tmp/extract.err"); then
        not_ok "$page: examples can be extracted"
        diag <"$tmp/extract.err"
        return
    fi
    if [ "$count" = 0 ]; then
        not_ok "$page has examples"
        return
    fi
    redis-cli -p "$REDIS_PORT" flushall >/dev/null
    rm -rf "$HOME" && mkdir "$HOME"
    rm -rf "${S3_DIR:?}"/* && mkdir "$S3_DIR/rl-data" "$S3_DIR/bucket"
    s3_put "$sample" rl-data/job-postings-raw/1721183934.jsonl
    for backup in "$tmp"/backups/default/*; do s3_put "$backup" "rl-data/backups/default/${backup##*/}"; done
    sqs_purge
    sqs_purge "$DEAD_QUEUE_URL"
    hd_reset
    mkdir "$folder/work" && cd "$folder/work" || exit 1
    for ((n = 1; n <= count; n++)); do
        provide
        sed -E -i "s/\b(host|HOST|127\.0\.0\.1|localhost):50051\b/$MODEL/g; s/\b(host|127\.0\.0\.1|localhost):6379\b/127.0.0.1:$REDIS_PORT/g
            s! /(etc|var)/! $machine/\1/!g; s! /usr/local/! $root/usr/local/!g
            s!https://sqs\.[a-z0-9-]+\.amazonaws\.com/[0-9]{12}/!$SQS_URL/123456789012/!g" "$folder/$n"
        run_example "$page:$(<"$folder/$n.line")" "$folder/$n" "$(<"$folder/$n.test")"
    done
    cd "$tmp/work" || exit 1
}

run_page README.md
for page in "$top"/man/*.[1-9]; do
    run_page "man/${page##*/}"
done
done_testing
