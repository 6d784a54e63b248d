"""A crowd of distinct users against one event: its plan, the load process, what it measured and the report.

`import tiketi_sdk.stampede` imports neither locust nor gevent: those live in the load process alone.
"""

from tiketi_sdk.stampede.plan import Mix, Plan, Visitor
from tiketi_sdk.stampede.process import LoadError, LoadProcess, Renewal
from tiketi_sdk.stampede.results import Progress, Results, Step
from tiketi_sdk.stampede.trust import doubts

__all__ = [
    "LoadError",
    "LoadProcess",
    "Mix",
    "Plan",
    "Progress",
    "Renewal",
    "Results",
    "Step",
    "Visitor",
    "doubts",
]
