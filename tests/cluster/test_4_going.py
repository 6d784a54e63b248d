"""A cluster goes without a trace: docker is as it was, and so is everything of others in it."""

from __future__ import annotations

from tiketi_sdk.contract.codes import Exit


def test_down_leaves_docker_as_it_was(cluster):
    # A cluster of somebody else that is stopped needs kind's network to come back.
    cluster.docker("create", "--name", "somebody-elses-node", "--network", "kind", "registry:2")
    try:
        cluster.run("cluster", "down")
        assert "kind" in cluster.docker("network", "ls", "--format", "{{.Name}}").split()
    finally:
        cluster.docker("rm", "-fv", "somebody-elses-node")
    if "kind" not in networks_before(cluster):
        cluster.docker("network", "rm", "kind")
    assert cluster.things() == cluster.before
    assert "local-cluster" not in cluster.run("config", "profiles", "list")
    assert cluster.run("cluster", "kubeconfig", status=Exit.UNAVAILABLE) == ""
    cluster.run("cluster", "down")


def networks_before(lab):
    now = lab.docker("network", "ls", "--no-trunc", "--format", "{{.ID}} {{.Name}}").splitlines()
    return {line.split()[1] for line in now if line.split()[0] in lab.before["networks"]}
