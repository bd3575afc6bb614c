# fish completion for jobs-backup(1); made by scripts/dev/gen-completions

# Reads the words before the cursor as the program would and answers a question about the present word:
#   options [VERB...]  may an option stand here (with one of these verbs)?
#   verb               may a verb stand here?
#   files              may a file stand here?
#   command            is it part of a COMMAND? Prints its words, and the present one is not among them.
function __jobs_backup_at
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
            contains -- $word '--store' '--keep' '--min-share'; and set i (math $i + 1)
        else
            set -l letters (string split '' -- (string sub -s 2 -- $word))
            for j in (seq (count $letters))
                contains -- $letters[$j] ''; and set files 1
                if contains -- $letters[$j] 'S'
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

function __jobs_backup_command
    complete -C "$(string join ' ' -- (string escape -- (__jobs_backup_at command)) (commandline -ct))"
end

complete -c jobs-backup -f
complete -c jobs-backup -n '__jobs_backup_at files' -F
complete -c jobs-backup -n '__jobs_backup_at options' -s S -l store -x -d 'the store: sqlite:PATH, postgres://USER@HOST/DB, @FILE'
complete -c jobs-backup -n '__jobs_backup_at options' -l keep -x -d 'how many backups stay, this one included [7]'
complete -c jobs-backup -n '__jobs_backup_at options' -l min-share -x -d 'refuse a store with fewer jobs than this share of the last backup'\''s [50]'
complete -c jobs-backup -n '__jobs_backup_at options' -l force -d 'back it up although it is empty, or much smaller'
complete -c jobs-backup -n '__jobs_backup_at options' -s n -l dry-run -d 'tell what would be done'
complete -c jobs-backup -n '__jobs_backup_at options' -s h -l help -a 'options verbs program' -d 'show this help; the other words give tables for tools'
complete -c jobs-backup -n '__jobs_backup_at options' -s V -l version -d 'show the version'
complete -c jobs-backup -n '__jobs_backup_at options' -s q -l quiet -d 'print errors, no warnings'
complete -c jobs-backup -n '__jobs_backup_at options' -s v -l verbose -d 'say what is done'
