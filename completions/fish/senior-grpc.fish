# fish completion for senior-grpc(1); made by scripts/dev/gen-completions

# Reads the words before the cursor as the program would and answers a question about the present word:
#   options [VERB...]  may an option stand here (with one of these verbs)?
#   verb               may a verb stand here?
#   files              may a file stand here?
#   command            is it part of a COMMAND? Prints its words, and the present one is not among them.
function __senior_grpc_at
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
            contains -- $word '--server' '--batch' '--in-flight' '--rate' '--pace' '--pace-name' '--batch-window' '--timeout' '--retries' '--method' '--ca' '--cert' '--key' '--scale' '--refused' '--key-paths' '--answer' '--output' '--rejects' '--reasons' '--max-rejects' '--max-line' '--threads' '--stats' '--metrics'; and set i (math $i + 1)
        else
            set -l letters (string split '' -- (string sub -s 2 -- $word))
            for j in (seq (count $letters))
                contains -- $letters[$j] ''; and set files 1
                if contains -- $letters[$j] 's' 'b' 'j' 'k' 'a' 'o'
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

function __senior_grpc_command
    complete -C "$(string join ' ' -- (string escape -- (__senior_grpc_at command)) (commandline -ct))"
end

complete -c senior-grpc -f
complete -c senior-grpc -n '__senior_grpc_at files' -F
complete -c senior-grpc -n '__senior_grpc_at options' -s s -l server -x -a '(__fish_print_hostnames)' -d 'the model'\''s server'
complete -c senior-grpc -n '__senior_grpc_at options' -s b -l batch -x -d 'pairs in a call, at most [1000]'
complete -c senior-grpc -n '__senior_grpc_at options' -s j -l in-flight -x -d 'calls under way at once, at most [4]'
complete -c senior-grpc -n '__senior_grpc_at options' -l rate -x -d 'pairs asked a second, at most; 0 = no limit [1000]'
complete -c senior-grpc -n '__senior_grpc_at options' -l pace -x -d 'share --rate with all who name this: sqlite:PATH, redis://HOST:PORT/DB, redis+cluster://HOST:PORT,..., redis+unix:///PATH, @FILE'
complete -c senior-grpc -n '__senior_grpc_at options' -l pace-name -x -d 'which pace of those kept there [model]'
complete -c senior-grpc -n '__senior_grpc_at options' -l batch-window -x -d 'a batch leaves so long after its first pair, full or not [20ms]'
complete -c senior-grpc -n '__senior_grpc_at options' -l timeout -x -d 'how long a call may take [30s]'
complete -c senior-grpc -n '__senior_grpc_at options' -l retries -x -d 'how often a batch is asked again [5]'
complete -c senior-grpc -n '__senior_grpc_at options' -l method -x -d 'the method to call [/SeniorityModel/InferSeniority]'
complete -c senior-grpc -n '__senior_grpc_at options' -l tls -d 'connect with TLS, trusting the system'\''s authorities'
complete -c senior-grpc -n '__senior_grpc_at options' -l ca -r -F -d 'connect with TLS, trusting these authorities (PEM)'
complete -c senior-grpc -n '__senior_grpc_at options' -l cert -r -F -d 'show the server this certificate (PEM)'
complete -c senior-grpc -n '__senior_grpc_at options' -l key -r -F -d 'its private key (PEM); readable by its owner alone'
complete -c senior-grpc -n '__senior_grpc_at options' -l scale -x -d 'integers that are answers [1-7]'
complete -c senior-grpc -n '__senior_grpc_at options' -l refused -x -a 'pass fail' -d 'lines that no run could answer: pass or fail [pass]'
complete -c senior-grpc -n '__senior_grpc_at options' -l dry-run -d 'ask nothing; tell what would be asked, as one line of JSON'
complete -c senior-grpc -n '__senior_grpc_at options' -l ping -d 'read nothing; tell whether server and method answer'
complete -c senior-grpc -n '__senior_grpc_at options' -s k -l key-paths -x -d 'the members that make the key [company,title]'
complete -c senior-grpc -n '__senior_grpc_at options' -s a -l answer -x -d 'the member that holds the answer [seniority]'
complete -c senior-grpc -n '__senior_grpc_at options' -s h -l help -a 'text options verbs program' -d 'show this help; the other words give tables for tools'
complete -c senior-grpc -n '__senior_grpc_at options' -s V -l version -d 'show the version and what it is built with'
complete -c senior-grpc -n '__senior_grpc_at options' -s q -l quiet -d 'print errors, no warnings'
complete -c senior-grpc -n '__senior_grpc_at options' -s v -l verbose -d 'say what is used, and at the end what was done'
complete -c senior-grpc -n '__senior_grpc_at options' -s o -l output -r -F -d 'write to FILE, which appears whole or not at all [stdout]'
complete -c senior-grpc -n '__senior_grpc_at options' -l rejects -r -F -d 'put bad lines into FILE and go on [the first one ends the run]'
complete -c senior-grpc -n '__senior_grpc_at options' -l reasons -r -F -d 'say in FILE, as a line of JSON each, where the bad lines stood and why they are bad'
complete -c senior-grpc -n '__senior_grpc_at options' -l max-rejects -x -d 'end with status 65 when more lines are bad; without --rejects they are dropped'
complete -c senior-grpc -n '__senior_grpc_at options' -l max-line -x -d 'a longer line is a bad line [16M]'
complete -c senior-grpc -n '__senior_grpc_at options' -l threads -x -d 'scan the input on N threads; the order of the lines stays [1]'
complete -c senior-grpc -n '__senior_grpc_at options' -l stats -r -F -d 'append the figures of the run to FILE as a line of JSON'
complete -c senior-grpc -n '__senior_grpc_at options' -l metrics -r -F -d 'write the figures of the run to FILE for Prometheus'
complete -c senior-grpc -n '__senior_grpc_at options' -l progress -a 'auto always never' -d 'show progress on stderr: auto (when it is a terminal), always, never [never; without WHEN: auto]'
