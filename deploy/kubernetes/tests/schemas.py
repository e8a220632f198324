"""Schemas of the kinds in deploy/kubernetes: Kubernetes' own by kubernetes-validate, others from their published definitions.

cloudcoil makes its models from the CRDs that Knative and KEDA publish; here they become JSON schemas again, in which a field that
the CRD does not name is an error, as it is for `kubectl apply --validate=strict`.
"""

from __future__ import annotations

import importlib
import warnings

import jsonschema
import kubernetes_validate

# The group and version of a kind, and the module with its model.
CUSTOM = {
    "serving.knative.dev/v1": "cloudcoil.models.knative_serving.serving.v1",
    "eventing.knative.dev/v1": "cloudcoil.models.knative_eventing.eventing.v1",
    "sources.knative.dev/v1alpha1": "cloudcoil.models.knative_eventing.sources.v1alpha1",
    "keda.sh/v1alpha1": "cloudcoil.models.keda.v1alpha1",
}
# Only kustomize reads this one.
KUSTOMIZE = "kustomize.config.k8s.io/v1beta1"
KUSTOMIZATION = {
    "type": "object", "additionalProperties": False, "required": ["apiVersion", "kind", "resources"],
    "properties": {
        "apiVersion": {"const": KUSTOMIZE}, "kind": {"const": "Kustomization"},
        "resources": {"type": "array", "items": {"type": "string"}, "minItems": 1},
        "labels": {"type": "array", "items": {
            "type": "object", "additionalProperties": False, "required": ["pairs"],
            "properties": {"pairs": {"type": "object", "additionalProperties": {"type": "string"}}, "includeSelectors": {"type": "boolean"}}}},
        "images": {"type": "array", "items": {
            "type": "object", "additionalProperties": False, "required": ["name"],
            "properties": {key: {"type": "string"} for key in ("name", "newName", "newTag", "digest")}}},
        "patches": {"type": "array", "items": {
            "type": "object", "additionalProperties": False, "minProperties": 1,
            "properties": {"path": {"type": "string"}, "patch": {"type": "string"},
                           "target": {"type": "object", "additionalProperties": False,
                                      "properties": {key: {"type": "string"} for key in ("group", "version", "kind", "name")}}}}},
    }}


def problems(resource: dict) -> list[str]:
    """What is wrong with a resource, by the schema of its kind."""
    version, kind = resource.get("apiVersion", ""), resource.get("kind", "")
    if version == KUSTOMIZE:
        return _errors(KUSTOMIZATION, resource)
    if version in CUSTOM:
        return _errors(_schema(CUSTOM[version], kind), resource)
    try:
        kubernetes_validate.validate(resource, kubernetes_validate.latest_version(), strict=True)
    except kubernetes_validate.ValidationError as error:
        return [f"{'/'.join(map(str, error.path))}: {error.message}"]
    return []


def _errors(schema: dict, resource: dict) -> list[str]:
    found = jsonschema.Draft202012Validator(schema).iter_errors(resource)
    return [f"{error.json_path}: {error.message}" for error in found]


def _schema(module: str, kind: str) -> dict:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = getattr(importlib.import_module(module), kind)
        return _strict(model.model_json_schema(by_alias=True))


def _strict(schema: object) -> object:
    """The same without unknown fields where fields are named."""
    if isinstance(schema, list):
        return [_strict(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    strict = {name: _strict(value) for name, value in schema.items()}
    if isinstance(schema.get("properties"), dict) and schema.get("type") == "object":
        strict.setdefault("additionalProperties", False)
    return strict
