"""The platform in a local Kubernetes cluster, as typed steps: each checks what stands and applies what is missing.

    from tiketi_sdk.cluster import ClusterSettings, Site, bring_up

    with Site(ClusterSettings(workers_count=1)) as site:
        bring_up(site, print)

Needs docker, kind and kubectl on the PATH. It never reads or changes the user's own kubeconfig, and never
touches a cluster, a container or an image of another name.
"""

from tiketi_sdk.cluster.bringing import bring_up, steps_of
from tiketi_sdk.cluster.settings import ClusterSettings
from tiketi_sdk.cluster.site import Site
from tiketi_sdk.cluster.step import Outcome, Standing, Step, StepEvent, ensure

__all__ = [
    "ClusterSettings",
    "Outcome",
    "Site",
    "Standing",
    "Step",
    "StepEvent",
    "bring_up",
    "ensure",
    "steps_of",
]
