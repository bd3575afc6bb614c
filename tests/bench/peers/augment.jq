# jq -c --slurpfile table TABLE -f augment.jq FILE: adds the seniority from the table to each line.
(reduce $table[] as $row ({}; .[$row.company + "\u0000" + $row.title] = $row.seniority)) as $known
| inputs
| $known[.company + "\u0000" + .title] as $answer
| if $answer then .seniority = $answer else . end
