"""The docker engine as a cluster needs it: containers, networks, images, files in containers. Builds nothing by itself."""

import io
import os
import socket
import tarfile
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Final, ParamSpec, Self, TypeVar

import docker
from docker.errors import APIError, DockerException, ImageNotFound, NotFound
from docker.models.containers import Container
from urllib3.exceptions import HTTPError

from tiketi_sdk.cluster.settings import LABEL, REGISTRY_IMAGE, REGISTRY_PORT
from tiketi_sdk.cluster.step import Tell
from tiketi_sdk.errors import ClusterError

KIND_LABEL: Final = "io.x-k8s.kind.cluster"
KIND_NETWORK: Final = "kind"
_SOCKET: Final = "unix:///var/run/docker.sock"
"""Where docker listens unless DOCKER_HOST says otherwise."""
_TIMEOUT_S: Final = 120
START_CURE: Final = "start Docker (systemctl start docker, or Docker Desktop); this user must be allowed to use it: docker info"
_Given = ParamSpec("_Given")
_Result = TypeVar("_Result")


def _converted(method: Callable[_Given, _Result]) -> Callable[_Given, _Result]:
    """The method, whose every failure of docker or of the way to it is a `ClusterError`."""

    @wraps(method)
    def told(*given: _Given.args, **named: _Given.kwargs) -> _Result:
        try:
            return method(*given, **named)
        except APIError as error:
            raise ClusterError(
                f"docker refuses: {error.explanation or error}", cure="tiketi cluster doctor"
            ) from None
        except (DockerException, HTTPError, OSError) as error:
            raise ClusterError(f"docker does not answer: {error}", cure=START_CURE) from None

    return told


class Engine:
    """A connection to docker. Use it in a `with` block, or close it."""

    def __init__(self, client: docker.DockerClient) -> None:
        self._client = client

    @classmethod
    def open(cls) -> Self:
        """Connect as DOCKER_HOST and the rest of the environment say; `ClusterError` if nobody answers."""
        try:
            _knock(os.environ.get("DOCKER_HOST") or _SOCKET)
            client = docker.from_env(timeout=_TIMEOUT_S)
            client.ping()
        except (DockerException, OSError) as error:
            raise ClusterError(f"docker does not answer: {error}", cure=START_CURE) from None
        return cls(client)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    @_converted
    def facts(self) -> Mapping[str, object]:
        """`docker info` and, as `Version`, the engine's version."""
        return {**self._client.info(), "Version": self._client.version()["Version"]}

    # --- nodes

    @_converted
    def nodes(self, cluster: str) -> list[Container]:
        """The cluster's node containers, running or not, by name."""
        found = self._client.containers.list(
            all=True, filters={"label": f"{KIND_LABEL}={cluster}"}, ignore_removed=True
        )
        return sorted(found, key=lambda each: str(each.name))

    @_converted
    def read_file(self, container: Container, path: str) -> str | None:
        """A file of a container, running or not; None where there is none."""
        try:
            chunks, _ = container.get_archive(path)
        except NotFound:
            return None
        with tarfile.open(fileobj=io.BytesIO(b"".join(chunks))) as archive:
            member = archive.extractfile(archive.getmembers()[0])
            return None if member is None else member.read().decode()

    @_converted
    def write_file(self, container: Container, path: str, text: str) -> None:
        """Put a file into a container, its folders made on the way."""
        parts = path.strip("/").split("/")
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w") as archive:
            for depth in range(1, len(parts)):
                folder = tarfile.TarInfo("/".join(parts[:depth]))
                folder.type, folder.mode = tarfile.DIRTYPE, 0o755
                archive.addfile(folder)
            file = tarfile.TarInfo("/".join(parts))
            data = text.encode()
            file.size, file.mode = len(data), 0o644
            archive.addfile(file, io.BytesIO(data))
        container.put_archive("/", packed.getvalue())

    @_converted
    def succeeds(self, container: Container, *command: str) -> bool:
        """Run a command in a container that runs; whether it ended with 0."""
        return bool(container.exec_run(list(command)).exit_code == 0)

    @_converted
    def start(self, container: Container) -> None:
        """Start a container that is stopped."""
        container.start()

    @_converted
    def remove(self, container: Container) -> None:
        """Remove a container, running or not, with its unnamed volumes; gone already is fine."""
        try:
            container.remove(force=True, v=True)
        except NotFound:
            return

    # --- registry

    @_converted
    def container(self, name: str) -> Container | None:
        """The container of that name, or None."""
        try:
            return self._client.containers.get(name)
        except NotFound:
            return None

    @_converted
    def run_registry(self, name: str, cluster: str, tell: Tell) -> None:
        """Start a registry on this machine's loopback; its image is pulled where it is missing."""
        if self.image_id(REGISTRY_IMAGE) is None:
            tell(f"fetching {REGISTRY_IMAGE}")
            self._pull(REGISTRY_IMAGE)
        try:
            self._client.containers.run(
                REGISTRY_IMAGE,
                name=name,
                detach=True,
                labels={LABEL: cluster},
                ports={"5000/tcp": ("127.0.0.1", REGISTRY_PORT)},
                restart_policy={"Name": "always"},
            )
        except APIError as error:
            raise ClusterError(
                f"the registry's container does not start: {error.explanation}",
                cure=f"free port {REGISTRY_PORT}: another registry or program may hold it",
            ) from None

    def _pull(self, reference: str) -> None:
        name, _, tag = reference.partition(":")
        try:
            self._client.images.pull(name, tag=tag)
        except DockerException as error:
            raise ClusterError(
                f"docker cannot fetch {reference}: {error}",
                cure=f"see why: docker pull {reference} (no network? a proxy? it may be loaded by hand)",
            ) from None

    @_converted
    def networks_of(self, container: Container) -> set[str]:
        """Names of the networks it is connected to."""
        container.reload()
        return set(container.attrs["NetworkSettings"]["Networks"])

    @_converted
    def connect(self, container: Container, network: str) -> None:
        """Connect it; one that is connected already stays so."""
        if network not in self.networks_of(container):
            self._client.networks.get(network).connect(container)

    @_converted
    def network_subnets(self, network: str) -> list[str] | None:
        """The network's address ranges; None where there is no such network."""
        try:
            found = self._client.networks.get(network)
        except NotFound:
            return None
        settings = (found.attrs.get("IPAM") or {}).get("Config") or []
        return [each["Subnet"] for each in settings if "Subnet" in each]

    @_converted
    def remove_network_if_idle(self, network: str) -> bool:
        """Remove a network that no container uses, running or not; whether it was there and is gone."""
        try:
            found = self._client.networks.get(network)
            # What the network itself lists are running containers only; a stopped one would not start again.
            if self._client.containers.list(all=True, filters={"network": network}):
                return False
            found.remove()
        except (NotFound, APIError):
            return False
        return True

    # --- images

    @_converted
    def image_id(self, reference: str) -> str | None:
        """The image's id, or None where this machine has no such image."""
        try:
            return str(self._client.images.get(reference).id)
        except ImageNotFound:
            return None

    @_converted
    def tag(self, reference: str, name: str, tag: str) -> None:
        """Give an image one more name."""
        self._client.images.get(reference).tag(name, tag)

    @_converted
    def push(self, name: str, tag: str, tell: Tell) -> None:
        """Push to the registry its name says; `ClusterError` with what that said."""
        for line in self._client.api.push(name, tag=tag, stream=True, decode=True):
            if problem := line.get("error"):
                raise ClusterError(
                    f"cannot push {name}:{tag}: {problem}", cure="tiketi cluster doctor"
                )
            if line.get("status") in {"Pushed", "Layer already exists"}:
                tell(f"{line['status']} {line.get('id', '')}")

    @_converted
    def untag(self, reference: str) -> None:
        """Take a name away; the image goes with its last one."""
        try:
            self._client.images.remove(reference, noprune=False)
        except (ImageNotFound, APIError):
            return

    @_converted
    def images(self) -> list[tuple[str, Mapping[str, str]]]:
        """Every reference of this machine, with its image's labels."""
        return [(tag, image.labels) for image in self._client.images.list() for tag in image.tags]

    @_converted
    def prune_labelled(self, label: str) -> int:
        """Remove images without a name that carry a label; how many went."""
        answer = self._client.images.prune(filters={"dangling": True, "label": label})
        return len(answer.get("ImagesDeleted") or [])


def _knock(host: str) -> None:
    """OSError where nobody listens: the docker client would leave its socket open for the collector to find."""
    if host.startswith("unix://"):
        with socket.socket(socket.AF_UNIX) as tried:
            tried.settimeout(_TIMEOUT_S)
            tried.connect(host.removeprefix("unix://"))
