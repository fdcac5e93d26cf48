"""Load balancer listeners as AWS describes them."""

from __future__ import annotations

from tests.support.emulator.registry import Call, Document, declare

SSL_POLICY = declare("elbv2", "plain listeners", "An HTTP listener reports an SSL policy.")


@SSL_POLICY.fills("CreateListener", "ModifyListener", "DescribeListeners")
def without_policy(call: Call) -> Document:
    """Only listeners that terminate TLS have a policy."""
    answer = call.proceed()
    for listener in answer["Listeners"]:
        if listener["Protocol"] not in ("HTTPS", "TLS"):
            listener.pop("SslPolicy", None)
            listener.pop("Certificates", None)
    return answer
