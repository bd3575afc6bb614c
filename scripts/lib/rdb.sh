# shellcheck shell=sh disable=SC2034,SC2154 # what the scripts give and what they take
# The file in which a Redis keeps itself: made by the server, waited for, fetched, loaded into another one to see that it is good.

# Where the Redis of the cache is -> $redis_words, words for `eval`, and $redis_password, which never comes into an argument.
find_redis() {
    url=${opt_cache:-${JOBLINE_CACHE-}}
    case $url in @*) url=$(head -n 1 -- "${url#@}") || die 66 "${url#@} cannot be read" ;; esac
    redis_password='' redis_words='' redis_here=''
    scheme=${url%%:*} rest=${url#*://}
    case $scheme in
    redis | rediss)
        rest=${rest%%[/?]*}
        case $rest in *@*)
            who=${rest%@*} rest=${rest##*@}
            case $who in *:*) redis_password=$(percent_decoded "${who#*:}") ;; esac
            [ -z "${who%%:*}" ] || redis_words="--user $(quoted "$(percent_decoded "${who%%:*}")")"
            ;;
        esac
        case $rest in
        *]:*) host=${rest%:*} port=${rest##*:} ;;
        *]) host=$rest port='' ;;
        *:*) host=${rest%:*} port=${rest##*:} ;;
        *) host=$rest port='' ;;
        esac
        host=${host#[} host=${host%]}
        case $host in '' | localhost | 127.* | ::1) redis_here=1 ;; esac
        redis_words="$redis_words -h $(quoted "${host:-127.0.0.1}") -p $(quoted "${port:-6379}")"
        [ "$scheme" = redis ] || redis_words="$redis_words --tls"
        ;;
    redis+unix)
        redis_here=1
        redis_words="-s $(quoted "$(percent_decoded "${rest%%\?*}")")"
        ;;
    redis+cluster | rediss+cluster) die 78 "--rdb is for one Redis: of a cluster each master has a file of its own; without --rdb all of it is backed up" ;;
    *) die 78 "--rdb needs a cache in Redis" ;;
    esac
}

percent_decoded() { # TEXT: to stdout
    decode "$(printf '%s' "$1" | sed 's/+/%2B/g')"
    printf '%s' "$decoded"
}

# shellcheck disable=SC2317,SC2329 # through run
redis_client() { # ARG...: becomes redis-cli, in a subshell
    [ -z "$redis_password" ] || export REDISCLI_AUTH="$redis_password"
    eval "exec redis-cli --no-auth-warning $redis_words \"\$@\""
}

ask_redis() { # COMMAND... -> $reply
    if ! run redis_client "$@" >"$tmp/reply" 2>"$tmp/why"; then
        reason "$tmp/why"
        why="redis: ${why:-no reply}"
        return 69
    fi
    reply=$(tr -d '\r' <"$tmp/reply")
    case $reply in
    NOAUTH* | WRONGPASS* | NOPERM*)
        why="redis: $reply"
        return 77
        ;;
    esac
}

persistence() { # FIELD -> $field, of INFO persistence as it was read last
    field=$(sed -n "s/^$1://p" "$tmp/info")
}

look_at_redis() {
    ask_redis info persistence || return
    printf '%s\n' "$reply" >"$tmp/info"
    persistence rdb_bgsave_in_progress
    [ -n "$field" ] && return
    why="redis: ${reply:-no answer to INFO}"
    return 69
}

in_time() { # WHAT: one second passes, unless --deadline has
    [ "$(($(date +%s) - asked))" -lt "$opt_deadline" ] || {
        why="$1 after $opt_deadline s"
        return 75
    }
    run sleep 0.5
}

# Makes the server write its file, and waits until it has -> $saved_at, the server's time of it, and $save_seconds.
#
# That the file is ours is known from LASTSAVE, which has changed: so it must not have changed within this very second before.
# A failure is ours when a save was seen under way, or was said to have begun.
save() {
    asked=$(date +%s) begun=''
    while :; do
        look_at_redis || return
        [ "$field" = 1 ] || break
        info "a save is under way already: waiting for it"
        in_time 'another save is still under way' || return
    done
    while :; do
        ask_redis lastsave || return
        before=$reply
        ask_redis time || return
        [ "$(printf '%s\n' "$reply" | head -n 1)" -le "$before" ] 2>/dev/null || break
        in_time 'the clock of the server stands still' || return
    done
    ask_redis bgsave schedule || return
    case $reply in
    *started*) begun=1 ;;
    *scheduled* | *'in progress'*) ;;
    *)
        why="redis refuses to save: $reply"
        return 74
        ;;
    esac
    while :; do
        look_at_redis || return
        if [ "$field" = 1 ]; then
            begun=1
        else
            persistence rdb_last_save_time && saved_at=$field
            persistence rdb_last_bgsave_status && saved=$field
            persistence rdb_last_bgsave_time_sec && save_seconds=$field
            [ "$saved_at" -le "$before" ] || return 0
            if [ "$saved" != ok ] && [ -n "$begun" ]; then
                why='redis could not save: its own log says why'
                return 74
            fi
        fi
        in_time 'the save has not ended' || return
    done
}

# Copies the file that the server has saved: from its own folder when that is here and can be read, else over the connection.
fetch_rdb() { # FILE
    if [ -n "$redis_here" ] && ask_redis config get dir && folder_of_redis=$(printf '%s\n' "$reply" | sed -n 2p) &&
        ask_redis config get dbfilename; then
        file=$folder_of_redis/$(printf '%s\n' "$reply" | sed -n 2p)
        # It is that one, and not a file of the same name on this side of a tunnel, when its time is that of the save.
        if [ -f "$file" ] && [ -r "$file" ]; then
            changed=$(stat -c %Y -- "$file")
            if [ "$changed" -gt "$before" ] && [ "$changed" -le "$((saved_at + 1))" ]; then
                info "taking $file"
                run cp -- "$file" "$1" 2>"$tmp/why" && return
                reason "$tmp/why"
                return 74
            fi
        fi
    fi
    info 'fetching the file over the connection'
    run redis_dump "$1" >"$tmp/dump.out" 2>&1 && [ -s "$1" ] && return
    reason "$tmp/dump.out"
    why="redis-cli --rdb: ${why:-failed}"
    return 69
}

# shellcheck disable=SC2317,SC2329 # through run
redis_dump() { # FILE: becomes redis-cli, in a subshell
    [ -z "$redis_password" ] || export REDISCLI_AUTH="$redis_password"
    eval "exec timeout -k 10 \"\$opt_deadline\" redis-cli --no-auth-warning $redis_words --rdb \"\$1\""
}

# Loads a file into a Redis of our own on a socket in the private folder; it lives until stop_scratch, or the deadline.
start_scratch() { # FILE
    asked=$(date +%s)
    mkdir "$tmp/scratch" && ln -- "$1" "$tmp/scratch/dump.rdb" || return 74
    trap 'stop_scratch; remove_folder' EXIT
    timeout -k 10 "$opt_deadline" redis-server --port 0 --unixsocket "$tmp/scratch/redis.sock" --unixsocketperm 700 --dir "$tmp/scratch" \
        --dbfilename dump.rdb --save '' --appendonly no >"$tmp/scratch/log" 2>&1 </dev/null &
    scratch=$!
    until scratch_answers; do
        if ! kill -0 "$scratch" 2>/dev/null; then
            why="a new Redis does not load it: $(tail -n 1 "$tmp/scratch/log")"
            return 65
        fi
        in_time 'a new Redis has not loaded it' || return
    done
}
scratch_answers() {
    run redis-cli -s "$tmp/scratch/redis.sock" ping >"$tmp/pong" 2>/dev/null && grep -q PONG "$tmp/pong"
}
scratch=''
stop_scratch() {
    [ -z "$scratch" ] || kill "$scratch" 2>/dev/null || :
    [ -z "$scratch" ] || wait "$scratch" 2>/dev/null || :
    scratch=''
}
