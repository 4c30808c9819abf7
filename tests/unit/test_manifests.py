"""The manifests of deploy/kubernetes: valid, complete, and in step with the worker's settings and its image."""

import json
import re
import shutil
import tomllib
from collections.abc import Iterator
from itertools import permutations
from pathlib import Path
from typing import Any

import jsonschema
import kubernetes_validate
import pytest

from kurun_config import Settings
from kurun_worker.departure import STOP_MARGIN
from tests.dockerfile import lineage, stages
from tests.unit.custom_resources import CUSTOM_RESOURCES
from tests.unit.manifests import (
    FOLDERS,
    ROOT,
    Manifest,
    built,
    documents,
    kustomization,
    kustomize,
    of_kind,
    pod_templates,
    resources,
)

KUBERNETES = kubernetes_validate.latest_version()
OVERLAYS = [folder for folder in FOLDERS if folder.startswith("overlays/")]
LISTS = ("resources", "components", "configurations")
README = (ROOT.parent / "README.md").read_text()
SCALED = [
    (folder, component)
    for folder in OVERLAYS
    for component in re.findall(
        r"^# components: \[\.\./\.\./(.+)\]", (ROOT / folder / "kustomization.yaml").read_text(), re.MULTILINE
    )
]
"""The overlays that offer scalers, each with each that it offers."""
LOOKS_AT = {
    "components/load": {
        "serverAddress": "http://prometheus.monitoring:9090",
        "query": 'sum(temporal_worker_task_slots_used{task_queue="claims", worker_type="ActivityWorker"})'
        ' + (sum(max by (kind) (kurun_task_queue_backlog{task_queue="claims"})) or vector(0))',
    },
    "components/backlog": {"endpoint": "engine.mine:7233", "namespace": "mine", "taskQueue": "claims"},
}
"""Of what is told to scalers in ``scaled_copy``, where each puts it."""
IMAGE = lineage(stages((ROOT.parents[1] / "Dockerfile").read_text()), "worker")

needs_kustomize = pytest.mark.skipif(kustomize() is None, reason="neither kustomize nor kubectl is here")


def ids(manifest: Manifest) -> str:
    """A manifest in a word."""
    return f"{manifest['kind']} {manifest['metadata']['name']}"


def insist_on_validity(manifest: Manifest) -> None:
    """Hold a manifest against Kubernetes' own schema of it, or against ours of a custom resource."""
    if (schema := CUSTOM_RESOURCES.get(manifest["kind"])) is None:
        kubernetes_validate.validate(manifest, KUBERNETES, strict=True)
    else:
        jsonschema.validate(manifest, schema)


def full(manifest: Manifest) -> Manifest:
    """A workload with the selector and labels that Kustomize adds to the file."""
    if manifest["kind"] != "Deployment":
        return manifest
    labels = {"app.kubernetes.io/name": "kurun"}
    template = {"metadata": {"labels": labels}, **manifest["spec"]["template"]}
    return {**manifest, "spec": {**manifest["spec"], "selector": {"matchLabels": labels}, "template": template}}


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_file_is_listed_and_every_entry_is_there(folder: str) -> None:
    """A file that no kustomization names is applied by nobody, and one that is not there fails at the worst time."""
    said = kustomization(folder)
    entries = [entry for name in LISTS for entry in said.get(name, ())]
    entries += [file for each in said.get("configMapGenerator", ()) for file in each["files"]]
    missing = [entry for entry in entries if not (ROOT / folder / entry).exists()]
    here = {file.name for file in (ROOT / folder).iterdir() if file.is_file()} - {"kustomization.yaml"}

    assert missing == []
    assert here == {entry for entry in entries if "/" not in entry}


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_patch_has_something_to_patch(folder: str) -> None:
    """Kustomize skips a patch silently where its target's name does not fit."""
    there = {(each["kind"], each["metadata"]["name"]) for each in resources(folder)}
    if kustomization(folder)["kind"] == "Component":  # it patches what the overlays bring that name it
        there |= {(each["kind"], each["metadata"]["name"]) for each in resources("base")}
    for patch in kustomization(folder).get("patches", ()):
        target = patch.get("target") or _named(patch["patch"])

        assert (target["kind"], target["name"]) in there


def _named(patch: str) -> Manifest:
    kind, name = re.findall(r"kind: (\w+)|name: (\w+)", patch)
    return {"kind": kind[0], "name": name[1]}


def _files() -> Iterator[Any]:
    for file in sorted(ROOT.rglob("*.yaml")):
        if file.name not in {"kustomization.yaml", "names.yaml"}:
            yield from (pytest.param(each, id=f"{file.relative_to(ROOT)} {ids(each)}") for each in documents(file))


@pytest.mark.parametrize("manifest", list(_files()))
def test_every_manifest_is_valid(manifest: Manifest) -> None:
    """Against Kubernetes' own schemas, strictly; custom resources against what their documents name."""
    insist_on_validity(full(manifest))


@needs_kustomize
@pytest.mark.parametrize("folder", ["monitoring", *OVERLAYS])
def test_what_kustomize_builds_is_valid(folder: str) -> None:
    """What is applied in the end is valid, too, and no placeholder is left in it."""
    for manifest in built(folder):
        insist_on_validity(manifest)
        for template in pod_templates([manifest]):
            pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "any"}, "spec": template["spec"]}
            kubernetes_validate.validate(pod, KUBERNETES, strict=True)

    assert "FILL_ME" not in json.dumps(built(folder))


@needs_kustomize
@pytest.mark.parametrize("folder", OVERLAYS)
def test_an_overlay_as_it_is_needs_no_scaler(folder: str) -> None:
    """KuFlow's own engine and a cluster without KEDA are enough: there are two workers, and nothing waits for a CRD."""
    manifests = built(folder)
    [workload] = of_kind(manifests, "Deployment") + of_kind(manifests, "WorkerDeployment")

    assert workload["spec"]["replicas"] == 2
    assert not {"ScaledObject", "TriggerAuthentication"} & {each["kind"] for each in manifests}


def test_every_scaler_is_offered_and_described() -> None:
    """The README names those that are there and no others, and an overlay that it sends people to offers them."""
    components = [folder for folder in FOLDERS if folder.startswith("components/")]
    described = set(re.findall(r"components/\w+", README))

    assert {name for _, name in SCALED} == described == set(components)
    assert {f"overlays/{name}" for name in re.findall(r"overlays/(\w+)", README)} == set(OVERLAYS)


@needs_kustomize
@pytest.mark.parametrize(("folder", "component"), SCALED)
def test_a_copied_overlay_scales_by_what_is_uncommented(tmp_path: Path, folder: str, component: str) -> None:
    """The README's steps, for a queue of one's own: all that a scaler looks at is filled in, and it is this queue."""
    manifests = built(str(scaled_copy(tmp_path, folder, component)))
    [scaled], [deployment] = of_kind(manifests, "ScaledObject"), of_kind(manifests, "Deployment")
    [trigger] = scaled["spec"]["triggers"]
    authentications = [{"name": each["metadata"]["name"]} for each in of_kind(manifests, "TriggerAuthentication")]

    for manifest in manifests:
        insist_on_validity(manifest)  # so no trigger has keys of another
    assert not re.search("FILL_ME|loans|kurun-scaler", json.dumps(manifests))
    assert scaled["metadata"]["name"] == scaled["spec"]["scaleTargetRef"]["name"] == deployment["metadata"]["name"]
    assert "replicas" not in deployment["spec"]
    assert LOOKS_AT[component].items() <= trigger["metadata"].items()
    assert authentications == [value for key, value in trigger.items() if key == "authenticationRef"]


@needs_kustomize
@pytest.mark.parametrize(("folder", "component"), SCALED)
def test_what_a_scaler_is_not_told_stops_the_build(tmp_path: Path, folder: str, component: str) -> None:
    """A placeholder that is applied would scale nothing, silently."""
    copy = scaled_copy(tmp_path, folder, component)
    file = copy / "scaler.yaml"
    file.write_text(re.sub(r"^  taskQueue: .*\n", "", file.read_text(), flags=re.MULTILINE))

    with pytest.raises(AssertionError, match=re.escape("data.taskQueue")):
        built(str(copy))


def scaled_copy(tmp_path: Path, folder: str, component: str) -> Path:
    """An overlay copied for the queue `claims` and for an engine and a Prometheus of one's own, with a component."""
    shutil.copytree(ROOT, tmp_path / "kubernetes")
    copy = shutil.copytree(ROOT / folder, tmp_path / "kubernetes/overlays/claims")
    for file in copy.iterdir():
        text = file.read_text().replace("loans", "claims").replace("namespace: acme", "namespace: mine")
        text = text.replace("engine.kuflow.com:443", "engine.mine:7233").replace("prometheus-operated.", "prometheus.")
        file.write_text(text.replace(f"# components: [../../{component}]", f"components: [../../{component}]"))
    return copy


@pytest.mark.parametrize(("folder", "component"), SCALED)
def test_what_a_scaler_reads_is_described(folder: str, component: str) -> None:
    """The README's table says what to write for which, and the overlay's file has it all."""
    replacements = kustomization(component)["replacements"]
    read = {each["source"]["fieldPath"].removeprefix("data.") for each in replacements}
    [row] = re.findall(rf"^\| `{component}` .* \| (.*) \|$", README, re.MULTILINE)

    assert set(re.findall(r"\w+", row)) == read <= set(told_to_scalers(folder))


def told_to_scalers(folder: str) -> dict[str, str]:
    """What an overlay tells the scalers that it offers."""
    [manifest] = documents(ROOT / folder / "scaler.yaml")
    return dict(manifest["data"])


@pytest.mark.parametrize("component", sorted({name for _, name in SCALED}))
def test_scalers_differ_in_what_they_look_at(component: str) -> None:
    """Going from one to the other changes nothing else; and what has to be in the cluster is said."""
    [one, *_] = documents(ROOT / component / "scaled-object.yaml")
    [other, *_] = documents(ROOT / "components/backlog/scaled-object.yaml")

    assert {**one["spec"], "triggers": []} == {**other["spec"], "triggers": []}
    assert "Needs KEDA" in (ROOT / component / "kustomization.yaml").read_text()


@needs_kustomize
@pytest.mark.parametrize("folder", OVERLAYS)
def test_names_and_selectors_fit_together(folder: str) -> None:
    """Policies, budgets and scalers mean this queue's pods and no others, and every reference leads somewhere."""
    manifests = built(folder)
    [template] = pod_templates(manifests)
    labels = template["metadata"]["labels"].items()
    selectors = _selectors(manifests)
    volumes = {each["name"]: each for each in template["spec"]["volumes"]}

    assert len(selectors) == 4
    assert all(each["matchLabels"] and each["matchLabels"].items() <= labels for each in selectors)
    assert [ids(each) for each in of_kind(manifests, "ConfigMap")] == [
        f"ConfigMap {volumes['settings']['configMap']['name']}"
    ]
    assert [ids(each) for each in of_kind(manifests, "ServiceAccount")] == [
        f"ServiceAccount {template['spec']['serviceAccountName']}"
    ]
    for versions in of_kind(manifests, "WorkerDeployment"):
        assert [each["metadata"]["name"] for each in of_kind(manifests, "Connection")] == [
            versions["spec"]["workerOptions"]["connectionRef"]["name"]
        ]


def _selectors(manifests: list[Manifest]) -> list[Manifest]:
    """By which policies, budgets and workloads say which pods they mean."""
    found = [each["spec"]["podSelector"] for each in of_kind(manifests, "NetworkPolicy")]
    found += [each["spec"]["selector"] for each in of_kind(manifests, "PodDisruptionBudget")]
    for template in pod_templates(manifests):
        found += [each["labelSelector"] for each in template["spec"]["topologySpreadConstraints"]]
    return found


@needs_kustomize
@pytest.mark.parametrize(("one", "other"), list(permutations(OVERLAYS, 2)))
def test_two_overlays_can_share_a_namespace(one: str, other: str) -> None:
    """Neither replaces a resource of the other, or means its pods: two budgets of one pod would forbid its eviction."""
    [template] = pod_templates(built(other))
    labels = template["metadata"]["labels"].items()

    assert not {ids(each) for each in built(one)} & {ids(each) for each in built(other)}
    assert not [each for each in _selectors(built(one)) if each["matchLabels"].items() <= labels]


@needs_kustomize
def test_the_rule_for_another_port_has_only_to_be_uncommented(tmp_path: Path) -> None:
    """A collector of traces is reached then, and what could be reached before."""
    shutil.copytree(ROOT, tmp_path / "kubernetes")
    file = tmp_path / "kubernetes/overlays/loans/kustomization.yaml"
    [rule] = re.findall(r"^# patches:\n(?:^#  .*\n)+", file.read_text(), re.MULTILINE)
    file.write_text(file.read_text().replace(rule, re.sub("^# ", "", rule, flags=re.MULTILINE)))
    [before] = of_kind(built("overlays/loans"), "NetworkPolicy")
    [after] = of_kind(built(str(file.parent)), "NetworkPolicy")

    insist_on_validity(after)
    assert after["spec"]["egress"] == [*before["spec"]["egress"], {"ports": [{"protocol": "TCP", "port": 4318}]}]


@needs_kustomize
def test_the_monitor_finds_every_workers_port() -> None:
    """One monitor serves all queues of a namespace."""
    [monitor] = built("monitoring")
    [endpoint] = monitor["spec"]["podMetricsEndpoints"]
    for folder in OVERLAYS:
        [template] = pod_templates(built(folder))

        assert monitor["spec"]["selector"]["matchLabels"].items() <= template["metadata"]["labels"].items()
        assert endpoint["port"] in {each["name"] for each in template["spec"]["containers"][0]["ports"]}


def _settings(folder: str) -> Settings:
    said = tomllib.loads((ROOT / folder / "kurun.toml").read_text())
    return Settings.model_validate(said)


@pytest.mark.parametrize("folder", ["base", *OVERLAYS])
def test_there_is_more_time_to_end_than_the_drain_takes(folder: str) -> None:
    """The kubelet kills at the end of the grace period; by then the worker is gone by itself."""
    drain = _settings(folder).worker.drain_timeout.total_seconds()
    [template] = pod_templates(documents(ROOT / _workload(folder)))

    assert template["spec"]["terminationGracePeriodSeconds"] > drain + STOP_MARGIN


@pytest.mark.parametrize("folder", sorted({folder for folder, _ in SCALED}))
def test_the_scaler_looks_at_the_queue_that_is_served(folder: str) -> None:
    """What is told to scalers and settings name the same."""
    assert told_to_scalers(folder)["taskQueue"] == _settings(folder).worker.task_queue


def _workload(folder: str) -> Path:
    own = ROOT / folder / "worker-deployment.yaml"
    return own if own.exists() else ROOT / "base/deployment.yaml"


def test_the_versioned_workload_is_the_bases() -> None:
    """The Controller's kind repeats the pod; the two are kept word for word the same."""
    [base] = pod_templates(documents(_workload("base")))
    [versioned] = pod_templates(documents(_workload("overlays/versioned")))

    assert versioned["spec"] == base["spec"]


def test_a_pod_is_restricted() -> None:
    """As the restricted Pod Security Standard asks, and nothing of it can be written but the volumes."""
    [template] = pod_templates(documents(_workload("base")))
    pod = template["spec"]
    [container] = pod["containers"]
    security, own = pod["securityContext"], container["securityContext"]
    writable = {each["mountPath"] for each in container["volumeMounts"] if not each.get("readOnly")}

    assert (security["runAsNonRoot"], security["seccompProfile"]) == (True, {"type": "RuntimeDefault"})
    assert (own["allowPrivilegeEscalation"], own["capabilities"]) == (False, {"drop": ["ALL"]})
    assert own["readOnlyRootFilesystem"]
    assert not pod["automountServiceAccountToken"]
    assert not pod["enableServiceLinks"]
    assert writable == {"/tmp", "/var/lib/kurun"}  # noqa: S108


def test_pod_and_image_agree() -> None:
    """User, port and writable folder are those of the Dockerfile; the variables are settings."""
    [template] = pod_templates(documents(_workload("base")))
    [container] = template["spec"]["containers"]
    last = {each.name: each.value for stage in IMAGE for each in stage.instructions}
    security = template["spec"]["securityContext"]

    assert f"{security['runAsUser']}:{security['runAsGroup']}" == last["USER"]
    assert [each["containerPort"] for each in container["ports"]] == [int(last["EXPOSE"])]
    assert json.loads(last["VOLUME"]) == ["/var/lib/kurun"]
    assert container["args"] == json.loads(last["CMD"])


@pytest.mark.parametrize("component", sorted({name for _, name in SCALED}))
def test_a_scalers_behaviour_is_kubernetes_own(component: str) -> None:
    """KEDA hands it to the autoscaler as it is."""
    [scaled] = of_kind(documents(ROOT / component / "scaled-object.yaml"), "ScaledObject")
    autoscaler = {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": "any"},
        "spec": {
            "maxReplicas": 2,
            "scaleTargetRef": {"kind": "Deployment", "name": "any"},
            "behavior": scaled["spec"]["advanced"]["horizontalPodAutoscalerConfig"]["behavior"],
        },
    }

    kubernetes_validate.validate(autoscaler, KUBERNETES, strict=True)
