# shellcheck shell=sh disable=SC2016,SC2034,SC2154 # jq's dollars, what the scripts give and what they take
# What job-search remembers of searches: the answer of a repeated one, what one may cost, a line for each in a log.

now_ms() { date +%s%3N; }

# ---- the answer of a repeated search ----

# One file for each search; its first line says which state of the store it is of, the second is the results event.
# A search is the same when its profile is, to the byte, and all that changes the ranking or what may be bought.
search_file() { # -> $answer_file
    key=$(printf '%s\n' 1 "$opt_tier" "$opt_top" "$opt_enrich" "$opt_requests" "$opt_pages" "$opt_source" "$opt_modes" "$opt_max_credits" \
        "$opt_always" "$opt_model" "$opt_name" "$opt_max_age" | cat - "$tmp/profile" | sha256sum) || exit 70
    answer_file=${XDG_CACHE_HOME:-$HOME/.cache}/jobline/searches/${key%% *}.jsonl
}
state_of_store() { # -> $state: the store's own number and its last change; empty for one without a job
    eval "run job-store --quiet $store_words stat --json" >"$tmp/stat" || exit
    state=$(jq -r 'if .number then "\(.number) \(.change)" else "" end' "$tmp/stat") || exit 70
}
recall_search() { # true when the answer has been given
    [ "$opt_repeat" -gt 0 ] && [ -z "$opt_dry_run" ] || return 1
    search_file
    [ -O "$answer_file" ] && age=$(($(date +%s) - $(stat -c %Y -- "$answer_file"))) && [ "$age" -ge 0 ] && [ "$age" -lt "$opt_repeat" ] || return 1
    state_of_store
    [ -n "$state" ] && [ "$(head -n 1 -- "$answer_file")" = "$state" ] || return 1
    tail -n +2 -- "$answer_file" | jq -e 'select(.event == "results") | .stage = "cache"' -c >"$tmp/results" || return 1
    answered=repeat
    found=$(jq -r .found "$tmp/results") best=$(jq -r .best "$tmp/results") sufficient=$(jq -r .sufficient "$tmp/results")
    jq -c --argjson ms "$(($(now_ms) - began))" '.seconds = $ms / 1000 | .repeated = true' "$tmp/results" || unwritten $?
    [ "$opt_tier" = paid ] || notice cache_only 'a free search shows the jobs at hand'
    event 'done' '{event: $event, credits_used: 0, status: 0, seconds: ($ms / 1000)}'
}
remember_search() { # the results event in $tmp/results is the last one, of $state
    [ "$opt_repeat" -gt 0 ] || return 0
    [ -n "$state" ] || return 0
    search_file
    folder=${answer_file%/*}
    (umask 077 && mkdir -p -- "$folder" && find "$folder" -type f -mmin +1440 -delete &&
        { printf '%s\n' "$state" && cat -- "$tmp/results"; } >"$answer_file.$$" && mv -- "$answer_file.$$" "$answer_file") 2>"$tmp/why" ||
        warn "the answer is not remembered: $(head -n 1 "$tmp/why")"
}

# ---- what a search may cost ----

may_go_on() { # is there a reason not to buy more?
    case $trouble in 0 | 75) ;; *) return 1 ;; esac
    [ "$credits" -lt "$opt_max_credits" ] && { [ "$trouble" = 0 ] || [ "$discovered" -gt 0 ]; }
}

price() { # WHAT LINE -> $price, the worst of one call
    printf '%s\n' "$2" >"$tmp/one"
    eval "run hd-fetch --quiet $1 $fetch_words --dry-run '$tmp/one'" >"$tmp/dry" 2>"$tmp/why" || {
        cat -- "$tmp/why" >&2
        exit 78
    }
    price=$(tail -n 1 "$tmp/dry" | jq .credits)
}
# Prints the worst case of this search, and of how many more such the budget is enough for.
estimate() {
    if [ -z "$paid" ]; then
        event estimate --argjson max "$opt_max_credits" '{event: $event, requests: [], full_texts: 0,
            worst: {listings: 0, full_texts: 0, credits: 0}, max_credits: $max, left: null, searches_left: null}'
        return
    fi
    price "listing --source=$opt_source --pages=$opt_pages" '{"keyword":"any","location":"any"}'
    listing=$((price * opt_requests))
    case $opt_source in
    glassdoor) url='https://www.glassdoor.com/job-listing/j.htm?jl=1000000000001' ;;
    *) url='https://www.indeed.com/viewjob?jk=0123456789abcdef' ;;
    esac
    price "job --modes=$opt_modes" "{\"company\":\"any\",\"title\":\"any\",\"url\":\"$url\"}"
    text=$((price * opt_enrich)) worst=$((listing + price * opt_enrich))
    [ "$worst" -le "$opt_max_credits" ] || worst=$opt_max_credits
    left=null
    if command -v credits >/dev/null 2>&1; then
        ledger_words=''
        [ -z "$opt_ledger" ] || ledger_words=$(quoted "--ledger=$opt_ledger")
        left=$(eval "credits status --quiet $ledger_words --json" 2>/dev/null | jq .left 2>/dev/null) || left=null
    fi
    touch "$tmp/need" "$tmp/enrich"
    event estimate --slurpfile requests "$tmp/need" --slurpfile texts "$tmp/enrich" --argjson left "${left:-null}" \
        --argjson listing "$listing" --argjson text "$text" --argjson worst "$worst" --argjson max "$opt_max_credits" '
        {event: $event, requests: $requests, full_texts: ($texts | length), worst: {listings: $listing, full_texts: $text,
         credits: $worst}, max_credits: $max, left: $left,
         searches_left: (if $left == null then null elif $worst == 0 then null else ($left / $worst | floor) end)}'
}

# ---- the log ----

log_search() { # STATUS
    (umask 077 && mkdir -p -- "$(dirname -- "$opt_log")" && jq -cn --arg user "$opt_user" --arg tier "$opt_tier" --arg answered "$answered" \
        --arg profile "$(jq -r '.matches[0].profile // ""' "$tmp/results" 2>/dev/null)" --argjson found "${found:-0}" --argjson best "${best:-0}" \
        --argjson discovered "$discovered" --argjson enriched "$enriched" --argjson credits "$credits" --argjson status "$1" \
        --argjson ms "$(($(now_ms) - began))" --argjson dry "$([ -n "$opt_dry_run" ] && echo true || echo false)" '
        {at: (now | todate), user: $user, tier: $tier, profile: $profile, answered: $answered, found: $found, best: $best, discovered: $discovered,
         enriched: $enriched, credits: $credits, seconds: ($ms / 1000), status: $status, dry_run: $dry}' >>"$opt_log") 2>"$tmp/why" ||
        warn "the search is not in the log: $(head -n 1 "$tmp/why")"
}

report_searches() { # LOG
    [ -f "$1" ] || die 66 "$1: there is no log of searches yet"
    # A line that a crash cut short is no line.
    jq -cR 'fromjson? | objects' -- "$1" | jq -cs --argjson since "$(($(date +%s) - opt_days * 86400))" --arg by "$opt_by" '
        def median: sort | if length == 0 then null else .[(length - 1) / 2 | floor] end;
        def p95: sort | if length == 0 then null else .[(length * 0.95 | ceil) - 1] end;
        def row: {searches: length, free: map(select(.tier == "free")) | length,
            from_cache: map(select(.answered != "live")) | length,
            share_from_cache: ((map(select(.answered != "live")) | length) / length * 1000 | round / 1000),
            failed: map(select(.status != 0)) | length,
            seconds_median: (map(.seconds) | median), seconds_p95: (map(.seconds) | p95),
            discovered: (map(.discovered) | add), enriched: (map(.enriched) | add), credits: (map(.credits) | add)};
        map(select((.at | fromdate) >= $since and (.dry_run | not)))
        | (group_by(if $by == "day" then .at[:10] elif $by == "user" then .user else .tier end)
           | map({($by): (.[0] | if $by == "day" then .at[:10] elif $by == "user" then .user else .tier end)} + row))
          + (if length == 0 then [] else [{($by): "all"} + row] end)
        | .[]' >"$tmp/rows" || die 65 "$1: not a log of searches"
    if [ -n "$opt_json" ]; then
        cat -- "$tmp/rows"
        return
    fi
    jq -r '[to_entries[0].value, .searches, .share_from_cache, .seconds_median, .seconds_p95, .enriched, .credits] | @tsv' "$tmp/rows" |
        awk -F '\t' -v by="$opt_by" -v plot="${opt_plot:+1}" '
        { for (i = 1; i <= NF; i++) cell[NR, i] = $i; if ($1 != "all" && $7 > most) most = $7; if ($1 != "all" && $2 > busiest) busiest = $2 }
        END {
            if (NR == 0) { print "no searches"; exit }
            printf "%-24s %9s %11s %9s %9s %9s %9s\n", by, "searches", "from cache", "median s", "p95 s", "enriched", "credits"
            for (r = 1; r <= NR; r++)
                printf "%-24.24s %9d %10.1f%% %9.3f %9.3f %9d %9d\n", cell[r, 1], cell[r, 2], cell[r, 3] * 100, cell[r, 4], cell[r, 5], cell[r, 6], cell[r, 7]
            if (!plot) exit
            bars("searches", 2, busiest); bars("credits", 7, most)
        }
        function bars(what, column, top,   r, n, bar) {
            printf "\n%s\n", what
            for (r = 1; r < NR; r++) {
                n = top ? int(cell[r, column] / top * 50 + 0.5) : 0
                bar = sprintf("%*s", n, ""); gsub(/ /, "#", bar)
                printf "%-24.24s |%-50s %d\n", cell[r, 1], bar, cell[r, column]
            }
        }'
}
