# shellcheck shell=sh disable=SC2034,SC2154 # what the scripts give and what they take
# Backups of a cache, of a store of jobs: what they are called, which of them count, and how one is made and found.
#
#   PREFIX MODEL/20261122T030000Z.jsonl.zst      the entries of a model; MODEL percent-encoded
#   PREFIX rdb/20261122T030000Z.rdb.zst          all that a Redis holds
#   PREFIX 20261122T030000Z.jsonl.zst            a store of jobs
#   the same name + .manifest                    once it has been restored and compared: an object without one does not count
#
# Names sort by time. A manifest is written last and removed first, so whatever dies in between, what counts is whole. It names
# its object, so that it counts beside no other.

# The options that say which cache.
cache_options() {
    chain_options | grep -E '\|(cache|model)\|'
    cat <<'END'
 |scale|MIN-MAX|text|||the integers that are answers [1-7]
END
}

backup_folder() { # PREFIX MODEL -> $folder
    folder=$1$(printf '%s' "$2" | jq -sRr '@uri | if startswith(".") then "%2E" + .[1:] else . end')/
}

# All names of backups in $folder, oldest first, go to $tmp/names, those that count to $tmp/counted.
list_backups() { # KIND: jsonl or rdb
    list "$folder" "$tmp/listed" || return
    cut -f 3 "$tmp/listed" | LC_ALL=C sort | LC_ALL=C grep -E "^[0-9]{8}T[0-9]{6}Z[.]$1[.]zst([.]manifest)?\$" >"$tmp/objects"
    sed 's/[.]manifest$//' "$tmp/objects" | uniq >"$tmp/names"
    sed 's/[.]manifest$//' "$tmp/objects" | uniq -d >"$tmp/counted"
}

# Checks a file against the manifest that stands beside its object.
agrees() { # FILE MANIFEST NAME: 65 and $why when it does not
    jq -e '(.backup == "export" or .backup == "rdb") and (.entries | type == "number") and (.bytes | type == "number") and
        (.sha256 | type == "string") and (.model | type == "string")' "$2" >/dev/null 2>&1 || {
        why="$3.manifest is no manifest of a backup"
        return 65
    }
    [ "$(jq -r '.name' "$2")" = "$3" ] || {
        why="$3.manifest belongs to another backup: $(jq -r '.name' "$2")"
        return 65
    }
    size_of "$1"
    [ "$size" = "$(jq -r '.bytes' "$2")" ] || {
        why="$3 has $size bytes, its manifest says $(jq -r '.bytes' "$2")"
        return 65
    }
    sha256=$(sha256sum <"$1") || return 74
    sha256=${sha256%% *}
    [ "$sha256" = "$(jq -r '.sha256' "$2")" ] || {
        why="$3 is not the file that its manifest describes: the SHA-256 differs"
        return 65
    }
}

unzstd_to() { # FILE OUT
    run zstd -qdf "$1" -o "$2" 2>"$tmp/why" && return
    reason "$tmp/why"
    why="zstd: $why"
    return 65
}

# The totals in the last line of an export.
read_totals() { # FILE -> $entries, $buckets, $lines
    lines=$(wc -l <"$1") && lines=$((lines))
    # shellcheck disable=SC2046 # two numbers
    set -- $(tail -n 1 "$1" | jq -r 'select(.end == true) | .entries, .buckets' 2>/dev/null)
    entries=${1-} buckets=${2-}
    [ $# = 2 ] && [ "$lines" = $((buckets + 2)) ] && return
    why="this is no whole export of a cache: its end is missing"
    return 65
}

# What senior-cache stat says about a cache and a model: words for `eval` -> $entries, $generation.
read_stat() { # WORDS
    # $tmp holds no quote
    eval "run senior-cache --quiet $1 stat --json" >"$tmp/stat" || return
    entries=$(jq -r '.entries' "$tmp/stat") && generation=$(jq -r '.generation' "$tmp/stat")
}

check_rdb() { # FILE
    run redis-check-rdb "$1" >"$tmp/rdb.out" 2>&1 && return
    why="redis-check-rdb refuses it: $(grep -vE '^ *$|info' "$tmp/rdb.out" | tail -n 1)"
    return 65
}

# ---- one is made ----

# What it will be called, and how much the last one holds. $folder is set.
next_backup() { # KIND MODEL -> $object, $place, $last_entries
    object=$(date -u +%Y%m%dT%H%M%SZ).$1.zst
    place=$folder$object last_entries=0
    or_die list_backups "$1"
    newest=$(tail -n 1 "$tmp/names")
    [ "$(printf '%s\n%s\n' "$newest" "$object" | LC_ALL=C sort -u | tail -n 1)" != "$newest" ] ||
        die 75 "$folder$newest is not older than now, ${object%%.*}: is the clock right?"
    last=$(tail -n 1 "$tmp/counted")
    [ -n "$last" ] || return 0
    or_die fetch "$folder$last.manifest" "$tmp/last"
    last_entries=$(jq -r --arg model "$2" 'select(.model == $model) | .entries' "$tmp/last" 2>/dev/null)
    decimal "$last_entries" || last_entries=0
}

# Those behind the last that is to stay. What does not count, because something died, is among them when it is older than that.
outdated() { # FILE
    { cat "$tmp/counted"; echo "$object"; } | tail -n "$opt_keep" | head -n 1 >"$tmp/oldest"
    awk 'NR == FNR { oldest = $0; next } $0 < oldest' "$tmp/oldest" "$tmp/names" >"$1"
    [ "$(($(wc -l <"$tmp/counted") + 1))" -ge "$opt_keep" ] || : >"$1"
}

tell_outdated() { # for --dry-run
    outdated "$tmp/old"
    while IFS= read -r old; do echo "$folder$old would be removed"; done <"$tmp/old"
}

give_up() { # STATUS TEXT: what was put in place counts for nothing
    discard "$place" || :
    die "$@"
}

pack() { # FILE -> $tmp/packed, $file_bytes, $packed_bytes, $sha256
    file_bytes=$(wc -c <"$1") && file_bytes=$((file_bytes))
    run zstd -qf "$1" -o "$tmp/packed" || exit 74
    size_of "$tmp/packed"
    packed_bytes=$size
    sha256=$(sha256sum <"$tmp/packed") || exit 74
    sha256=${sha256%% *}
}

# What was packed goes to its place, and comes back from there.
there_and_back() { # -> $tmp/restored
    or_die store "$tmp/packed" "$place"
    rm -f -- "$tmp/packed"
    fetch "$place" "$tmp/back" || give_up $? "$why"
    came=$(sha256sum <"$tmp/back") || give_up 74 "cannot read $tmp/back"
    [ "${came%% *}" = "$sha256" ] || give_up 74 "$place is not what was put there"
    unzstd_to "$tmp/back" "$tmp/restored" || give_up $? "$why"
    rm -f -- "$tmp/back"
}

# From here on it counts, and older ones go.
make_it_count() { # $tmp/manifest is written
    store "$tmp/manifest" "$place.manifest" || give_up $? "$why"
    cat "$tmp/manifest"
    outdated "$tmp/old"
    # Between files, one that was being copied when all died has its own name.
    is_s3 "$folder" || find "${folder%/*}/" -maxdepth 1 -type f -name '*Z.*.zst*.partial.*' -mmin +60 -delete 2>/dev/null
    while IFS= read -r old <&8; do
        info "removing $folder$old"
        or_die discard "$folder$old.manifest"
        or_die discard "$folder$old"
    done 8<"$tmp/old"
}

# ---- one is found ----

# A backup by its name, or the latest of $folder that counts; --list shows all of them, and ends.
find_backup() { # BACKUP-OR-PREFIX KIND -> $folder, $object, $place
    case $1 in
    *.manifest) die 64 "$1 is a manifest: its backup is named without .manifest" ;;
    *[0-9]Z."$2".zst)
        [ -z "$opt_list" ] || die 64 '--list wants a PREFIX'
        folder=${1%"${1##*/}"} object=${1##*/}
        ;;
    *.zst) die 65 "$1 is not called like a backup of this kind: TIME.$2.zst" ;;
    *)
        if [ -f "$1" ]; then die 65 "$1 has no manifest beside it: it is no backup, but may be an export to import"; fi
        or_die list_backups "$2"
        [ -z "$opt_list" ] || { show_manifests && exit; }
        object=$(tail -n 1 "$tmp/counted")
        [ -n "$object" ] || die 66 "there is no backup that counts under $1"
        ;;
    esac
    place=$folder$object
}

show_manifests() {
    while IFS= read -r object <&8; do
        or_die fetch "$folder$object.manifest" "$tmp/manifest"
        cat "$tmp/manifest"
    done 8<"$tmp/counted"
}

# It counts, and is the file that its manifest describes.
fetch_backup() { # -> $tmp/manifest, $tmp/packed
    fetch "$place.manifest" "$tmp/manifest"
    status=$?
    [ "$status" != 66 ] || die 65 "$place has no manifest: it was never restored, so it does not count"
    [ "$status" = 0 ] || die "$status" "$why"
    or_die fetch "$place" "$tmp/packed"
    or_die agrees "$tmp/packed" "$tmp/manifest" "$object"
}
