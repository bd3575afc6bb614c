# fish completion for credits(1); made by scripts/dev/gen-completions

# Reads the words before the cursor as the program would and answers a question about the present word:
#   options [VERB...]  may an option stand here (with one of these verbs)?
#   verb               may a verb stand here?
#   files              may a file stand here?
#   command            is it part of a COMMAND? Prints its words, and the present one is not among them.
function __credits_at
    set -l words (commandline -opc)
    set -l verb
    set -l ended
    set -l files
    set -l operands 0
    set -l command
    set -l i 2
    while test $i -le (count $words)
        set -l word $words[$i]
        if test -n "$ended"; or not string match -qr '^-.' -- $word
            if test -z "$ended$verb" -a $operands -eq 0; and contains -- $word 'status' 'report' 'forecast' 'set' 'watch' 'run' 'hold' 'send' 'settle' 'void' 'sync' 'breaker' 'journal' 'audit' 'rebuild' 'reset'
                set verb $word
            else
                set operands (math $operands + 1)
                if contains -- "$verb" 'run'
                    set command $i
                    break
                end
            end
        else if test "$word" = --
            set ended 1
        else if contains -- $word ''
            set command (math $i + 1)
            break
        else if string match -q -- '--*' $word
            contains -- (string split -m1 = -- $word)[1] ''; and set files 1
            contains -- $word '--ledger' '--provider' '--patience' '--by' '--period' '--days' '--cost' '--endpoint' '--user' '--wait' '--timeout' '--free' '--run' '--webhook' '--key-file' '--api' '--used' '--settled' '--for' '--from' '--output' '--stats' '--metrics'; and set i (math $i + 1)
        else
            set -l letters (string split '' -- (string sub -s 2 -- $word))
            for j in (seq (count $letters))
                contains -- $letters[$j] ''; and set files 1
                if contains -- $letters[$j] 'o'
                    test $j -eq (count $letters); and set i (math $i + 1)
                    break
                end
            end
        end
        set i (math $i + 1)
    end
    if test -z "$command" -a $i -eq (math (count $words) + 1); and begin; test -n "$ended"; or not string match -q -- '-*' (commandline -ct); end; and begin; contains -- "$verb" 'run'; end
        set command $i
    end
    switch $argv[1]
        case command
            test -n "$command"; or return 1
            test $command -le (count $words); and printf '%s\n' $words[$command..-1]
            return 0
        case options
            test -z "$command$ended"; or return 1
            set -q argv[2]; or return 0
            test -n "$verb"; or set verb status
            contains -- $verb $argv[2..-1]
        case verb
            test -z "$command$ended$verb" -a $operands -eq 0
        case files
            test -z "$command"; and not contains -- "$verb" 'status' 'report' 'forecast' 'watch' 'hold' 'sync' 'journal' 'audit' 'rebuild' 'reset'
    end
end

function __credits_command
    complete -C "$(string join ' ' -- (string escape -- (__credits_at command)) (commandline -ct))"
end

complete -c credits -f
complete -c credits -n '__credits_at verb' -a status -d 'show budget, calls, breaker, forecast'
complete -c credits -n '__credits_at verb' -a report -d 'sums of a period by day, endpoint, user'
complete -c credits -n '__credits_at verb' -a forecast -d 'tell when the budget ends at this pace'
complete -c credits -n '__credits_at verb' -a set -d 'make the account, change its settings: NAME=VALUE...; without any, print them'
complete -c credits -n '__credits_at verb' -a watch -d 'tell what is new, once: for cron'
complete -c credits -n '__credits_at verb' -a run -d 'run COMMAND as one paid call'
complete -c credits -n '__credits_at verb' -a hold -d 'hold the cost of a call, print its ID'
complete -c credits -n '__credits_at verb' -a send -d 'the call ID leaves now'
complete -c credits -n '__credits_at verb' -a settle -d 'the call ID is done, and cost what was held or --cost'
complete -c credits -n '__credits_at verb' -a void -d 'the call ID cost nothing'
complete -c credits -n '__credits_at verb' -a sync -d 'compare with the provider'\''s usage, adopt the difference'
complete -c credits -n '__credits_at verb' -a breaker -d 'open or close the breaker by hand'
complete -c credits -n '__credits_at verb' -a journal -d 'print all that ever happened, as JSON Lines'
complete -c credits -n '__credits_at verb' -a audit -d 'prove the account from the journal'
complete -c credits -n '__credits_at verb' -a rebuild -d 'make the account anew from the journal'
complete -c credits -n '__credits_at verb' -a reset -d 'count what is spent in this period as unspent'
complete -c credits -n '__credits_at command >/dev/null' -x -a '(__credits_command)'
complete -c credits -n '__credits_at options' -l ledger -x -d 'sqlite:PATH, redis://HOST:PORT/DB, redis+unix:///PATH, redis+cluster://HOST:PORT,..., @FILE [sqlite:$XDG_STATE_HOME/jobline/ledger.db]'
complete -c credits -n '__credits_at options' -l provider -x -d 'whose account; a ledger has any number [hasdata]'
complete -c credits -n '__credits_at options' -l patience -x -d 'try again for TIME when the ledger is locked or away [10s, 60s a cluster]'
complete -c credits -n '__credits_at options status report forecast watch sync audit' -l json -d 'JSON instead of text, an object a line'
complete -c credits -n '__credits_at options status' -l check -d 'status: end with 75 if a call would be refused now; without ENDPOINT, the cheapest one'
complete -c credits -n '__credits_at options report' -l by -x -a 'day endpoint user' -d 'report: what the rows are: day, endpoint, user [day]'
complete -c credits -n '__credits_at options report' -l period -x -d 'report: the period that began in this month [the current one]'
complete -c credits -n '__credits_at options report' -l plot -d 'report: draw bars'
complete -c credits -n '__credits_at options report' -l svg -d 'report: draw a picture into FILE; without FILE, in place of the table'
complete -c credits -n '__credits_at options status forecast' -l days -x -d 'status, forecast: take the pace from the last N days [7]'
complete -c credits -n '__credits_at options run hold settle' -l cost -x -d 'what the call costs, in credits [the endpoint'\''s price; settle: what was held]'
complete -c credits -n '__credits_at options run hold settle' -l endpoint -x -d 'what is called: a name in the account'\''s prices, or with --cost any'
complete -c credits -n '__credits_at options run hold settle' -l user -x -d 'who pays, for reports and the account'\''s user-cap [nobody in particular]'
complete -c credits -n '__credits_at options run hold' -l priority -d 'run, hold: may use the share of the budget that is kept for such calls'
complete -c credits -n '__credits_at options run hold' -l wait -x -d 'run, hold: ask again for TIME when concurrency or rate refuse [0s]'
complete -c credits -n '__credits_at options hold' -l send -d 'hold: the call leaves at once'
complete -c credits -n '__credits_at options run watch' -l timeout -x -d 'end the command after TIME; run: at most the account'\''s timeout [run: that; watch: 30s]'
complete -c credits -n '__credits_at options run' -l free -x -d 'run: COMMAND ends so when nothing was billed, too [64,66,77,78,126,127]'
complete -c credits -n '__credits_at options settle void' -l failed -d 'settle, void: the provider failed; the breaker counts it; without --cost it was free'
complete -c credits -n '__credits_at options settle' -l uncertain -d 'settle: nobody knows what became of it; charged the worst case until somebody does'
complete -c credits -n '__credits_at options watch' -l run -x -d 'watch: run sh -c CMD for each piece of news, which is JSON on its stdin'
complete -c credits -n '__credits_at options watch' -l webhook -x -d 'watch: POST each piece of news as JSON to URL, or to the one in @FILE'
complete -c credits -n '__credits_at options sync' -l key-file -r -F -d 'sync: the file with the API key [the credential hasdata-key, or $HASDATA_API_KEY]'
complete -c credits -n '__credits_at options sync' -l api -x -d 'sync: where the provider is [https://api.hasdata.com]'
complete -c credits -n '__credits_at options sync' -l used -x -d 'sync: what the provider'\''s own pages show as used; it is not asked'
complete -c credits -n '__credits_at options sync' -l settled -x -d 'sync: adopt less only when no call has ended for TIME [10m]'
complete -c credits -n '__credits_at options sync watch' -s n -l dry-run -d 'sync: only show the difference; watch: only show, mark nothing as told'
complete -c credits -n '__credits_at options breaker' -l for -x -d 'breaker open: for TIME [until it is closed]'
complete -c credits -n '__credits_at options journal' -l from -x -d 'journal: begin at entry N [1]'
complete -c credits -n '__credits_at options reset' -l yes -d 'reset: do it'
complete -c credits -n '__credits_at options' -s h -l help -a 'text options verbs program' -d 'show this help; the other words give tables for tools'
complete -c credits -n '__credits_at options' -s V -l version -d 'show the version and what it is built with'
complete -c credits -n '__credits_at options' -s q -l quiet -d 'print errors, no warnings'
complete -c credits -n '__credits_at options' -s v -l verbose -d 'say what is used, and at the end what was done'
complete -c credits -n '__credits_at options' -s o -l output -r -F -d 'write to FILE, which appears whole or not at all [stdout]'
complete -c credits -n '__credits_at options' -l stats -r -F -d 'append the figures of the run to FILE as a line of JSON'
complete -c credits -n '__credits_at options' -l metrics -r -F -d 'write the figures of the run to FILE for Prometheus'
