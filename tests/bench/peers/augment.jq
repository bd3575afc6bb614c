# jq -c --slurpfile known OBJECT -f augment.jq FILE: adds the seniority to each line; OBJECT has it under company NUL title.
$known[0][.company + "\u0000" + .title] as $answer
| if $answer then .seniority = $answer else . end
