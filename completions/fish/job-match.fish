# fish completion for job-match(1); made by scripts/dev/gen-completions

# Reads the words before the cursor as the program would and answers a question about the present word:
#   options [VERB...]  may an option stand here (with one of these verbs)?
#   verb               may a verb stand here?
#   files              may a file stand here?
#   command            is it part of a COMMAND? Prints its words, and the present one is not among them.
function __job_match_at
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
            contains -- $word '--profile' '--store' '--index' '--retrieval' '--top' '--candidates' '--stage' '--max-age' '--remote' '--location' '--min-salary' '--employment' '--source' '--weights' '--tier' '--need' '--requests' '--need-enrich' '--enrich' '--enrich-when' '--floor' '--enough-best' '--enough-found' '--model' '--name' '--key-file' '--output' '--rejects' '--reasons' '--max-rejects' '--max-line' '--threads' '--stats' '--metrics'; and set i (math $i + 1)
        else
            set -l letters (string split '' -- (string sub -s 2 -- $word))
            for j in (seq (count $letters))
                contains -- $letters[$j] ''; and set files 1
                if contains -- $letters[$j] 'p' 'S' 'm' 'o'
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

function __job_match_command
    complete -C "$(string join ' ' -- (string escape -- (__job_match_at command)) (commandline -ct))"
end

complete -c job-match -f
complete -c job-match -n '__job_match_at files' -F
complete -c job-match -n '__job_match_at options' -s p -l profile -r -F -d 'rank job lines for the profile in this file [profile lines from stdin, jobs from the store]'
complete -c job-match -n '__job_match_at options' -s S -l store -x -d 'sqlite:PATH, postgres://HOST/DB, @FILE [sqlite:$XDG_STATE_HOME/jobline/jobs.db]'
complete -c job-match -n '__job_match_at options' -l index -r -F -d 'the store'\''s side file, as job-store index writes it [beside the store]'
complete -c job-match -n '__job_match_at options' -l retrieval -x -a 'index scan pgvector' -d 'how the candidates are found: side file, all vectors, PostgreSQL'\''s pgvector [index]'
complete -c job-match -n '__job_match_at options' -l top -x -d 'matches a profile [20]'
complete -c job-match -n '__job_match_at options' -l candidates -x -d 'of a store, the nearest N jobs by vector are scored [500]'
complete -c job-match -n '__job_match_at options' -l stage -x -a 'listing full' -d 'score by what listings say, or by the full texts where they are there [listing]'
complete -c job-match -n '__job_match_at options' -l max-age -x -d 'jobs not seen for so long are no matches; 0 = any [45d]'
complete -c job-match -n '__job_match_at options' -l remote -x -a 'profile any only no' -d 'remote jobs only, none of them, or any; else as the profile says'
complete -c job-match -n '__job_match_at options' -l location -x -d 'jobs in any of these places, instead of the profile'\''s; any = wherever they are'
complete -c job-match -n '__job_match_at options' -l min-salary -x -d 'a year, instead of the profile'\''s; jobs that tell no pay pass'
complete -c job-match -n '__job_match_at options' -l visa -d 'no jobs that say they do not sponsor visas'
complete -c job-match -n '__job_match_at options' -l employment -x -d 'full_time, part_time, contract, temporary, internship, per_diem; instead of the profile'\''s'
complete -c job-match -n '__job_match_at options' -l source -x -d 'jobs of this source alone'
complete -c job-match -n '__job_match_at options' -l weights -x -d 'of ats, semantic, fresh, half_life and the parts of ats'
complete -c job-match -n '__job_match_at options' -l explain -d 'add to each match how its score came about'
complete -c job-match -n '__job_match_at options' -l tier -x -a 'free paid' -d 'free never asks for anything to be bought [free]'
complete -c job-match -n '__job_match_at options' -l need -r -F -d 'paid: the requests that would find more go there, for hd-fetch listing'
complete -c job-match -n '__job_match_at options' -l requests -x -d 'of them for a profile, at most [3]'
complete -c job-match -n '__job_match_at options' -l need-enrich -r -F -d 'paid: the best jobs without a full text go there, for hd-fetch job'
complete -c job-match -n '__job_match_at options' -l enrich -x -d 'of them for a profile, at most [100]'
complete -c job-match -n '__job_match_at options' -l enrich-when -x -a 'poor always' -d 'only when what was found is poor, or in any case [poor]'
complete -c job-match -n '__job_match_at options' -l floor -x -d 'from this score on a job counts as found [40]'
complete -c job-match -n '__job_match_at options' -l enough-best -x -d 'poor is less than this, [60]'
complete -c job-match -n '__job_match_at options' -l enough-found -x -d 'with fewer than this found; fewer than --top are poor in any case [100]'
complete -c job-match -n '__job_match_at options' -s m -l model -x -d 'hash, or the URL of an OpenAI-compatible server, https://HOST/v1 [hash]'
complete -c job-match -n '__job_match_at options' -l name -x -d 'the server'\''s name for its model; vectors of no other are compared'
complete -c job-match -n '__job_match_at options' -l key-file -r -F -d 'the server'\''s key, else credential embed-key, JOBLINE_EMBED_KEY, OPENAI_API_KEY; or none'
complete -c job-match -n '__job_match_at options' -s h -l help -a 'text options verbs program' -d 'show this help; the other words give tables for tools'
complete -c job-match -n '__job_match_at options' -s V -l version -d 'show the version and what it is built with'
complete -c job-match -n '__job_match_at options' -s q -l quiet -d 'print errors, no warnings'
complete -c job-match -n '__job_match_at options' -s v -l verbose -d 'say what is used, and at the end what was done'
complete -c job-match -n '__job_match_at options' -s o -l output -r -F -d 'write to FILE, which appears whole or not at all [stdout]'
complete -c job-match -n '__job_match_at options' -l rejects -r -F -d 'put bad lines into FILE and go on [the first one ends the run]'
complete -c job-match -n '__job_match_at options' -l reasons -r -F -d 'say in FILE, as a line of JSON each, where the bad lines stood and why they are bad'
complete -c job-match -n '__job_match_at options' -l max-rejects -x -d 'end with status 65 when more lines are bad; without --rejects they are dropped'
complete -c job-match -n '__job_match_at options' -l max-line -x -d 'a longer line is a bad line [16M]'
complete -c job-match -n '__job_match_at options' -l threads -x -d 'scan the input on N threads; the order of the lines stays [1]'
complete -c job-match -n '__job_match_at options' -l stats -r -F -d 'append the figures of the run to FILE as a line of JSON'
complete -c job-match -n '__job_match_at options' -l metrics -r -F -d 'write the figures of the run to FILE for Prometheus'
complete -c job-match -n '__job_match_at options' -l progress -a 'auto always never' -d 'show progress on stderr: auto (when it is a terminal), always, never [never; without WHEN: auto]'
