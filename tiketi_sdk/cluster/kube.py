"""Reads and waits on the cluster through the official client, by its own kubeconfig. Applies no manifests (kubectl does)."""

import base64
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Self

import yaml
from kubernetes import client as k8s
from kubernetes import config as k8s_config
from kubernetes.client.exceptions import ApiException
from urllib3.exceptions import HTTPError

from tiketi_sdk.errors import ClusterError

APPLIED: Final = "dev.tiketi/applied-"
"""Annotation of the namespace, followed by a stage's name: the digest of what was applied."""
IMAGE: Final = "dev.tiketi/image"
"""Annotation of the namespace: the image that was rolled out last."""
OBJECTS: Final = "dev.tiketi/objects"
"""Annotation of the namespace: everything that was ever applied and may still be there, as a JSON list."""
_TIMEOUT_S: Final = 15.0
Model = Any
"""One of the client's models. To its types every field may be missing; the API always sends those we read."""
GONE: Final = "tiketi cluster status, then tiketi cluster up"


class Kube:
    """The API of one cluster. Objects are the client's own models."""

    def __init__(self, api: k8s.ApiClient, *, namespace: str) -> None:
        self._api = api
        self.namespace = namespace
        self._core = k8s.CoreV1Api(api)
        self._apps = k8s.AppsV1Api(api)

    @classmethod
    def open(cls, kubeconfig: Path, *, context: str, namespace: str) -> Self:
        """A client by this file and no other; `ClusterError` where there is none."""
        if not kubeconfig.is_file():
            raise ClusterError("there is no cluster", cure="tiketi cluster up")
        try:
            api = _load(config_file=str(kubeconfig), context=context)
        except (k8s_config.ConfigException, yaml.YAMLError) as error:
            raise ClusterError(
                f"cannot use {kubeconfig}: {error}", cure="tiketi cluster up"
            ) from None
        return cls(api, namespace=namespace)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._api.close()  # type: ignore[no-untyped-call]

    # --- reading

    def is_up(self) -> bool:
        """Whether the API answers."""
        try:
            k8s.VersionApi(self._api).get_code(_request_timeout=_TIMEOUT_S)
        except (ApiException, HTTPError, OSError):
            return False
        return True

    def version(self) -> str:
        """Of the control plane, as `v1.20.2`."""
        return str(self._call(k8s.VersionApi(self._api).get_code).git_version)

    def nodes(self) -> list[Model]:
        return list(self._call(self._core.list_node).items)

    def deployments(self) -> list[Model]:
        return list(self._call(self._apps.list_namespaced_deployment, self.namespace).items)

    def stateful_sets(self) -> list[Model]:
        return list(self._call(self._apps.list_namespaced_stateful_set, self.namespace).items)

    def job(self, name: str) -> Model | None:
        return self._find(k8s.BatchV1Api(self._api).read_namespaced_job, name)

    def pods(self, selector: Mapping[str, str] | None = None) -> list[Model]:
        """Of the namespace, by name; all of them or those with these labels."""
        labels = ",".join(f"{key}={value}" for key, value in (selector or {}).items())
        found = self._call(self._core.list_namespaced_pod, self.namespace, label_selector=labels)
        return sorted(found.items, key=lambda pod: str(pod.metadata.name))

    def volumes(self) -> list[Model]:
        """Of the whole cluster."""
        return list(self._call(self._core.list_persistent_volume).items)

    def endpoints(self) -> dict[str, int]:
        """Service → how many ready addresses stand behind it."""
        found = self._call(self._core.list_namespaced_endpoints, self.namespace).items
        return {
            str(each.metadata.name): sum(len(part.addresses or ()) for part in each.subsets or ())
            for each in found
        }

    def pod_events(self, pod: str) -> list[Model]:
        """What happened to a Pod, the latest last."""
        found = self._call(
            self._core.list_namespaced_event,
            self.namespace,
            field_selector=f"involvedObject.kind=Pod,involvedObject.name={pod}",
        ).items
        return sorted(found, key=lambda event: event.last_timestamp or _LONG_AGO)

    def pod_log(self, pod: str, container: str, *, lines_count: int, previous: bool = False) -> str:
        """The end of a container's log; empty where there is none yet."""
        try:
            return str(
                self._core.read_namespaced_pod_log(
                    pod,
                    self.namespace,
                    container=container,
                    tail_lines=lines_count,
                    previous=previous,
                    _request_timeout=_TIMEOUT_S,
                )
            )
        except (ApiException, HTTPError, OSError):
            return ""

    # --- annotations of the namespace: what was applied

    def annotations(self) -> dict[str, str]:
        """Of the namespace; empty where there is none."""
        found = self._find(self._core.read_namespace, None)
        return {} if found is None else dict(found.metadata.annotations or {})

    def annotate(self, key: str, value: str | None) -> None:
        """Set an annotation of the namespace, or with None take it away."""
        body = {"metadata": {"annotations": {key: value}}}
        self._call(self._core.patch_namespace, self.namespace, body)

    def ensure_namespace(self) -> None:
        """Make the namespace where it is missing."""
        body = k8s.V1Namespace(metadata=k8s.V1ObjectMeta(name=self.namespace))
        self._create(self._core.create_namespace, body)

    # --- secrets

    def secret(self, name: str) -> dict[str, str] | None:
        """A Secret's values in clear, by key; None where there is none."""
        found = self._find(self._core.read_namespaced_secret, name)
        if found is None:
            return None
        return {key: base64.b64decode(value).decode() for key, value in (found.data or {}).items()}

    def create_secret(self, name: str, values: Mapping[str, str]) -> None:
        """Make a Secret; one that is there already stays as it is."""
        body = k8s.V1Secret(
            metadata=k8s.V1ObjectMeta(name=name, labels={"app.kubernetes.io/part-of": "tiketi"}),
            string_data=dict(values),
        )
        self._create(self._core.create_namespaced_secret, self.namespace, body)

    def add_to_secret(self, name: str, values: Mapping[str, str]) -> None:
        """Add keys to a Secret."""
        body = {"stringData": dict(values)}
        self._call(self._core.patch_namespaced_secret, name, self.namespace, body)

    # --- changing

    def restart(self, deployment: str) -> None:
        """Have every Pod of a Deployment replaced, one after the other."""
        stamp = datetime.now(UTC).isoformat(timespec="seconds")
        template = {"metadata": {"annotations": {"kubectl.kubernetes.io/restartedAt": stamp}}}
        self._call(
            self._apps.patch_namespaced_deployment,
            deployment,
            self.namespace,
            {"spec": {"template": template}},
        )

    def scale(self, deployment: str, replicas_count: int) -> None:
        """Say how many Pods a Deployment shall have."""
        body = {"spec": {"replicas": replicas_count}}
        self._call(self._apps.patch_namespaced_deployment_scale, deployment, self.namespace, body)

    def delete_pod(self, name: str) -> None:
        """Ask a Pod to go, with the time it wants for it; none is fine."""
        self._find(self._core.delete_namespaced_pod, name)

    def delete_job(self, name: str) -> None:
        """Delete a Job and its Pods; none is fine."""
        self._find(
            k8s.BatchV1Api(self._api).delete_namespaced_job,
            name,
            body=k8s.V1DeleteOptions(propagation_policy="Background"),
        )

    # --- the edge

    def _find(self, method: Any, name: str | None, **more: Any) -> Any:
        arguments = [self.namespace] if name is None else [name, self.namespace]
        try:
            return self._call(method, *arguments, **more)
        except NotThereError:
            return None

    def _create(self, method: Any, *arguments: Any) -> None:
        try:
            method(*arguments, _request_timeout=_TIMEOUT_S)
        except ApiException as error:
            if error.status != 409:
                raise _told(error) from None
        except (HTTPError, OSError) as error:
            raise ClusterError(f"the cluster does not answer: {error}", cure=GONE) from None

    def _call(self, method: Any, *arguments: Any, **more: Any) -> Any:
        try:
            return method(*arguments, **more, _request_timeout=_TIMEOUT_S)
        except ApiException as error:
            if error.status == 404:
                raise NotThereError(_reason(error), cure="tiketi cluster status") from None
            raise _told(error) from None
        except (HTTPError, OSError) as error:
            raise ClusterError(f"the cluster does not answer: {error}", cure=GONE) from None


def _load(**where: str) -> k8s.ApiClient:
    configuration = k8s.Configuration()
    k8s_config.load_kube_config(client_configuration=configuration, **where)  # type: ignore[no-untyped-call]
    # The API is on this machine's loopback; the client takes HTTPS_PROXY for it, too.
    configuration.proxy = None
    return k8s.ApiClient(configuration)


class NotThereError(ClusterError):
    """The cluster has no such object."""


_LONG_AGO: Final = datetime.min.replace(tzinfo=UTC)


def _told(error: ApiException) -> ClusterError:
    return ClusterError(f"the cluster refuses: {_reason(error)}", cure=GONE)


def _reason(error: ApiException) -> str:
    try:
        return str(json.loads(error.body or "")["message"])
    except (ValueError, KeyError, TypeError):
        return f"{error.status} {error.reason}"
