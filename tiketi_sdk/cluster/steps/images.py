"""The services' image built and pushed, and the stores' images put where the nodes find them."""

from typing import Final

from tiketi_sdk.cluster import registry
from tiketi_sdk.cluster.image import DOCKERFILE, ImageName, build_arguments
from tiketi_sdk.cluster.programs import ProgramError, stream
from tiketi_sdk.cluster.settings import LABEL
from tiketi_sdk.cluster.site import Site
from tiketi_sdk.cluster.step import Standing, Tell
from tiketi_sdk.errors import ClusterError

_LINE_MAX: Final = 100


class BuildStep:
    """The image of the services in this machine's docker, named by its content."""

    name = "build"
    title = "Image"
    needs = ("preflight",)

    def __init__(self, site: Site) -> None:
        self._site = site

    def check(self) -> Standing:
        image = self._site.image
        if self._site.settings.image is not None:
            return Standing(done=True, note=f"{self._site.settings.image}, as given")
        if self._site.engine.image_id(str(image)) or is_pushed(self._site, image):
            return Standing(done=True, note=str(image))
        return Standing(done=False, note=f"{image} is not built yet")

    def apply(self, tell: Tell) -> str:
        build(self._site, tell)
        return str(self._site.image)


class PushStep:
    """The same image in the local registry."""

    name = "push"
    title = "Image in the registry"
    needs = ("registry", "build")

    def __init__(self, site: Site) -> None:
        self._site = site

    def check(self) -> Standing:
        image = self._site.image
        if not image.name.startswith(f"{self._site.settings.registry_address}/"):
            return Standing(done=True, note=f"{image}: the nodes fetch it")
        if is_pushed(self._site, image):
            return Standing(done=True, note=str(image))
        return Standing(done=False, note=f"{image} is not there yet")

    def apply(self, tell: Tell) -> str:
        image, given = self._site.image, self._site.settings.image
        if given is not None and given != str(image):
            self._site.engine.tag(given, image.name, image.tag)
        if self._site.engine.image_id(str(image)) is None:
            raise ClusterError(
                f"{image} is neither here nor in the registry", cure="build it first"
            )
        self._site.engine.push(image.name, image.tag, tell)
        return str(image)


class StoresStep:
    """Images of others that this machine has: pushed, so that the nodes need not fetch them from far."""

    name = "stores"
    title = "Stores' images"
    needs = ("registry",)

    def __init__(self, site: Site) -> None:
        self._site = site

    def check(self) -> Standing:
        missing = self._missing()
        if missing:
            return Standing(done=False, note=f"not in the registry yet: {', '.join(missing)}")
        return Standing(done=True, note=", ".join(map(str, self._foreign())))

    def apply(self, tell: Tell) -> str:
        missing = self._missing()
        for reference, target in missing.items():
            tell(f"pushing {reference}")
            self._site.engine.tag(reference, target.name, target.tag)
            self._site.engine.push(target.name, target.tag, tell)
            self._site.engine.untag(str(target))
        return ", ".join(missing)

    def _foreign(self) -> list[str]:
        ours = str(self._site.image)
        return [each for each in self._site.manifests.images() if each != ours and "@" not in each]

    def _missing(self) -> dict[str, ImageName]:
        """Image of this machine → its name in the registry, where it is not."""
        found = {}
        for reference in self._foreign():
            target = mirrored(self._site.settings.registry_address, reference)
            if target is None or is_pushed(self._site, target):
                continue
            if self._site.engine.image_id(reference):
                found[reference] = target
        return found


def build(site: Site, tell: Tell) -> None:
    """Build the image of the checkout under its own name, whatever is there already."""
    root = site.sources.checkout()
    image = site.image
    command = ["docker", "build", "--file", str(root / DOCKERFILE), "--tag", str(image)]
    command += ["--label", f"{LABEL}={site.settings.name}"]
    for key, value in build_arguments(site.sources, site.settings).items():
        command += ["--build-arg", f"{key}={value}"]
    try:
        stream([*command, str(root)], lambda line: tell(line[:_LINE_MAX]), stop=site.stop)
    except ProgramError as error:
        raise ClusterError(
            f"the image cannot be built: {error}",
            cure=f"what docker said is above; the file is {root / DOCKERFILE}",
            details=error.details,
        ) from None


def is_pushed(site: Site, image: ImageName) -> bool:
    """Whether the local registry has it."""
    address = site.settings.registry_address
    repository = image.name.removeprefix(f"{address}/")
    return registry.digest_of(address, repository, image.tag) is not None


def mirrored(address: str, reference: str) -> ImageName | None:
    """What an image of docker.io is called in the registry; None for images of other places."""
    image = ImageName.parse(reference)
    first, slash, rest = image.name.partition("/")
    if slash and ("." in first or ":" in first or first == "localhost"):
        if first not in {"docker.io", "index.docker.io"}:
            return None
        path = rest
    else:
        path = image.name
    path = path if "/" in path else f"library/{path}"
    return ImageName(f"{address}/{path}", image.tag)
