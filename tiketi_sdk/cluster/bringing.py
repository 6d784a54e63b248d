"""Brings a cluster up, and parts of it: the steps of each command in their order. Each may be repeated at any time."""

from tiketi_sdk.cluster.site import Site
from tiketi_sdk.cluster.step import Listener, Outcome, Standing, Step, Tell, ensure
from tiketi_sdk.cluster.steps.apart import ApartStep
from tiketi_sdk.cluster.steps.images import BuildStep, PushStep, StoresStep
from tiketi_sdk.cluster.steps.nodes import NodesStep
from tiketi_sdk.cluster.steps.objects import DatabaseStep, FoundationStep, PruneStep, ServicesStep
from tiketi_sdk.cluster.steps.preflight import PreflightStep
from tiketi_sdk.cluster.steps.registry import RegistryStep, WiringStep
from tiketi_sdk.cluster.steps.secrets import SecretsStep
from tiketi_sdk.cluster.steps.smoke import SmokeStep
from tiketi_sdk.cluster.steps.volumes import VolumesStep


def steps_of(site: Site) -> list[Step]:
    """Everything a cluster must have, from nothing to six services that answer."""
    return [
        PreflightStep(site),
        NodesStep(site),
        RegistryStep(site),
        BuildStep(site),
        WiringStep(site),
        PushStep(site),
        StoresStep(site),
        SecretsStep(site),
        VolumesStep(site),
        FoundationStep(site),
        DatabaseStep(site),
        ServicesStep(site),
        ApartStep(site),
        PruneStep(site),
        SmokeStep(site),
    ]


def bring_up(site: Site, listen: Listener) -> Outcome:
    """Make the whole cluster stand. Raises `ClusterError`; going on afterwards is the same call again."""
    with site.alone():
        return ensure(steps_of(site), listen, on_interrupt=site.stop.set)


def build_image(site: Site, listen: Listener) -> Outcome:
    """Build the services' image where the same sources were not built yet. Needs docker only."""
    return ensure([_Given(), BuildStep(site)], listen, on_interrupt=site.stop.set)


def push_image(site: Site, listen: Listener) -> Outcome:
    """The same, pushed to the local registry, which is started where it does not run."""
    steps: list[Step] = [_Given(), RegistryStep(site), BuildStep(site), PushStep(site)]
    return ensure(steps, listen, on_interrupt=site.stop.set)


class _Given:
    """Stands for the preflight where no cluster is made."""

    name = "preflight"
    title = "Preflight"
    needs = ()

    def check(self) -> Standing:
        return Standing(done=True, note="docker is enough")

    def apply(self, tell: Tell) -> str:
        tell("it stands")
        return ""
