# fish completion for hd-fetch(1); made by scripts/dev/gen-completions

# Reads the words before the cursor as the program would and answers a question about the present word:
#   options [VERB...]  may an option stand here (with one of these verbs)?
#   verb               may a verb stand here?
#   files              may a file stand here?
#   command            is it part of a COMMAND? Prints its words, and the present one is not among them.
function __hd_fetch_at
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
            if test -z "$ended$verb" -a $operands -eq 0; and contains -- $word 'listing' 'job' 'page'
                set verb $word
            else
                set operands (math $operands + 1)
                if false
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
            contains -- $word '--keyword' '--location' '--source' '--sort' '--domain' '--pages' '--ttl' '--fresh' '--modes' '--raw' '--refused' '--user' '--max-credits' '--tries' '--key-file' '--ledger' '--cache' '--api' '--output' '--rejects' '--reasons' '--max-rejects' '--max-line' '--threads' '--stats' '--metrics'; and set i (math $i + 1)
        else
            set -l letters (string split '' -- (string sub -s 2 -- $word))
            for j in (seq (count $letters))
                contains -- $letters[$j] ''; and set files 1
                if contains -- $letters[$j] 'w' 'l' 'o'
                    test $j -eq (count $letters); and set i (math $i + 1)
                    break
                end
            end
        end
        set i (math $i + 1)
    end
    if test -z "$command" -a $i -eq (math (count $words) + 1); and begin; test -n "$ended"; or not string match -q -- '-*' (commandline -ct); end; and begin; false; end
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
            test -n "$verb"; or set verb listing
            contains -- $verb $argv[2..-1]
        case verb
            test -z "$command$ended$verb" -a $operands -eq 0
        case files
            test -z "$command"; and not contains -- "$verb" none
    end
end

function __hd_fetch_command
    complete -C "$(string join ' ' -- (string escape -- (__hd_fetch_at command)) (commandline -ct))"
end

complete -c hd-fetch -f
complete -c hd-fetch -n '__hd_fetch_at files' -F
complete -c hd-fetch -n '__hd_fetch_at verb' -a listing -d 'requests become job lines'
complete -c hd-fetch -n '__hd_fetch_at verb' -a job -d 'job lines get their full description and details'
complete -c hd-fetch -n '__hd_fetch_at verb' -a page -d 'the same by the generic web call, for postings of any site'
complete -c hd-fetch -n '__hd_fetch_at options listing' -s w -l keyword -x -d 'one request, made of this and -l, instead of request lines'
complete -c hd-fetch -n '__hd_fetch_at options listing' -s l -l location -x -d 'its location'
complete -c hd-fetch -n '__hd_fetch_at options listing' -l source -x -d 'where to look: indeed or glassdoor; a request'\''s own source wins [indeed]'
complete -c hd-fetch -n '__hd_fetch_at options listing' -l sort -x -d 'date or relevance, with -w [the site'\''s own]'
complete -c hd-fetch -n '__hd_fetch_at options listing' -l domain -x -d 'the country'\''s site, uk.indeed.com, with -w [the site'\''s own]'
complete -c hd-fetch -n '__hd_fetch_at options listing' -l pages -x -d 'pages of a listing, at most; each is a call [1]'
complete -c hd-fetch -n '__hd_fetch_at options listing' -l ttl -x -d 'a listing bought no longer ago is not bought again [5m]'
complete -c hd-fetch -n '__hd_fetch_at options job page' -l fresh -x -d 'a posting bought no longer ago is not bought again [45d]'
complete -c hd-fetch -n '__hd_fetch_at options job page' -l modes -x -d 'modes of the page call that are tried, the cheapest first; 0 = job does without [4]'
complete -c hd-fetch -n '__hd_fetch_at options job page' -l html -d 'add description_html, too'
complete -c hd-fetch -n '__hd_fetch_at options job page' -l raw -r -F -d 'keep payloads there under their hash; the line'\''s raw names them'
complete -c hd-fetch -n '__hd_fetch_at options listing' -l refused -x -a 'drop pass' -d 'a request that could not be bought: drop it, or pass it on as it came [drop]'
complete -c hd-fetch -n '__hd_fetch_at options' -l user -x -d 'whose search this is, for caps and reports; a line'\''s own user wins'
complete -c hd-fetch -n '__hd_fetch_at options' -l priority -d 'may use the share of the budget that is kept for such calls'
complete -c hd-fetch -n '__hd_fetch_at options' -l max-credits -x -d 'what this run may cost, at most [no limit but the budget]'
complete -c hd-fetch -n '__hd_fetch_at options' -l dry-run -d 'print the calls and their worst cost; buy nothing'
complete -c hd-fetch -n '__hd_fetch_at options' -l tries -x -d 'calls for one thing, at most, when the provider is busy or fails [3]'
complete -c hd-fetch -n '__hd_fetch_at options' -l key-file -r -F -d 'the API key, else credential hasdata-key, else HASDATA_API_KEY'
complete -c hd-fetch -n '__hd_fetch_at options' -l ledger -x -d 'sqlite:PATH, redis://HOST:PORT/DB, redis+cluster://HOST:PORT,..., redis+unix:///PATH, @FILE [sqlite:$XDG_STATE_HOME/jobline/ledger.db]'
complete -c hd-fetch -n '__hd_fetch_at options' -l cache -x -d 'what was bought, the same kinds of URL [sqlite:$XDG_STATE_HOME/jobline/bought.db]'
complete -c hd-fetch -n '__hd_fetch_at options' -l api -x -d 'the provider'\''s server [https://api.hasdata.com]'
complete -c hd-fetch -n '__hd_fetch_at options' -s h -l help -a 'text options verbs program' -d 'show this help; the other words give tables for tools'
complete -c hd-fetch -n '__hd_fetch_at options' -s V -l version -d 'show the version and what it is built with'
complete -c hd-fetch -n '__hd_fetch_at options' -s q -l quiet -d 'print errors, no warnings'
complete -c hd-fetch -n '__hd_fetch_at options' -s v -l verbose -d 'say what is used, and at the end what was done'
complete -c hd-fetch -n '__hd_fetch_at options' -s o -l output -r -F -d 'write to FILE, which appears whole or not at all [stdout]'
complete -c hd-fetch -n '__hd_fetch_at options' -l rejects -r -F -d 'put bad lines into FILE and go on [the first one ends the run]'
complete -c hd-fetch -n '__hd_fetch_at options' -l reasons -r -F -d 'say in FILE, as a line of JSON each, where the bad lines stood and why they are bad'
complete -c hd-fetch -n '__hd_fetch_at options' -l max-rejects -x -d 'end with status 65 when more lines are bad; without --rejects they are dropped'
complete -c hd-fetch -n '__hd_fetch_at options' -l max-line -x -d 'a longer line is a bad line [16M]'
complete -c hd-fetch -n '__hd_fetch_at options' -l threads -x -d 'scan the input on N threads; the order of the lines stays [1]'
complete -c hd-fetch -n '__hd_fetch_at options' -l stats -r -F -d 'append the figures of the run to FILE as a line of JSON'
complete -c hd-fetch -n '__hd_fetch_at options' -l metrics -r -F -d 'write the figures of the run to FILE for Prometheus'
complete -c hd-fetch -n '__hd_fetch_at options' -l progress -a 'auto always never' -d 'show progress on stderr: auto (when it is a terminal), always, never [never; without WHEN: auto]'
