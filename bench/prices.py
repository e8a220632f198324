"""What platforms take, and what they let a function have; each with where it was read. They change: look before you rely on them."""

from __future__ import annotations

from dataclasses import dataclass

READ = "2026-11-30"


@dataclass(frozen=True)
class Price:
    """A price or a limit, with its source and the day when that was read."""

    value: float
    source: str
    read: str = READ


LAMBDA_GB_SECOND = Price(0.0000166667, "https://docs.aws.amazon.com/whitepapers/latest/how-aws-pricing-works/lambda.html")
LAMBDA_MILLION_CALLS = Price(0.20, "https://docs.aws.amazon.com/whitepapers/latest/how-aws-pricing-works/lambda.html")
# One whole processor: https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html.
LAMBDA_GB = 1769 / 1024
LAMBDA_INSTANCES = Price(1000, "https://docs.aws.amazon.com/lambda/latest/operatorguide/scaling-concurrency.html")
LAMBDA_NEW_IN_TEN_SECONDS = Price(1000, "https://docs.aws.amazon.com/lambda/latest/dg/scaling-behavior.html")

# Yuan. The platform's own page (https://cloud.tencent.com/document/product/583/12281) could not be read: the first is from a
# reseller that says it adds nothing, the second from a program of others that computes what its functions cost.
SCF_GB_SECOND = Price(0.00011108, "https://github.com/dcloudio/unidocs-zh/blob/master/docs/uniCloud/price.md", "2026-12-01")
SCF_TEN_THOUSAND_CALLS = Price(0.0133, "https://github.com/tianmiantech/WeFe", "2026-12-01")
SCF_GB = 512 / 1024
# All functions of a region together, in MB.
SCF_MEMORY = Price(128_000, "https://cloud.tencent.com/document/product/583/11637")

# Pods of EKS on Fargate: somebody else's nodes, by the second. Nodes of one's own cost less when they are busy.
POD_PROCESSOR_HOUR = Price(0.04048, "https://www.vantage.sh/blog/fargate-pricing")
POD_GB_HOUR = Price(0.004445, "https://www.vantage.sh/blog/fargate-pricing")
POD_PROCESSORS = 2
POD_GB = 4


def of_lambda(instance_seconds: float, calls: int) -> float:
    """Dollars."""
    return instance_seconds * LAMBDA_GB * LAMBDA_GB_SECOND.value + calls * LAMBDA_MILLION_CALLS.value / 1e6


def of_scf(instance_seconds: float, calls: int) -> float:
    """Yuan."""
    return instance_seconds * SCF_GB * SCF_GB_SECOND.value + calls * SCF_TEN_THOUSAND_CALLS.value / 1e4


def of_pods(pod_seconds: float, calls: int) -> float:
    """Dollars; calls cost nothing."""
    del calls
    return pod_seconds / 3600 * (POD_PROCESSORS * POD_PROCESSOR_HOUR.value + POD_GB * POD_GB_HOUR.value)
