"""Secrets are made once, rollouts are waited for, and a Pod that will never be ready is told about, on a mocked API."""

from __future__ import annotations

import pytest

from tiketi_sdk.cluster.kube import NotThereError
from tiketi_sdk.cluster.sources import find_sources
from tiketi_sdk.cluster.steps import secrets
from tiketi_sdk.cluster.waiting import unfinished, wait_job, wait_rolled_out
from tiketi_sdk.errors import ClusterError

DEPLOYMENTS, PODS = "apps/v1/deployments", "v1/pods"


def deployment(*, ready_count=2, replicas_count=2, generation=1, image="tiketi:1"):
    return {
        "metadata": {"name": "queue", "namespace": "tiketi", "generation": generation},
        "spec": {
            "replicas": replicas_count,
            "selector": {"matchLabels": {"app": "queue"}},
            "template": {"spec": {"containers": [{"name": "queue", "image": image}]}},
        },
        "status": {
            "observedGeneration": 1,
            "replicas": replicas_count,
            "updatedReplicas": replicas_count,
            "readyReplicas": ready_count,
        },
    }


def pod(reason, *, image="tiketi:1", restarts_count=0):
    return {
        "metadata": {"name": "queue-1", "namespace": "tiketi", "labels": {"app": "queue"}},
        "spec": {"containers": [{"name": "queue", "image": image}]},
        "status": {
            "phase": "Pending",
            "containerStatuses": [
                {
                    "name": "queue",
                    "image": image,
                    "imageID": "",
                    "ready": False,
                    "restartCount": restarts_count,
                    "state": {"waiting": {"reason": reason, "message": "not found"}},
                }
            ],
        },
    }


async def test_every_secret_of_the_platform_is_made_once_and_kept(kmock, kube, apart):
    wanted = secrets.read_secrets(find_sources().secrets)
    assert await apart(secrets._missing, kube, wanted) == {
        name: list(keys) for name, keys in wanted.items()
    }
    for name, keys in wanted.items():
        values = {key: secrets._make(kind) for key, kind in keys.items()}
        await apart(kube.create_secret, name, values)
    made = [each.raw for each in kmock.objects.values()]
    assert {each["metadata"]["name"] for each in made} == set(wanted)
    # Made by somebody else meanwhile: theirs stay.
    await apart(kube.create_secret, next(iter(wanted)), {"other": "value"})
    assert [each.raw for each in kmock.objects.values()] == made


def test_secrets_are_random_and_keys_are_keys():
    assert secrets._make("password") != secrets._make("password")
    assert len(secrets._make("password")) == 43
    assert secrets._make("ed25519").startswith("-----BEGIN PRIVATE KEY-----")
    assert secrets._make("value:x") == "x"
    with pytest.raises(ClusterError, match="pony"):
        secrets._make("pony")


async def test_what_is_rolled_out_is_not_waited_for(kmock, kube, apart):
    kmock.objects[DEPLOYMENTS, "tiketi", "queue"] = deployment()
    await apart(wait_rolled_out, kube, ["queue"], print)


@pytest.mark.parametrize(
    "change", [{"ready_count": 1}, {"generation": 2}], ids=["a Pod is not ready", "not seen yet"]
)
async def test_what_is_not_rolled_out_is_named(kmock, kube, apart, change):
    kmock.objects[DEPLOYMENTS, "tiketi", "queue"] = deployment(**change)
    left = await apart(unfinished, kube, ["queue"])
    assert [each.metadata.name for each in left] == ["queue"]


async def test_a_deployment_that_is_gone_is_an_error(kmock, kube, apart):
    kmock.objects[DEPLOYMENTS, "tiketi", "queue"] = deployment()
    with pytest.raises(ClusterError, match="payment"):
        await apart(unfinished, kube, ["queue", "payment"])


async def test_a_pod_that_never_will_be_ready_ends_the_wait_with_its_events_and_log(
    kmock, kube, apart
):
    said = "cannot find the way"
    kmock["get /api/v1/namespaces/tiketi/pods/queue-1/log"] << said
    kmock.objects[DEPLOYMENTS, "tiketi", "queue"] = deployment(ready_count=0)
    kmock.objects[PODS, "tiketi", "queue-1"] = pod("ImagePullBackOff")
    kmock.objects["v1/events", "tiketi", "e1"] = {
        "metadata": {"name": "e1", "namespace": "tiketi"},
        "involvedObject": {"kind": "Pod", "name": "queue-1"},
        "reason": "Failed",
        "message": "no such image",
        "count": 3,
    }
    with pytest.raises(ClusterError, match="ImagePullBackOff") as ended:
        await apart(wait_rolled_out, kube, ["queue"], print)
    told = "\n".join(ended.value.details)
    assert "no such image (x3)" in told
    assert "cannot find the way" in told


async def test_pods_of_an_earlier_broken_try_do_not_count(kmock, kube, apart):
    kmock.objects[DEPLOYMENTS, "tiketi", "queue"] = deployment(ready_count=0)
    kmock.objects[PODS, "tiketi", "queue-1"] = pod("ImagePullBackOff", image="tiketi:0")
    with pytest.raises(ClusterError, match="not ready after"):
        await apart(lambda: wait_rolled_out(kube, ["queue"], print, timeout_s=0))


async def test_a_crash_is_waited_for_a_few_times_only(kmock, kube, apart):
    kmock.objects[DEPLOYMENTS, "tiketi", "queue"] = deployment(ready_count=0)
    kmock.objects[PODS, "tiketi", "queue-1"] = pod("CrashLoopBackOff", restarts_count=4)
    crash_counts: list[int] = []

    def crash_again(_seconds):
        crash_counts.append(5 + len(crash_counts))
        found = pod("CrashLoopBackOff", restarts_count=crash_counts[-1])
        kmock.objects[PODS, "tiketi", "queue-1"] = found

    with pytest.raises(ClusterError, match="ended 7 times"):
        await apart(lambda: wait_rolled_out(kube, ["queue"], print, pause=crash_again))
    assert crash_counts == [5, 6, 7], "those before are no sign: the node may have been rebooted"


async def test_crashes_of_before_are_no_sign_of_anything(kmock, kube, apart):
    kmock.objects[DEPLOYMENTS, "tiketi", "queue"] = deployment(ready_count=0)
    kmock.objects[PODS, "tiketi", "queue-1"] = pod("ContainerCreating", restarts_count=9)

    def come(_seconds):
        kmock.objects[DEPLOYMENTS, "tiketi", "queue"] = deployment()

    await apart(lambda: wait_rolled_out(kube, ["queue"], print, pause=come))


@pytest.mark.parametrize(
    ("status", "error"),
    [
        ({"succeeded": 1}, None),
        ({"conditions": [{"type": "Failed", "status": "True"}]}, "failed"),
    ],
)
async def test_a_job_is_waited_for(kmock, kube, apart, status, error):
    kmock.objects["batch/v1/jobs", "tiketi", "database"] = {
        "metadata": {"name": "database", "namespace": "tiketi"},
        "spec": {"template": {"spec": {"containers": [{"name": "d"}]}}},
        "status": status,
    }
    if error is None:
        await apart(wait_job, kube, "database", print)
    else:
        with pytest.raises(ClusterError, match=error):
            await apart(wait_job, kube, "database", print)


async def test_what_was_applied_is_read_from_the_namespace(kmock, kube, apart):
    assert await apart(kube.annotations) == {}
    applied = {"dev.tiketi/applied-services": "abc"}
    kmock["get /api/v1/namespaces/tiketi"] << {"metadata": {"annotations": applied}}
    assert await apart(kube.annotations) == applied


async def test_what_was_applied_is_written_on_the_namespace(kmock, kube, apart):
    written = kmock["patch /api/v1/namespaces/tiketi"]
    written << {}
    await apart(kube.annotate, "dev.tiketi/applied-services", "abc")
    (request,) = written
    assert request.data == {"metadata": {"annotations": {"dev.tiketi/applied-services": "abc"}}}


async def test_a_restart_changes_the_template_and_nothing_else(kmock, kube, apart):
    kmock.objects[DEPLOYMENTS, "tiketi", "queue"] = deployment()
    await apart(kube.restart, "queue")
    changed = kmock.objects[DEPLOYMENTS, "tiketi", "queue"].raw
    stamp = changed["spec"]["template"]["metadata"]["annotations"]
    assert list(stamp) == ["kubectl.kubernetes.io/restartedAt"]
    assert changed["spec"]["replicas"] == 2


async def test_what_is_not_there_is_an_error_of_its_own(kube, apart):
    with pytest.raises(NotThereError):
        await apart(kube.restart, "nobody")
