"""Synthesizes the examples of docs/constructs.md: python examples.py EXAMPLES.json FOLDER, each into FOLDER/<its number>."""

import json
import os
import sys

from aws_cdk import App, Environment, Stack

with open(sys.argv[1]) as file:
    examples = json.load(file)
for number, code in enumerate(examples):
    app = App(outdir=os.path.join(sys.argv[2], str(number)), analytics_reporting=False)
    stack = Stack(app, "Stack", env=Environment(account="123456789012", region="us-east-1"))
    exec(compile(code, f"<example {number}>", "exec"), {"app": app, "stack": stack})
    app.synth()
