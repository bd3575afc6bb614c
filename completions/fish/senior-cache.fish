# fish completion for senior-cache(1); made by scripts/dev/gen-completions

# Reads the words before the cursor as the program would and answers a question about the present word:
#   options [VERB...]  may an option stand here (with one of these verbs)?
#   verb               may a verb stand here?
#   files              may a file stand here?
#   command            is it part of a COMMAND? Prints its words, and the present one is not among them.
function __senior_cache_at
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
            if test -z "$ended$verb" -a $operands -eq 0; and contains -- $word 'get' 'put' 'fill' 'stat' 'drop' 'export' 'import'
                set verb $word
            else
                set operands (math $operands + 1)
                if contains -- "$verb" 'fill'
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
            contains -- $word '--cache' '--model' '--key-paths' '--answer' '--scale' '--refused' '--misses' '--batch' '--input' '--window' '--stall' '--patience' '--output' '--rejects' '--reasons' '--max-rejects' '--max-line' '--threads' '--stats' '--metrics'; and set i (math $i + 1)
        else
            set -l letters (string split '' -- (string sub -s 2 -- $word))
            for j in (seq (count $letters))
                contains -- $letters[$j] ''; and set files 1
                if contains -- $letters[$j] 'C' 'm' 'k' 'a' 'i' 'o'
                    test $j -eq (count $letters); and set i (math $i + 1)
                    break
                end
            end
        end
        set i (math $i + 1)
    end
    if test -z "$command" -a $i -eq (math (count $words) + 1); and begin; test -n "$ended"; or not string match -q -- '-*' (commandline -ct); end; and begin; contains -- "$verb" 'fill'; end
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
            test -n "$verb"; or set verb get
            contains -- $verb $argv[2..-1]
        case verb
            test -z "$command$ended$verb" -a $operands -eq 0
        case files
            test -z "$command"; and not contains -- "$verb" 'stat' 'drop' 'export'
    end
end

function __senior_cache_command
    complete -C "$(string join ' ' -- (string escape -- (__senior_cache_at command)) (commandline -ct))"
end

complete -c senior-cache -f
complete -c senior-cache -n '__senior_cache_at files' -F
complete -c senior-cache -n '__senior_cache_at verb' -a get -d 'add the answers that are known to the lines that have none'
complete -c senior-cache -n '__senior_cache_at verb' -a put -d 'store the answers that the lines carry, pass the lines on'
complete -c senior-cache -n '__senior_cache_at verb' -a fill -d 'answer what is known, ask COMMAND for the rest, store what it says'
complete -c senior-cache -n '__senior_cache_at verb' -a stat -d 'tell the number of entries, their bytes, the last runs'
complete -c senior-cache -n '__senior_cache_at verb' -a drop -d 'forget all entries of the model'
complete -c senior-cache -n '__senior_cache_at verb' -a export -d 'write the entries of the model as JSON Lines'
complete -c senior-cache -n '__senior_cache_at verb' -a import -d 'store the entries of an export'
complete -c senior-cache -n '__senior_cache_at command >/dev/null' -x -a '(__senior_cache_command)'
complete -c senior-cache -n '__senior_cache_at options' -s C -l cache -x -d 'sqlite:PATH, redis://HOST:PORT/DB, redis+unix:///PATH, redis+cluster://HOST:PORT,..., @FILE [sqlite:$XDG_STATE_HOME/jobline/senior.db]'
complete -c senior-cache -n '__senior_cache_at options' -s m -l model -x -d 'whose answers: each model has entries of its own [default]'
complete -c senior-cache -n '__senior_cache_at options' -s k -l key-paths -x -d 'the members that make the key [company,title]'
complete -c senior-cache -n '__senior_cache_at options' -s a -l answer -x -d 'the member that holds the answer [seniority]'
complete -c senior-cache -n '__senior_cache_at options' -l scale -x -d 'integers that are answers [1-7]'
complete -c senior-cache -n '__senior_cache_at options get fill' -l refused -x -a 'pass fail' -d 'get, fill: lines that no run could answer: pass or fail [pass]'
complete -c senior-cache -n '__senior_cache_at options get' -l misses -r -F -d 'get: put lines whose pair is not known into FILE, not to stdout'
complete -c senior-cache -n '__senior_cache_at options get' -l batch -x -d 'get: collect N questions before they are looked up [65536, for 0.1s at most]'
complete -c senior-cache -n '__senior_cache_at options fill' -s i -l input -r -F -d 'fill: read the lines from FILE [stdin]'
complete -c senior-cache -n '__senior_cache_at options get put fill' -l window -x -d 'get, put, fill: bytes of lines that may wait [32M]'
complete -c senior-cache -n '__senior_cache_at options fill' -l stall -x -d 'fill: end the COMMAND'\''s input when the window is full and nothing has come for TIME [60s]'
complete -c senior-cache -n '__senior_cache_at options' -l patience -x -d 'try again for TIME when the store is locked or away [60s locked, 10s away, 60s a cluster]'
complete -c senior-cache -n '__senior_cache_at options stat' -l json -d 'stat: one line of JSON'
complete -c senior-cache -n '__senior_cache_at options' -s h -l help -a 'text options verbs program' -d 'show this help; the other words give tables for tools'
complete -c senior-cache -n '__senior_cache_at options' -s V -l version -d 'show the version and what it is built with'
complete -c senior-cache -n '__senior_cache_at options' -s q -l quiet -d 'print errors, no warnings'
complete -c senior-cache -n '__senior_cache_at options' -s v -l verbose -d 'say what is used, and at the end what was done'
complete -c senior-cache -n '__senior_cache_at options' -s o -l output -r -F -d 'write to FILE, which appears whole or not at all [stdout]'
complete -c senior-cache -n '__senior_cache_at options' -l rejects -r -F -d 'put bad lines into FILE and go on [the first one ends the run]'
complete -c senior-cache -n '__senior_cache_at options' -l reasons -r -F -d 'say in FILE, as a line of JSON each, where the bad lines stood and why they are bad'
complete -c senior-cache -n '__senior_cache_at options' -l max-rejects -x -d 'end with status 65 when more lines are bad; without --rejects they are dropped'
complete -c senior-cache -n '__senior_cache_at options' -l max-line -x -d 'a longer line is a bad line [16M]'
complete -c senior-cache -n '__senior_cache_at options' -l threads -x -d 'scan the input on N threads; the order of the lines stays [1]'
complete -c senior-cache -n '__senior_cache_at options' -l stats -r -F -d 'append the figures of the run to FILE as a line of JSON'
complete -c senior-cache -n '__senior_cache_at options' -l metrics -r -F -d 'write the figures of the run to FILE for Prometheus'
complete -c senior-cache -n '__senior_cache_at options' -l progress -a 'auto always never' -d 'show progress on stderr: auto (when it is a terminal), always, never [never; without WHEN: auto]'
