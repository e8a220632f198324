"""handler.py as a function on AWS Lambda: the runtime API in a loop, as Python's own runtime has it.

    runtime.py MODEL.tflite LABELS THREADS [--draft]
"""

import http.client
import os
import sys

from handler import Handler

ROOT = "/2018-06-01/runtime/invocation"


def main() -> None:
    model, labels, threads, *options = sys.argv[1:]
    handler = Handler(model, labels, int(threads), "--draft" in options)
    connection = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
    while True:
        connection.request("GET", f"{ROOT}/next")
        event = connection.getresponse()
        answer = handler.handle(event.read())
        connection.request("POST", f"{ROOT}/{event.headers['Lambda-Runtime-Aws-Request-Id']}/response", answer.encode())
        connection.getresponse().read()


if __name__ == "__main__":
    main()
