"""Schemas of the custom resources that deploy/kubernetes uses: as much of each as may be written in it.

Written after the documents of KEDA 2.22, of the Prometheus operator's v1 and of the Temporal Worker Controller's
v1alpha1. What a schema does not name is refused, so a field that is new here has to be looked up first.
"""

from typing import Any, Final

Schema = dict[str, Any]

_TEXT: Final[Schema] = {"type": "string", "minLength": 1}
_COUNT: Final[Schema] = {"type": "integer", "minimum": 0}
_SPAN: Final[Schema] = {"type": "string", "pattern": "^([0-9]+(h|m|s))+$"}
_DIGITS: Final[Schema] = {"type": "string", "pattern": "^[0-9]+$"}
_NAME: Final[Schema] = {"type": "string", "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"}
_LABELS: Final[Schema] = {"type": "object", "additionalProperties": _TEXT}


def fields(required: dict[str, Schema], optional: dict[str, Schema] | None = None) -> Schema:
    """An object with these fields and no others."""
    return {
        "type": "object",
        "required": list(required),
        "properties": {**required, **(optional or {})},
        "additionalProperties": False,
    }


def many(item: Schema, most: int = 100) -> Schema:
    """A list that is not empty."""
    return {"type": "array", "items": item, "minItems": 1, "maxItems": most}


_TEMPORAL_TRIGGER: Final = fields(
    {
        "type": {"const": "temporal"},
        "metadata": fields(
            {"endpoint": {"type": "string", "pattern": "^[^:]+:[0-9]+$"}, "taskQueue": _TEXT},
            {
                "namespace": _TEXT,
                "queueTypes": {"type": "string", "pattern": "^(workflow|activity|nexus)(,(workflow|activity|nexus))*$"},
                "targetQueueSize": _DIGITS,
                "activationTargetQueueSize": _DIGITS,
                "workerDeploymentName": _TEXT,
                "workerDeploymentBuildId": _TEXT,
                "includeRunningWorkflowCount": {"enum": ["true", "false"]},
                "minConnectTimeout": _DIGITS,
                "tlsServerName": _TEXT,
            },
        ),
    },
    {"authenticationRef": fields({"name": _NAME})},
)
_PROMETHEUS_TRIGGER: Final = fields(
    {
        "type": {"const": "prometheus"},
        "metadata": fields(
            {"serverAddress": {"type": "string", "pattern": "^https?://"}, "query": _TEXT, "threshold": _DIGITS},
            {"activationThreshold": _DIGITS, "ignoreNullValues": {"enum": ["true", "false"]}},
        ),
    },
    {"authenticationRef": fields({"name": _NAME})},
)
_SCALED_OBJECT: Final = fields(
    {
        "scaleTargetRef": fields({"name": _NAME}, {"kind": _TEXT, "apiVersion": _TEXT}),
        "triggers": many({"oneOf": [_TEMPORAL_TRIGGER, _PROMETHEUS_TRIGGER]}),
    },
    {
        "minReplicaCount": _COUNT,
        "maxReplicaCount": _COUNT,
        "pollingInterval": _COUNT,
        "cooldownPeriod": _COUNT,
        "advanced": fields(
            {},
            # As in autoscaling/v2, whose schema the tests hold it against.
            {"horizontalPodAutoscalerConfig": fields({"behavior": {"type": "object"}})},
        ),
    },
)
_TRIGGER_AUTHENTICATION: Final = fields(
    {
        "secretTargetRef": many(
            fields(
                {
                    "parameter": {"enum": ["ca", "cert", "key", "keyPassword", "apiKey"]},
                    "name": _NAME,
                    "key": _TEXT,
                }
            )
        )
    }
)
_POD_MONITOR: Final = fields(
    {
        "selector": fields({"matchLabels": _LABELS}),
        "podMetricsEndpoints": many(
            fields(
                {"port": _TEXT},
                {
                    "path": {"type": "string", "pattern": "^/"},
                    "interval": _SPAN,
                    "scrapeTimeout": _SPAN,
                    "honorLabels": {"type": "boolean"},
                },
            )
        ),
    },
    {"podTargetLabels": many(_TEXT), "jobLabel": _TEXT},
)
_CONNECTION: Final = fields(
    {"hostPort": {"type": "string", "pattern": "^[a-zA-Z0-9.-]+:[0-9]+$"}},
    {
        "tls": fields({}, {"serverName": _TEXT, "caCertSecretRef": fields({"name": _NAME})}),
        "mutualTLSSecretRef": fields({"name": _NAME}),
        "apiKeySecretRef": fields({"name": _NAME, "key": _TEXT}),
    },
)
_ROLLOUT: Final = fields(
    {"strategy": {"enum": ["Manual", "AllAtOnce", "Progressive"]}},
    {
        "steps": many(
            fields({"rampPercentage": {"type": "integer", "minimum": 1, "maximum": 99}, "pauseDuration": _SPAN}), 20
        ),
        "gate": fields({"workflowType": _TEXT}),
    },
)
_WORKER_DEPLOYMENT: Final = fields(
    {
        "template": {"type": "object"},  # a pod template, which the tests hold against Kubernetes' own schema
        "rollout": _ROLLOUT,
        "sunset": fields({}, {"scaledownDelay": _SPAN, "deleteDelay": _SPAN}),
        "workerOptions": fields(
            {"connectionRef": fields({"name": _NAME}), "temporalNamespace": _TEXT}, {"unsafeCustomBuildID": _TEXT}
        ),
    },
    {"replicas": _COUNT, "minReadySeconds": _COUNT, "progressDeadlineSeconds": _COUNT},
)


def _resource(api_version: str, kind: str, spec: Schema) -> Schema:
    metadata = fields({"name": _NAME}, {"labels": _LABELS, "annotations": _LABELS})
    return fields({"apiVersion": {"const": api_version}, "kind": {"const": kind}, "metadata": metadata, "spec": spec})


CUSTOM_RESOURCES: Final[dict[str, Schema]] = {
    "ScaledObject": _resource("keda.sh/v1alpha1", "ScaledObject", _SCALED_OBJECT),
    "TriggerAuthentication": _resource("keda.sh/v1alpha1", "TriggerAuthentication", _TRIGGER_AUTHENTICATION),
    "PodMonitor": _resource("monitoring.coreos.com/v1", "PodMonitor", _POD_MONITOR),
    "Connection": _resource("temporal.io/v1alpha1", "Connection", _CONNECTION),
    "WorkerDeployment": _resource("temporal.io/v1alpha1", "WorkerDeployment", _WORKER_DEPLOYMENT),
}
