# shellcheck shell=sh disable=SC2034,SC2154 # what the scripts give and what they take
# What a message says about new objects: S3's own events, those that SNS or EventBridge has passed on, an SNS event of Lambda.

# One line for each thing that the message in FILE says: object, the bucket, the key form-urlencoded, tabs between; or one of the
# words test, ignored, garbled. An object that is named twice is listed once, as what counts is what it is now.
read_event() { # FILE OUT
    jq -rRs '
        def garbled: {kind: "garbled"};
        def object($bucket; $key):
            if ($bucket | type) != "string" or ($key | type) != "string" or $bucket == "" or $key == "" or
                ($bucket | test("[\\s/]")) or ($key | test("[\\t\\n]|%(?![0-9A-Fa-f]{2})")) then garbled
            else {kind: "object", bucket: $bucket, key: $key} end;
        def what:
            def record:
                if type != "object" then garbled
                elif (.s3 | type) == "object" then
                    if (.eventName | type) != "string" then garbled
                    elif .eventName | test("^(s3:)?ObjectCreated:") then object(.s3.bucket.name? // null; .s3.object.key? // null)
                    else {kind: "ignored"} end
                elif .Sns.Message? // null then .Sns.Message | if type == "string" then what else garbled end
                else garbled end;
            if type == "string" then (try (fromjson | if type == "object" then . else error end) catch null) | what
            elif type != "object" then garbled
            elif .Event == "s3:TestEvent" then {kind: "test"}
            elif .Type == "Notification" then .Message | if type == "string" then what else garbled end
            elif (.["detail-type"] | type) == "string" then
                if .["detail-type"] == "Object Created"
                then object(.detail.bucket.name? // null; .detail.object.key? // null | if type == "string" then @uri else . end)
                elif .source == "aws.s3" then {kind: "ignored"} else garbled end
            elif (.Records | type) == "array" then
                if .Records == [] then {kind: "ignored"} else .Records[] | record end
            else garbled end;
        reduce what as $one ([]; if index([$one]) then . else . + [$one] end) |
        .[] | [.kind, .bucket // empty, .key // empty] | join("\t")' <"$1" >"$2" && [ -s "$2" ] && return
    echo garbled >"$2" # also when it could not be read
}
