"""Load balancers and listeners as AWS describes them."""

from __future__ import annotations

from tests.support.emulator.registry import Call, Document, declare

SSL_POLICY = declare("elbv2", "plain listeners", "An HTTP listener reports an SSL policy.")

SCHEME = declare("elbv2", "scheme", "A load balancer created without a scheme has none.")


@SCHEME.fills("CreateLoadBalancer", "DescribeLoadBalancers")
def with_scheme(call: Call) -> Document:
    """Load balancers face the internet unless told otherwise (API reference)."""
    answer = call.proceed()
    for balancer in answer["LoadBalancers"]:
        if balancer["Type"] != "gateway":
            balancer.setdefault("Scheme", "internet-facing")
    return answer


@SSL_POLICY.fills("CreateListener", "ModifyListener", "DescribeListeners")
def without_policy(call: Call) -> Document:
    """Only listeners that terminate TLS have a policy."""
    answer = call.proceed()
    for listener in answer["Listeners"]:
        if listener["Protocol"] not in ("HTTPS", "TLS"):
            listener.pop("SslPolicy", None)
            listener.pop("Certificates", None)
    return answer
