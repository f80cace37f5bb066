"""Makes the calls of a scenario through our client for Python, and prints what it sees: a line of JSON for each.

What there is to know of scenarios stands at InteropScenario.java.

usage: interop.py TARGET SCENARIO
"""

import base64
import json
import re
import sys

import grpc
from google.protobuf import json_format

import ipamer
from ipamer import v1

MOST_SECONDS = 20
STREAMS = ("Export", "Import")


def main(target, file):
    sys.stdout.reconfigure(encoding="utf-8")
    with open(file, encoding="utf-8") as text:
        scenario = json.load(text)
    variables = {
        name: base64.b64encode("\n".join(lines).encode()).decode() for name, lines in scenario["texts"].items()
    }
    with ipamer.connect(target, plaintext=True) as client:
        for step in scenario["steps"]:
            seen = call(client, step, variables)
            print(json.dumps(seen, ensure_ascii=False))
            for name, pointer in step.get("save", {}).items():
                variables[name] = at(pointer, seen["answers" if "answers" in seen else "answer"])


def call(client, step, variables):
    rpc = step["rpc"]
    requests = [
        json_format.ParseDict(filled_in(request, variables), getattr(v1, rpc + "Request")())
        for request in step.get("requests") or [step["request"]]
    ]
    seen = {"answers": []} if rpc in STREAMS else {}
    try:
        if rpc == "Import":
            answers = client.Import(iter(requests), timeout=MOST_SECONDS)
        else:
            answers = getattr(client, rpc)(requests[0], timeout=MOST_SECONDS)
        if rpc in STREAMS:
            for answer in answers:
                seen["answers"].append(json_format.MessageToDict(answer))
        else:
            seen["answer"] = json_format.MessageToDict(answers)
    except grpc.RpcError as error:
        why = ipamer.refusal(error)
        if not why.reason_name:
            raise
        seen["refusal"] = {"code": why.code.name, "reason": why.reason_name, "metadata": dict(why.metadata)}
    return seen


def filled_in(json, variables):
    if isinstance(json, dict):
        return {name: filled_in(value, variables) for name, value in json.items()}
    if isinstance(json, list):
        return [filled_in(element, variables) for element in json]
    if isinstance(json, str):
        return re.sub(r"\$\{([^}]+)}", lambda name: variables[name[1]], json)
    return json


def at(pointer, json):
    for key in pointer.split("/")[1:]:
        json = json[int(key) if isinstance(json, list) else key]
    return json


if __name__ == "__main__":
    main(*sys.argv[1:])
