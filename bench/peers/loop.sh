#!/bin/bash
# The way of the original demo: curl for each call of the runtime API, and a new process for each event.
# loop.sh COMMAND...: the command gets the event on standard input and prints the answer.
api="http://$SCF_RUNTIME_API:$SCF_RUNTIME_API_PORT/runtime"
curl -s -X POST -d ' ' "$api/init/ready"
while true; do
    event=$(curl -s "$api/invocation/next") || exit 1
    if answer=$(printf '%s' "$event" | "$@"); then
        printf '%s' "$answer" | curl -s -X POST --data-binary @- "$api/invocation/response"
    else
        curl -s -X POST -d 'failed' "$api/invocation/error"
    fi
done
