# What the jobs of jobline find around them, for the shell of a person: /etc/jobline/person.sh, to be sourced by the user jobline or by root,
# or by the user jobline-fetch for the ledger of paid calls.
#
#   su -s /bin/sh jobline -c '. /etc/jobline/person.sh; senior-s3 -v SRC DST'
#   su -s /bin/sh jobline-fetch -c '. /etc/jobline/person.sh; credits status'
#
# shellcheck shell=sh
PATH=/usr/local/bin:$PATH
case $(id -un) in
jobline-fetch)
    XDG_STATE_HOME=/var/lib/jobline-fetch
    export PATH XDG_STATE_HOME
    ;;
*)
    XDG_STATE_HOME=/var/lib
    JOBLINE_CACHE=@/etc/jobline/cache.url
    AWS_SHARED_CREDENTIALS_FILE=/etc/jobline/aws
    export PATH XDG_STATE_HOME JOBLINE_CACHE AWS_SHARED_CREDENTIALS_FILE
    ;;
esac

# As jl-job --env and systemd read it: nothing is evaluated.
while IFS= read -r line || [ -n "$line" ]; do
    line=${line#"${line%%[![:space:]]*}"} line=${line%"${line##*[![:space:]]}"}
    variable=${line%%=*}
    case $line in [!A-Za-z_]* | '') continue ;; esac
    line=${line#*=}
    case $line in
    \"*\") line=${line#\"} line=${line%\"} ;;
    \'*\') line=${line#\'} line=${line%\'} ;;
    esac
    export "$variable=$line"
done </etc/jobline/jobline.env
unset line variable
