"""The dashboard of a real service, looked at as its operator: through the header of a proxy that is trusted."""

from typing import Final

OPERATOR: Final = {"X-Forwarded-User": "operator"}
ENVIRONMENT: Final = {
    "TONEARM_ACCESS__TRUSTED_HEADER": "x-forwarded-user",
    "TONEARM_HTTP__TRUSTED_PROXIES": '["127.0.0.1/32"]',
    "TONEARM_PRIVACY__MODE": "both",
}
