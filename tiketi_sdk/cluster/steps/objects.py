"""Applies the manifests in stages, each waited for: stores, the database's Job, the services (before them: `volumes`).

What was applied is written into the namespace's annotations after it stands. A stage whose objects are as
they were applied is left alone, so that `scale` and `restart` are not undone.
"""

import json
import time
from collections.abc import Collection
from typing import Final

from tiketi_sdk.cluster import outside
from tiketi_sdk.cluster.kube import APPLIED, IMAGE, OBJECTS
from tiketi_sdk.cluster.rendering import Stage
from tiketi_sdk.cluster.site import Site
from tiketi_sdk.cluster.step import Standing, Tell
from tiketi_sdk.cluster.waiting import unfinished, wait_job, wait_rolled_out
from tiketi_sdk.errors import ClusterError

_KEPT: Final = {"namespace", "persistentvolumeclaim", "persistentvolume"}
_GONE_S: Final = 180.0
_APPLY_S: Final = 120.0


class StageStep:
    """One stage, applied and waited for."""

    name: str
    title: str
    needs: tuple[str, ...]
    stays = True
    """Whether its objects last: a Job that has done its work may be tidied away."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def check(self) -> Standing:
        stage = self._stage()
        applied = self._site.kube.annotations().get(f"{APPLIED}{stage.name}")
        if applied != stage.digest:
            return Standing(done=False, note="changed" if applied else "not applied yet")
        missing = self._missing(stage) if self.stays else []
        if missing:
            return Standing(done=False, note=f"gone from the cluster: {', '.join(missing)}")
        return self._standing(stage)

    def apply(self, tell: Tell) -> str:
        stage = self._stage()
        # Until it stands again, nothing is known to stand: this may fail, or be the last that is heard of us.
        self._site.kube.annotate(f"{APPLIED}{stage.name}", None)
        self._before(stage, tell)
        if stage.objects:
            # Before anything of it is there: whatever an interrupted run leaves can still be found.
            remember(self._site, applied_ever(self._site) | stage.references)
            tell(f"applying {len(stage.objects)} objects")
            self._site.kubectl("apply", "-f", "-", stdin=stage.document, timeout_s=_APPLY_S)
        self._after(stage, tell)
        self._site.kube.annotate(f"{APPLIED}{stage.name}", stage.digest)
        return self._standing(stage).note

    def _stage(self) -> Stage:
        raise AssertionError("each stage knows its own")

    def _standing(self, stage: Stage) -> Standing:
        left = [str(each.metadata.name) for each in unfinished(self._site.kube, _workloads(stage))]
        if left:
            return Standing(done=False, note=f"not ready: {', '.join(left)}")
        return Standing(done=True, note=f"{', '.join(_workloads(stage))} ready")

    def _before(self, stage: Stage, tell: Tell) -> None:
        """What must be out of the way first."""

    def _after(self, stage: Stage, tell: Tell) -> None:
        wait_rolled_out(self._site.kube, _workloads(stage), tell, pause=self._site.stop.pause)

    def _missing(self, stage: Stage) -> list[str]:
        """Objects of the stage that the cluster does not have, as `kind/name`."""
        if not stage.objects:
            return []
        said = self._site.kubectl(
            "get", "-f", "-", "--ignore-not-found", "-o", "name", stdin=stage.document
        )
        there = set()
        for line in said.splitlines():
            # As `deployment.apps/queue`; the group is no part of ours.
            kind, _, name = line.strip().partition("/")
            there.add(f"{kind.partition('.')[0]}/{name}")
        wanted = (f"{each['kind'].lower()}/{each['metadata']['name']}" for each in stage.objects)
        return sorted(set(wanted) - there)


class FoundationStep(StageStep):
    """Configuration, addresses, and the stores up and ready."""

    name = "foundation"
    title = "Stores"
    needs: tuple[str, ...] = ("volumes", "wiring", "stores")

    def _stage(self) -> Stage:
        return self._site.manifests.foundation


class DatabaseStep(StageStep):
    """The database's roles and migrations: a Job, made again whenever what it would do has changed."""

    name = "database"
    title = "Database"
    stays = False
    needs: tuple[str, ...] = ("foundation", "push")

    def _stage(self) -> Stage:
        return self._site.manifests.database

    def _standing(self, stage: Stage) -> Standing:
        names = ", ".join(stage.names("Job"))
        return Standing(done=True, note=f"roles and migrations are in place ({names})")

    def _before(self, stage: Stage, tell: Tell) -> None:
        kube = self._site.kube
        for name in stage.names("Job"):
            if kube.job(name) is None:
                continue
            tell(f"removing the earlier Job {name}")
            kube.delete_job(name)
            deadline_s = time.monotonic() + _GONE_S
            while kube.job(name) is not None or kube.pods({"job-name": name}):
                if time.monotonic() > deadline_s:
                    raise ClusterError(f"Job {name} does not go away", cure="tiketi cluster status")
                self._site.stop.pause(0.2)

    def _after(self, stage: Stage, tell: Tell) -> None:
        for name in stage.names("Job"):
            wait_job(self._site.kube, name, tell, pause=self._site.stop.pause)


class ServicesStep(StageStep):
    """The six services and whatever stands in for the outside world, every Pod ready."""

    name = "services"
    title = "Services"
    needs: tuple[str, ...] = ("database",)

    def _stage(self) -> Stage:
        code = outside.code_of(self._site.sources)
        return outside.settled(self._site.manifests.services, self._site.kube, code)

    def _after(self, stage: Stage, tell: Tell) -> None:
        super()._after(stage, tell)
        outside.note(stage, self._site.kube, outside.code_of(self._site.sources))
        self._site.kube.annotate(IMAGE, str(self._site.image))


def applied_ever(site: Site) -> frozenset[str]:
    """Everything that was applied and not taken away since, as kubectl names it."""
    return frozenset(json.loads(site.kube.annotations().get(OBJECTS, "[]")))


def remember(site: Site, references: Collection[str]) -> None:
    """Write down what may be there."""
    site.kube.annotate(OBJECTS, json.dumps(sorted(references)))


class PruneStep:
    """Objects that an earlier version or another overlay applied, and this one does not have: taken away.

    Last of all, since Pods of before use them until they are gone. What keeps data is never taken away.
    """

    name = "prune"
    title = "Objects left over"
    needs = ("services",)

    def __init__(self, site: Site) -> None:
        self._site = site

    def check(self) -> Standing:
        left = self._left()
        if left:
            return Standing(done=False, note=f"of another version: {', '.join(left)}")
        return Standing(done=True, note="none")

    def apply(self, tell: Tell) -> str:
        left = self._left()
        tell(f"removing {', '.join(left)}")
        self._site.kubectl("delete", "--ignore-not-found", *left, timeout_s=_APPLY_S)
        remember(self._site, self._site.manifests.references)
        return f"{len(left)} removed"

    def _left(self) -> list[str]:
        gone = applied_ever(self._site) - self._site.manifests.references
        return sorted(each for each in gone if each.partition("/")[0] not in _KEPT)


def _workloads(stage: Stage) -> list[str]:
    return [*stage.names("Deployment"), *stage.names("StatefulSet")]
