# fish completion for job-store(1); made by scripts/dev/gen-completions

# Reads the words before the cursor as the program would and answers a question about the present word:
#   options [VERB...]  may an option stand here (with one of these verbs)?
#   verb               may a verb stand here?
#   files              may a file stand here?
#   command            is it part of a COMMAND? Prints its words, and the present one is not among them.
function __job_store_at
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
            if test -z "$ended$verb" -a $operands -eq 0; and contains -- $word 'put' 'get' 'list' 'mark' 'requeue' 'purge' 'stat' 'index' 'export' 'import' 'vacuum'
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
            contains -- $word '--store' '--patience' '--id' '--url' '--company' '--title' '--location' '--place' '--remote' '--min-salary' '--source' '--status' '--seen-within' '--posted-within' '--older-than' '--without-embedding' '--stage' '--limit' '--tries' '--archive' '--raw' '--model' '--retrieval' '--output' '--rejects' '--reasons' '--max-rejects' '--max-line' '--threads' '--stats' '--metrics'; and set i (math $i + 1)
        else
            set -l letters (string split '' -- (string sub -s 2 -- $word))
            for j in (seq (count $letters))
                contains -- $letters[$j] ''; and set files 1
                if contains -- $letters[$j] 'S' 'm' 'o'
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
            test -n "$verb"; or set verb put
            contains -- $verb $argv[2..-1]
        case verb
            test -z "$command$ended$verb" -a $operands -eq 0
        case files
            test -z "$command"; and not contains -- "$verb" 'list' 'requeue' 'purge' 'stat' 'index' 'export' 'vacuum'
    end
end

function __job_store_command
    complete -C "$(string join ' ' -- (string escape -- (__job_store_at command)) (commandline -ct))"
end

complete -c job-store -f
complete -c job-store -n '__job_store_at files' -F
complete -c job-store -n '__job_store_at verb' -a put -d 'store the jobs of the lines, pass the lines on'
complete -c job-store -n '__job_store_at verb' -a get -d 'print the stored lines of the jobs that the lines name'
complete -c job-store -n '__job_store_at verb' -a list -d 'print the stored lines of the jobs that pass the filters'
complete -c job-store -n '__job_store_at verb' -a mark -d 'set the status of the jobs of the lines, pass the lines on'
complete -c job-store -n '__job_store_at verb' -a requeue -d 'try again what has been queued or failed for too long'
complete -c job-store -n '__job_store_at verb' -a purge -d 'delete jobs that were not seen for long, or that are named'
complete -c job-store -n '__job_store_at verb' -a stat -d 'tell the number of jobs, their statuses, models, bytes'
complete -c job-store -n '__job_store_at verb' -a index -d 'write the side file from which job-match finds the nearest'
complete -c job-store -n '__job_store_at verb' -a export -d 'write the whole store as JSON Lines'
complete -c job-store -n '__job_store_at verb' -a import -d 'fill an empty store from an export'
complete -c job-store -n '__job_store_at verb' -a vacuum -d 'check the store, give back the disk of what was deleted'
complete -c job-store -n '__job_store_at options' -s S -l store -x -d 'sqlite:PATH, postgres://USER@HOST/DB, @FILE [sqlite:$XDG_STATE_HOME/jobline/jobs.db]'
complete -c job-store -n '__job_store_at options' -l patience -x -d 'try again for TIME when the store is locked or away [60s]'
complete -c job-store -n '__job_store_at options get list purge' -l id -x -d 'get, list, purge: ID or SOURCE:ID; may be repeated'
complete -c job-store -n '__job_store_at options get list purge' -l url -x -d 'get, list, purge: the posting'\''s URL; may be repeated'
complete -c job-store -n '__job_store_at options list' -l company -x -d 'list: the company contains TEXT, whatever the case'
complete -c job-store -n '__job_store_at options list' -l title -x -d 'list: the title contains TEXT'
complete -c job-store -n '__job_store_at options list' -l location -x -d 'list: the location contains TEXT'
complete -c job-store -n '__job_store_at options list' -l place -x -d 'list: in PLACE, or remote; may be repeated: in any of them'
complete -c job-store -n '__job_store_at options list' -l remote -x -a 'only no any' -d 'list: remote jobs only, none of them, or any [any]'
complete -c job-store -n '__job_store_at options list' -l min-salary -x -d 'list: a year, at the upper end; jobs that tell none pass'
complete -c job-store -n '__job_store_at options list' -l visa -d 'list: not those that sponsor none'
complete -c job-store -n '__job_store_at options list' -l source -x -d 'list: of this source'
complete -c job-store -n '__job_store_at options list' -l status -x -a 'none queued failed dead partial done' -d 'list: of any of these statuses'
complete -c job-store -n '__job_store_at options list' -l seen-within -x -d 'list: seen in the last TIME'
complete -c job-store -n '__job_store_at options list' -l posted-within -x -d 'list: posted in the last TIME'
complete -c job-store -n '__job_store_at options list purge requeue' -l older-than -x -d 'list, purge: not seen for TIME [purge: 45d, any age with --id]; requeue: marked so long ago [1h]'
complete -c job-store -n '__job_store_at options list' -l unexpired -d 'list: not those whose expires_at is past'
complete -c job-store -n '__job_store_at options list' -l without-embedding -x -d 'list: without an embedding of MODEL at the --stage'
complete -c job-store -n '__job_store_at options get list' -l stage -x -a 'listing full' -d 'which embedding is meant [--without-embedding: listing; --embedding: full if there is one]'
complete -c job-store -n '__job_store_at options list' -l duplicates -d 'list: duplicates, too'
complete -c job-store -n '__job_store_at options list' -l limit -x -d 'list: at most N'
complete -c job-store -n '__job_store_at options get list' -l embedding -d 'get, list: with the member embedding'
complete -c job-store -n '__job_store_at options requeue' -l tries -x -d 'requeue: what was tried N times has failed for good [3]'
complete -c job-store -n '__job_store_at options purge' -l archive -r -F -d 'purge: append the lines to FILE before their jobs are deleted'
complete -c job-store -n '__job_store_at options purge' -l raw -r -F -d 'purge: delete their payloads below the folder or s3://BUCKET/PREFIX, too'
complete -c job-store -n '__job_store_at options purge' -s n -l dry-run -d 'purge: print the jobs that would go, delete nothing'
complete -c job-store -n '__job_store_at options index' -s m -l model -x -d 'index: of this model'\''s embeddings [the model that most jobs have]'
complete -c job-store -n '__job_store_at options index' -l retrieval -x -a 'index pgvector' -d 'index: the side file, or an index inside PostgreSQL by its extension pgvector [index]'
complete -c job-store -n '__job_store_at options stat' -l json -d 'stat: one line of JSON'
complete -c job-store -n '__job_store_at options' -s h -l help -a 'text options verbs program' -d 'show this help; the other words give tables for tools'
complete -c job-store -n '__job_store_at options' -s V -l version -d 'show the version and what it is built with'
complete -c job-store -n '__job_store_at options' -s q -l quiet -d 'print errors, no warnings'
complete -c job-store -n '__job_store_at options' -s v -l verbose -d 'say what is used, and at the end what was done'
complete -c job-store -n '__job_store_at options' -s o -l output -r -F -d 'write to FILE, which appears whole or not at all [stdout]'
complete -c job-store -n '__job_store_at options' -l rejects -r -F -d 'put bad lines into FILE and go on [the first one ends the run]'
complete -c job-store -n '__job_store_at options' -l reasons -r -F -d 'say in FILE, as a line of JSON each, where the bad lines stood and why they are bad'
complete -c job-store -n '__job_store_at options' -l max-rejects -x -d 'end with status 65 when more lines are bad; without --rejects they are dropped'
complete -c job-store -n '__job_store_at options' -l max-line -x -d 'a longer line is a bad line [16M]'
complete -c job-store -n '__job_store_at options' -l threads -x -d 'scan the input on N threads; the order of the lines stays [1]'
complete -c job-store -n '__job_store_at options' -l stats -r -F -d 'append the figures of the run to FILE as a line of JSON'
complete -c job-store -n '__job_store_at options' -l metrics -r -F -d 'write the figures of the run to FILE for Prometheus'
complete -c job-store -n '__job_store_at options' -l progress -a 'auto always never' -d 'show progress on stderr: auto (when it is a terminal), always, never [never; without WHEN: auto]'
