"""Work on a cluster that stands: what people and programs on this machine, other replicas and broken Pods make of it."""

from __future__ import annotations

import io
import itertools
import json
import urllib.error
import urllib.parse
import urllib.request

import pytest
from PIL import Image

from tests.unit.manifests.pod_security import offences
from tiketi_sdk import Tiketi
from tiketi_sdk.config import Config, MemoryStore, service_urls
from tiketi_sdk.contract.codes import Exit

EMAIL = "minji@gmail.test"
ADMIN = ("--profile", "local-cluster", "--json")
SERVICES = ("auth", "event", "queue", "reservation", "payment", "notification")
POSTGRES, VALKEY, SANDBOX = ("postgres", 5432), ("valkey", 6379), ("toss", 3090)
FORBIDDEN = [
    ("queue", *POSTGRES),
    *((name, *SANDBOX) for name in SERVICES if name != "payment"),
    *((name, "s3", 3094) for name in SERVICES if name != "event"),
    *(("sandbox", *store) for store in (POSTGRES, VALKEY)),
    *(("sandbox", name, 3000 + number) for number, name in ((1, "auth"), (4, "reservation"))),
    ("notification", "payment", 3005),
    ("event", "reservation", 3004),
]
PROGRAM = (
    "import socket, sys\n"
    "for place in sys.argv[1:]:\n"
    "    host, port = place.split(':')\n"
    "    try: socket.create_connection((host, int(port)), 2).close()\n"
    "    except OSError: print('refused')\n"
    "    else: print('reached')\n"
)


class Stay(urllib.request.HTTPRedirectHandler):
    """Follows no redirect."""

    def redirect_request(self, *_args):
        return None


def test_one_logs_in_with_google_from_this_machine(cluster):
    with Tiketi(config=Config(urls=service_urls()), credentials=MemoryStore()) as client:
        asked = client.auth.google_authorize(redirect_uri="http://127.0.0.1:9/callback")
        page = urllib.parse.urlsplit(asked.url)
        assert page.netloc == "127.0.0.1:3093", "where a browser of this machine can go"
        with urllib.request.urlopen(asked.url, timeout=30) as shown:
            assert shown.status == 200
        query = dict(urllib.parse.parse_qsl(page.query))
        form = urllib.parse.urlencode({**query, "email": EMAIL, "verified": "1"}).encode()
        with pytest.raises(urllib.error.HTTPError) as redirect:
            urllib.request.build_opener(Stay).open(
                f"http://{page.netloc}/o/oauth2/v2/consent", form
            )
        location = urllib.parse.urlsplit(redirect.value.headers["Location"])
        redirect.value.close()
        came = dict(urllib.parse.parse_qsl(location.query))
        session = client.auth.google(
            code=came["code"], state=came["state"], code_verifier=asked.code_verifier
        )
    assert (session.user.email, session.user.provider) == (EMAIL, "GOOGLE")


def test_an_image_that_one_replica_took_every_replica_gives(cluster):
    drawn = io.BytesIO()
    Image.linear_gradient("L").convert("RGB").resize((900, 600)).save(drawn, format="PNG")
    file = cluster.home / "poster.png"
    file.write_bytes(drawn.getvalue())
    made = json.loads(cluster.run(*ADMIN, "images", "upload", str(file)))
    assert made["url"] == f"http://127.0.0.1:3002/api/images/{made['name']}"
    for _ in range(8):
        with urllib.request.urlopen(made["url"], timeout=30) as answer:
            assert len(answer.read()) == made["bytes_count"]
    pods = cluster.kubectl(
        "get", "pods", "-l", "app.kubernetes.io/name=event", "-o", "name"
    ).split()
    assert len(pods) >= 2
    for pod in pods:
        ask = f"import urllib.request as r; print(len(r.urlopen('http://127.0.0.1:3002/api/images/{made['name']}').read()))"
        assert int(cluster.kubectl("exec", pod, "--", "python", "-c", ask)) == made["bytes_count"]


def test_mail_can_be_read_from_this_machine(cluster):
    for path in ("/", "/api/messages"):
        with urllib.request.urlopen(f"http://127.0.0.1:3092{path}", timeout=30) as page:
            assert page.status == 200


def test_scale_and_restart_are_not_undone_by_up(cluster):
    cluster.run("cluster", "restart", "queue")
    cluster.run("cluster", "scale", "queue", "3")
    assert cluster.up()["changed"] == []
    ready = ("get", "deployment", "queue", "-o", "jsonpath={.status.readyReplicas}")
    assert cluster.kubectl(*ready) == "3"
    cluster.run("cluster", "scale", "queue", "2")
    cluster.run("cluster", "scale", "auth", "40", status=Exit.UNAVAILABLE)
    assert "queue" in cluster.run("cluster", "logs", "queue", "-n", "1")


def test_a_pod_that_does_not_become_ready_is_told_about_and_up_mends_that_and_what_is_gone(cluster):
    nowhere = "localhost:5001/tiketi:nothing"
    process = cluster.start("cluster", "up", "--json", "--image", nowhere)
    out, talk = process.communicate(timeout=900)
    assert process.returncode == Exit.UNAVAILABLE
    events = [json.loads(line) for line in out.splitlines()]
    (failed,) = [event for event in events if event.get("state") == "failed"]
    assert failed["step"] == "database"
    assert failed["cure"]
    assert any("event  Failed" in line for line in failed["details"])
    assert "ImagePullBackOff" in talk
    cluster.kubectl("delete", "service", "queue")
    assert {"foundation", "database"} <= set(cluster.up()["changed"])


def stranger(image, place):
    """A Pod that no policy knows, as restricted as the namespace wants everybody."""
    security = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
    command = ["python", "-c", PROGRAM, place]
    container = {"name": "stranger", "image": image, "command": command}
    spec = {
        "restartPolicy": "Never",
        "automountServiceAccountToken": False,
        "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
        "containers": [{**container, "securityContext": security}],
    }
    assert offences(spec) == []
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "stranger"}, "spec": spec}


def test_no_forbidden_edge_is_open_where_the_network_enforces_policies(cluster):
    """Whether it does is tried with a Pod that nothing at all is allowed to; the policies are there either way."""
    there = cluster.kubectl("get", "networkpolicies", "-o", "name").split()
    wanted = {"default-deny", "dns", "postgres", "valkey", "sandbox", *SERVICES}
    assert wanted <= {each.partition("/")[2] for each in there}
    image = json.loads(cluster.run("cluster", "status", "--json"))["image"]
    cluster.kubectl("apply", "-f", "-", stdin=json.dumps(stranger(image, "queue:3003")))
    try:
        cluster.kubectl(
            "wait", "pod/stranger", "--for=jsonpath={.status.phase}=Succeeded", "--timeout=120s"
        )
        said = cluster.kubectl("logs", "stranger").split()
    finally:
        cluster.kubectl("delete", "pod", "stranger", "--wait=false")
    enforced = said == ["refused"]
    findings = json.loads(cluster.run("cluster", "doctor", "--json"))["items"]
    (told,) = [each for each in findings if each["subject"] == "network policies"]
    assert (told["severity"] == "ok") == enforced
    for name, edges in itertools.groupby(sorted(FORBIDDEN), key=lambda edge: edge[0]):
        places = [f"{host}:{port}" for _, host, port in edges]
        command = ("exec", f"deployment/{name}", "--", "python", "-c", PROGRAM, *places)
        # Tried on every network, so that the trying itself is seen to work where nothing is enforced.
        found = cluster.kubectl(*command).split()
        assert found == ["refused" if enforced else "reached"] * len(places), (name, places)
