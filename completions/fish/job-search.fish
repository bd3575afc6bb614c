# fish completion for job-search(1); made by scripts/dev/gen-completions

# Reads the words before the cursor as the program would and answers a question about the present word:
#   options [VERB...]  may an option stand here (with one of these verbs)?
#   verb               may a verb stand here?
#   files              may a file stand here?
#   command            is it part of a COMMAND? Prints its words, and the present one is not among them.
function __job_search_at
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
            if test -z "$ended$verb" -a $operands -eq 0; and contains -- $word ''
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
            contains -- $word '--tier' '--user' '--top' '--enrich' '--requests' '--pages' '--source' '--modes' '--max-credits' '--store' '--ledger' '--bought' '--key-file' '--raw' '--model' '--name' '--max-age' '--repeat' '--log' '--by' '--days'; and set i (math $i + 1)
        else
            set -l letters (string split '' -- (string sub -s 2 -- $word))
            for j in (seq (count $letters))
                contains -- $letters[$j] ''; and set files 1
                if contains -- $letters[$j] ''
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
            test -n "$verb"; or set verb none
            contains -- $verb $argv[2..-1]
        case verb
            test -z "$command$ended$verb" -a $operands -eq 0
        case files
            test -z "$command"; and not contains -- "$verb" none
    end
end

function __job_search_command
    complete -C "$(string join ' ' -- (string escape -- (__job_search_at command)) (commandline -ct))"
end

complete -c job-search -f
complete -c job-search -n '__job_search_at files' -F
complete -c job-search -n '__job_search_at options' -l tier -x -a 'free paid' -d 'free: the jobs at hand alone; paid: buy when these are poor [free]'
complete -c job-search -n '__job_search_at options' -l user -x -d 'whose search this is, for caps, reports and the log [login name]'
complete -c job-search -n '__job_search_at options' -l top -x -d 'how many matches each results event has [20]'
complete -c job-search -n '__job_search_at options' -l enrich -x -d 'buy the full texts of the best N that have none [100]'
complete -c job-search -n '__job_search_at options' -l requests -x -d 'buy at most N listings [1]'
complete -c job-search -n '__job_search_at options' -l pages -x -d 'of so many pages each [1]'
complete -c job-search -n '__job_search_at options' -l source -x -a 'indeed glassdoor' -d 'where listings are bought [indeed]'
complete -c job-search -n '__job_search_at options' -l modes -x -d 'page calls tried where a posting'\''s own call gives no text, see hd-fetch(1) [0]'
complete -c job-search -n '__job_search_at options' -l max-credits -x -d 'what the search may cost at most [600]'
complete -c job-search -n '__job_search_at options' -l always -d 'paid: buy full texts also when the jobs at hand are good enough'
complete -c job-search -n '__job_search_at options' -s n -l dry-run -d 'buy nothing: show the matches at hand, what would be bought and the worst it may cost'
complete -c job-search -n '__job_search_at options' -l store -x -d 'the jobs at hand'
complete -c job-search -n '__job_search_at options' -l ledger -x -d 'the ledger of paid calls'
complete -c job-search -n '__job_search_at options' -l bought -x -d 'what was bought already'
complete -c job-search -n '__job_search_at options' -l key-file -r -F -d 'the provider'\''s key, else HASDATA_API_KEY'
complete -c job-search -n '__job_search_at options' -l raw -x -d 'keep the provider'\''s payloads there'
complete -c job-search -n '__job_search_at options' -l model -x -d 'the embedding model: hash, or a server'\''s URL; what job-embed and job-match take [hash]'
complete -c job-search -n '__job_search_at options' -l name -x -d 'the model'\''s name at that server'
complete -c job-search -n '__job_search_at options' -l max-age -x -d 'jobs not seen for so long are no matches [45d]'
complete -c job-search -n '__job_search_at options' -l repeat -x -d 'a search repeated within TIME gets the same answer unless the jobs changed; 0 never [1h]'
complete -c job-search -n '__job_search_at options' -l log -r -F -d 'a line for each search, for the report [$XDG_STATE_HOME/jobline/searches.jsonl]'
complete -c job-search -n '__job_search_at options' -l by -x -a 'user day tier' -d 'report: a row for each of these [day]'
complete -c job-search -n '__job_search_at options' -l days -x -d 'report: of the last N days [30]'
complete -c job-search -n '__job_search_at options' -l json -d 'report: as JSON lines'
complete -c job-search -n '__job_search_at options' -l plot -d 'report: with bars'
complete -c job-search -n '__job_search_at options' -s h -l help -a 'options verbs program' -d 'show this help; the other words give tables for tools'
complete -c job-search -n '__job_search_at options' -s V -l version -d 'show the version'
complete -c job-search -n '__job_search_at options' -s q -l quiet -d 'print errors, no warnings'
complete -c job-search -n '__job_search_at options' -s v -l verbose -d 'say what is done'
