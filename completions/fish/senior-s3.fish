# fish completion for senior-s3(1); made by scripts/dev/gen-completions

# Reads the words before the cursor as the program would and answers a question about the present word:
#   options [VERB...]  may an option stand here (with one of these verbs)?
#   verb               may a verb stand here?
#   files              may a file stand here?
#   command            is it part of a COMMAND? Prints its words, and the present one is not among them.
function __senior_s3_at
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
            contains -- $word '--server' '--cache' '--model' '--key-paths' '--rate' '--pace' '--ca' '--cert' '--key' '--max-rejects' '--accept-unanswered' '--pairs'; and set i (math $i + 1)
        else
            set -l letters (string split '' -- (string sub -s 2 -- $word))
            for j in (seq (count $letters))
                contains -- $letters[$j] ''; and set files 1
                if contains -- $letters[$j] 's' 'C' 'm' 'k'
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

function __senior_s3_command
    complete -C "$(string join ' ' -- (string escape -- (__senior_s3_at command)) (commandline -ct))"
end

complete -c senior-s3 -f
complete -c senior-s3 -n '__senior_s3_at files' -F
complete -c senior-s3 -n '__senior_s3_at options' -s s -l server -x -a '(__fish_print_hostnames)' -d 'the model'\''s server'
complete -c senior-s3 -n '__senior_s3_at options' -s C -l cache -x -d 'the cache: sqlite:PATH, redis://HOST:PORT/DB, @FILE'
complete -c senior-s3 -n '__senior_s3_at options' -s m -l model -x -d 'whose answers: each model has entries of its own [default]'
complete -c senior-s3 -n '__senior_s3_at options' -s k -l key-paths -x -d 'the members that make the key [company,title]'
complete -c senior-s3 -n '__senior_s3_at options' -l rate -x -d 'pairs asked a second, at most; 0 = no limit [1000]'
complete -c senior-s3 -n '__senior_s3_at options' -l pace -x -d 'share the rate with all who name the same bucket: sqlite:PATH, redis://HOST:PORT/DB'
complete -c senior-s3 -n '__senior_s3_at options' -l tls -d 'connect to the model with TLS'
complete -c senior-s3 -n '__senior_s3_at options' -l ca -r -F -d 'connect to the model with TLS, trusting these authorities (PEM)'
complete -c senior-s3 -n '__senior_s3_at options' -l cert -r -F -d 'show the model this certificate (PEM)'
complete -c senior-s3 -n '__senior_s3_at options' -l key -r -F -d 'its private key (PEM)'
complete -c senior-s3 -n '__senior_s3_at options' -l max-rejects -x -d 'give a file up when more of its lines are bad [any number goes to DST.rejects]'
complete -c senior-s3 -n '__senior_s3_at options' -l accept-unanswered -x -d 'deliver a file with unanswered lines at the N-th attempt [never]'
complete -c senior-s3 -n '__senior_s3_at options' -l pairs -x -d 'keep the distinct pairs of each file as PREFIX + its name + .pairs.jsonl.zst'
complete -c senior-s3 -n '__senior_s3_at options' -l new -d 'DST has no manifest: do not look for it'
complete -c senior-s3 -n '__senior_s3_at options' -l renew -d 'write the manifest of what is done already anew, so that it is later than SRC'
complete -c senior-s3 -n '__senior_s3_at options' -l force -d 'do it although the manifest is there'
complete -c senior-s3 -n '__senior_s3_at options' -s n -l dry-run -d 'tell what would be done'
complete -c senior-s3 -n '__senior_s3_at options' -s h -l help -a 'options verbs program' -d 'show this help; the other words give tables for tools'
complete -c senior-s3 -n '__senior_s3_at options' -s V -l version -d 'show the version'
complete -c senior-s3 -n '__senior_s3_at options' -s q -l quiet -d 'print errors, no warnings'
complete -c senior-s3 -n '__senior_s3_at options' -s v -l verbose -d 'say what is done'
