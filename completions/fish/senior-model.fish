# fish completion for senior-model(1); made by scripts/dev/gen-completions

# Reads the words before the cursor as the program would and answers a question about the present word:
#   options [VERB...]  may an option stand here (with one of these verbs)?
#   verb               may a verb stand here?
#   files              may a file stand here?
#   command            is it part of a COMMAND? Prints its words, and the present one is not among them.
function __senior_model_at
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
            contains -- $word '--listen' '--latency' '--capacity' '--max-batch' '--method' '--log' '--cert' '--key' '--ca'; and set i (math $i + 1)
        else
            set -l letters (string split '' -- (string sub -s 2 -- $word))
            for j in (seq (count $letters))
                contains -- $letters[$j] ''; and set files 1
                if contains -- $letters[$j] 'l'
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

function __senior_model_command
    complete -C "$(string join ' ' -- (string escape -- (__senior_model_at command)) (commandline -ct))"
end

complete -c senior-model -f
complete -c senior-model -n '__senior_model_at options' -s l -l listen -x -a '(__fish_print_hostnames)' -d 'where to listen; port 0 takes a free one [127.0.0.1:50051]'
complete -c senior-model -n '__senior_model_at options' -l latency -x -d 'no reply comes earlier than this after its request, in ms or with a unit [0]'
complete -c senior-model -n '__senior_model_at options' -l capacity -x -d 'pairs answered a second in total, the rest queues; 0 = no limit [0]'
complete -c senior-model -n '__senior_model_at options' -l max-batch -x -d 'refuse larger batches; 0 = no limit [0]'
complete -c senior-model -n '__senior_model_at options' -l method -x -d 'the method served [/SeniorityModel/InferSeniority]'
complete -c senior-model -n '__senior_model_at options' -l log -r -F -d 'append each pair asked, as a line of JSON'
complete -c senior-model -n '__senior_model_at options' -l tls -d 'serve with TLS; needs --cert and --key'
complete -c senior-model -n '__senior_model_at options' -l cert -r -F -d 'the server'\''s certificate chain, PEM'
complete -c senior-model -n '__senior_model_at options' -l key -r -F -d 'its private key, PEM; readable by its owner alone'
complete -c senior-model -n '__senior_model_at options' -l ca -r -F -d 'take only clients with a certificate of these authorities'
complete -c senior-model -n '__senior_model_at options' -s h -l help -a 'text options verbs program' -d 'show this help; the other words give tables for tools'
complete -c senior-model -n '__senior_model_at options' -s V -l version -d 'show the version and what it is built with'
complete -c senior-model -n '__senior_model_at options' -s q -l quiet -d 'print errors, no warnings'
complete -c senior-model -n '__senior_model_at options' -s v -l verbose -d 'say what is used, and at the end what was done'
