#!/bin/sh
# The same app as a web server, for AWS Lambda Web Adapter (`-c chat-runtime=web-adapter`): its layer starts this as the function's handler and
# sends it what callers send. https://aws.github.io/aws-lambda-web-adapter/ (2026-11)
set -eu
task=${LAMBDA_TASK_ROOT:-/var/task}
export PYTHONPATH="$task:/opt/python${PYTHONPATH:+:$PYTHONPATH}"
exec python3 -X frozen_modules=on -s -B -m uvicorn functions.chat.adapted:app \
  --host 127.0.0.1 --port "${AWS_LWA_PORT:-8080}" --no-access-log --no-server-header --log-level warning
