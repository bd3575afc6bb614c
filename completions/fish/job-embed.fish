# fish completion for job-embed(1); made by scripts/dev/gen-completions

# Reads the words before the cursor as the program would and answers a question about the present word:
#   options [VERB...]  may an option stand here (with one of these verbs)?
#   verb               may a verb stand here?
#   files              may a file stand here?
#   command            is it part of a COMMAND? Prints its words, and the present one is not among them.
function __job_embed_at
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
            contains -- $word '--model' '--name' '--batch' '--in-flight' '--max-chars' '--batch-window' '--timeout' '--retries' '--key-file' '--cost' '--ledger' '--provider' '--user' '--output' '--rejects' '--reasons' '--max-rejects' '--max-line' '--threads' '--stats' '--metrics'; and set i (math $i + 1)
        else
            set -l letters (string split '' -- (string sub -s 2 -- $word))
            for j in (seq (count $letters))
                contains -- $letters[$j] ''; and set files 1
                if contains -- $letters[$j] 'm' 'b' 'j' 'o'
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

function __job_embed_command
    complete -C "$(string join ' ' -- (string escape -- (__job_embed_at command)) (commandline -ct))"
end

complete -c job-embed -f
complete -c job-embed -n '__job_embed_at files' -F
complete -c job-embed -n '__job_embed_at options' -s m -l model -x -d 'hash, or the URL of an OpenAI-compatible server, https://HOST/v1 [hash]'
complete -c job-embed -n '__job_embed_at options' -l name -x -d 'the server'\''s name for its model; it travels with the vectors'
complete -c job-embed -n '__job_embed_at options' -l full -d 'embed the description, too; lines without one pass'
complete -c job-embed -n '__job_embed_at options' -l again -d 'also lines that have this embedding already'
complete -c job-embed -n '__job_embed_at options' -s b -l batch -x -d 'texts in a call, at most; halved when the server says so [32]'
complete -c job-embed -n '__job_embed_at options' -s j -l in-flight -x -d 'calls under way at once, at most [4]'
complete -c job-embed -n '__job_embed_at options' -l max-chars -x -d 'a text is cut behind so many bytes before it is sent [8000]'
complete -c job-embed -n '__job_embed_at options' -l batch-window -x -d 'a batch leaves so long after its first text, full or not [50ms]'
complete -c job-embed -n '__job_embed_at options' -l timeout -x -d 'how long a call may take [60s]'
complete -c job-embed -n '__job_embed_at options' -l retries -x -d 'how often a call is made again [5]'
complete -c job-embed -n '__job_embed_at options' -l key-file -r -F -d 'the server'\''s key, else credential embed-key, JOBLINE_EMBED_KEY, OPENAI_API_KEY; or none'
complete -c job-embed -n '__job_embed_at options' -l cost -x -d 'a call costs this: hold it on the ledger before it leaves [calls are free]'
complete -c job-embed -n '__job_embed_at options' -l ledger -x -d 'with --cost: sqlite:PATH, redis://HOST:PORT/DB, redis+cluster://HOST:PORT,..., redis+unix:///PATH, @FILE [sqlite:$XDG_STATE_HOME/jobline/ledger.db]'
complete -c job-embed -n '__job_embed_at options' -l provider -x -d 'with --cost: whose account it is in the ledger [embeddings]'
complete -c job-embed -n '__job_embed_at options' -l user -x -d 'with --cost: whose calls these are, for caps and reports'
complete -c job-embed -n '__job_embed_at options' -s h -l help -a 'text options verbs program' -d 'show this help; the other words give tables for tools'
complete -c job-embed -n '__job_embed_at options' -s V -l version -d 'show the version and what it is built with'
complete -c job-embed -n '__job_embed_at options' -s q -l quiet -d 'print errors, no warnings'
complete -c job-embed -n '__job_embed_at options' -s v -l verbose -d 'say what is used, and at the end what was done'
complete -c job-embed -n '__job_embed_at options' -s o -l output -r -F -d 'write to FILE, which appears whole or not at all [stdout]'
complete -c job-embed -n '__job_embed_at options' -l rejects -r -F -d 'put bad lines into FILE and go on [the first one ends the run]'
complete -c job-embed -n '__job_embed_at options' -l reasons -r -F -d 'say in FILE, as a line of JSON each, where the bad lines stood and why they are bad'
complete -c job-embed -n '__job_embed_at options' -l max-rejects -x -d 'end with status 65 when more lines are bad; without --rejects they are dropped'
complete -c job-embed -n '__job_embed_at options' -l max-line -x -d 'a longer line is a bad line [16M]'
complete -c job-embed -n '__job_embed_at options' -l threads -x -d 'scan the input on N threads; the order of the lines stays [1]'
complete -c job-embed -n '__job_embed_at options' -l stats -r -F -d 'append the figures of the run to FILE as a line of JSON'
complete -c job-embed -n '__job_embed_at options' -l metrics -r -F -d 'write the figures of the run to FILE for Prometheus'
complete -c job-embed -n '__job_embed_at options' -l progress -a 'auto always never' -d 'show progress on stderr: auto (when it is a terminal), always, never [never; without WHEN: auto]'
