"""The deployment examples are valid YAML and name what the program really has."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from vraagbaak.settings import Settings

DEPLOY = Path(__file__).parent.parent / "deploy"


def load(name: str) -> list[Any]:
    return list(YAML(typ="safe").load_all((DEPLOY / name).read_text("utf-8")))


def test_the_settings_in_the_kubernetes_example_are_settings_that_exist() -> None:
    maps = [d for d in load("kubernetes.yaml") if d["kind"] == "ConfigMap"]
    settings = Settings.model_validate(tomllib.loads(maps[0]["data"]["settings.toml"]))
    assert settings.serve.accounts
    assert settings.serve.trusted_proxies


def test_every_volume_that_is_mounted_is_declared() -> None:
    for document in load("kubernetes.yaml"):
        spec = document.get("spec", {})
        template = spec.get("template") or spec.get("jobTemplate", {}).get("spec", {}).get("template")
        if template:
            declared = {volume["name"] for volume in template["spec"]["volumes"]}
            mounted = {m["name"] for c in template["spec"]["containers"] for m in c["volumeMounts"]}
            assert mounted <= declared


def test_containers_run_without_root_and_without_a_way_out() -> None:
    documents = load("kubernetes.yaml")
    policy = next(d for d in documents if d["kind"] == "NetworkPolicy")
    assert set(policy["spec"]["policyTypes"]) == {"Ingress", "Egress"}
    deployment = next(d for d in documents if d["kind"] == "Deployment")
    assert deployment["spec"]["template"]["spec"]["securityContext"]["runAsNonRoot"] is True


def test_the_compose_file_gives_chroma_no_port_and_the_inside_no_way_out() -> None:
    compose = load("compose.yaml")[0]
    assert "ports" not in compose["services"]["chroma"]
    assert compose["networks"]["inside"]["internal"] is True
    assert compose["services"]["chroma"]["networks"] == ["inside"]


def test_the_commands_in_the_examples_exist() -> None:
    from vraagbaak.cli import parser

    compose = load("compose.yaml")[0]["services"]
    for service in ("app", "ingest"):
        parser().parse_args(compose[service]["command"])
    for document in load("kubernetes.yaml"):
        spec = document.get("spec", {})
        template = spec.get("template") or spec.get("jobTemplate", {}).get("spec", {}).get("template")
        for container in template["spec"]["containers"] if template else ():
            parser().parse_args(container["args"])
