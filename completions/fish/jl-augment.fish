# fish completion for jl-augment(1); made by scripts/dev/gen-completions

# Reads the words before the cursor as the program would and answers a question about the present word:
#   options [VERB...]  may an option stand here (with one of these verbs)?
#   verb               may a verb stand here?
#   files              may a file stand here?
#   command            is it part of a COMMAND? Prints its words, and the present one is not among them.
function __jl_augment_at
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
                if test -z "$files"
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
            contains -- (string split -m1 = -- $word)[1] '--table'; and set files 1
            contains -- $word '--key-paths' '--answer' '--table' '--input' '--window' '--stall' '--missing' '--output' '--rejects' '--reasons' '--max-rejects' '--max-line' '--threads' '--stats' '--metrics'; and set i (math $i + 1)
        else
            set -l letters (string split '' -- (string sub -s 2 -- $word))
            for j in (seq (count $letters))
                contains -- $letters[$j] 't'; and set files 1
                if contains -- $letters[$j] 'k' 'a' 't' 'i' 'o'
                    test $j -eq (count $letters); and set i (math $i + 1)
                    break
                end
            end
        end
        set i (math $i + 1)
    end
    if test -z "$command" -a $i -eq (math (count $words) + 1); and begin; test -n "$ended"; or not string match -q -- '-*' (commandline -ct); end; and begin; test -z "$files"; end
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

function __jl_augment_command
    complete -C "$(string join ' ' -- (string escape -- (__jl_augment_at command)) (commandline -ct))"
end

complete -c jl-augment -f
complete -c jl-augment -n '__jl_augment_at files' -F
complete -c jl-augment -n '__jl_augment_at command >/dev/null' -x -a '(__jl_augment_command)'
complete -c jl-augment -n '__jl_augment_at options' -s k -l key-paths -x -d 'the members that make the key [company,title]'
complete -c jl-augment -n '__jl_augment_at options' -s a -l answer -x -d 'the members to set, at the top level [seniority]'
complete -c jl-augment -n '__jl_augment_at options' -s t -l table -r -F -d 'lines that carry the key and the answer; - is stdin; may be repeated'
complete -c jl-augment -n '__jl_augment_at options' -s i -l input -r -F -d 'read the lines from FILE when a COMMAND answers [stdin]'
complete -c jl-augment -n '__jl_augment_at options' -l window -x -d 'bytes that may wait for the COMMAND'\''s answers [256M]'
complete -c jl-augment -n '__jl_augment_at options' -l stall -x -d 'end the COMMAND'\''s input when the window is full and nothing has come for TIME [60s]'
complete -c jl-augment -n '__jl_augment_at options' -l missing -x -a 'keep null fail' -d 'lines without an answer: keep as they are, add null, or fail [keep]'
complete -c jl-augment -n '__jl_augment_at options' -s h -l help -a 'text options verbs program' -d 'show this help; the other words give tables for tools'
complete -c jl-augment -n '__jl_augment_at options' -s V -l version -d 'show the version and what it is built with'
complete -c jl-augment -n '__jl_augment_at options' -s q -l quiet -d 'print errors, no warnings'
complete -c jl-augment -n '__jl_augment_at options' -s v -l verbose -d 'say what is used, and at the end what was done'
complete -c jl-augment -n '__jl_augment_at options' -s o -l output -r -F -d 'write to FILE, which appears whole or not at all [stdout]'
complete -c jl-augment -n '__jl_augment_at options' -l rejects -r -F -d 'put bad lines into FILE and go on [the first one ends the run]'
complete -c jl-augment -n '__jl_augment_at options' -l reasons -r -F -d 'say in FILE, as a line of JSON each, where the bad lines stood and why they are bad'
complete -c jl-augment -n '__jl_augment_at options' -l max-rejects -x -d 'end with status 65 when more lines are bad; without --rejects they are dropped'
complete -c jl-augment -n '__jl_augment_at options' -l max-line -x -d 'a longer line is a bad line [16M]'
complete -c jl-augment -n '__jl_augment_at options' -l threads -x -d 'scan the input on N threads; the order of the lines stays [1]'
complete -c jl-augment -n '__jl_augment_at options' -l stats -r -F -d 'append the figures of the run to FILE as a line of JSON'
complete -c jl-augment -n '__jl_augment_at options' -l metrics -r -F -d 'write the figures of the run to FILE for Prometheus'
complete -c jl-augment -n '__jl_augment_at options' -l progress -a 'auto always never' -d 'show progress on stderr: auto (when it is a terminal), always, never [never; without WHEN: auto]'
