"""The machine looked at before anything is made on it. Changes nothing: what is wrong is the person's to cure."""

from tiketi_sdk.cluster.machine import look
from tiketi_sdk.cluster.preflight import errors, judge
from tiketi_sdk.cluster.site import Site
from tiketi_sdk.cluster.step import Standing, Tell
from tiketi_sdk.errors import ClusterError


class PreflightStep:
    """No finding that a cluster cannot be made with."""

    name = "preflight"
    title = "Preflight"
    needs = ()

    def __init__(self, site: Site) -> None:
        self._site = site

    def check(self) -> Standing:
        # First what every step needs, so that a wrong option is told before anything is done.
        sources = self._site.sources
        sources.overlay(self._site.settings.overlay)
        findings = judge(look(self._site.settings, sources.kind_config), self._site.settings)
        wrong = errors(findings)
        if wrong:
            raise ClusterError(
                "this machine is not ready for the cluster",
                cure="cure these, then again: tiketi cluster up",
                details=[f"{each.subject}: {each.text}. {each.cure}" for each in wrong],
            )
        warnings = [
            f"{each.subject}: {each.text}" for each in findings if each.severity == "warning"
        ]
        return Standing(done=True, note="; ".join(warnings) or "nothing in the way")

    def apply(self, tell: Tell) -> str:
        tell("looking again")
        return self.check().note
