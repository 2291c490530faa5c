"""Named values and certificates that are in a Key Vault, which answers, rotates and fails.

Environment: VAULT is the URL of the Key Vault of `vault.py`, VAULT_CONTROL that of what it is told.
"""

import os
import urllib.request

from azure.mgmt.apimanagement import models as m

from sdk import BACKEND, GROUP, SERVICE, call, check, client, fails, request

VAULT, CONTROL = os.environ["VAULT"], os.environ["VAULT_CONTROL"]


def vault_has(name, text):
    """From now on: this text, or an error when there is none."""
    told = urllib.request.Request(f"{CONTROL}/{name}", (text or "").encode(), method="PUT" if text else "DELETE")
    urllib.request.urlopen(told).close()


def of_a_scope(prefix, owner):
    def group(name):
        return getattr(client, prefix + name)

    at, path = (GROUP, SERVICE, *owner), f"{prefix or 'service_'}vaulted"
    name = path.replace("_", "-")
    listing = "list_by_workspace" if prefix else "list_by_service"
    call(group("api"), "begin_create_or_update")(*at, "vaulted", m.ApiCreateOrUpdateParameter(
        display_name="V", path=path, service_url=BACKEND, protocols=["https"], subscription_required=False))
    group("api_operation").create_or_update(
        *at, "vaulted", "x", m.OperationContract(display_name="x", method="GET", url_template="/x"))

    values = group("named_value")
    contract = m.NamedValueCreateContract(display_name="vaulted", secret=True, key_vault=m.KeyVaultContractCreateProperties(
        secret_identifier=f"{VAULT}/secrets/{name}"))
    error = fails(400, lambda: values.begin_create_or_update(*at, "vaulted", contract).result(), "ValidationError")
    check(error.error.details[0].target == "keyVault.secretIdentifier", error.error.details)
    vault_has(name, "first")
    made = values.begin_create_or_update(*at, "vaulted", contract).result()
    check(made.value is None and made.key_vault.last_status.code == "Success", made)
    group("api_policy").create_or_update(*at, "vaulted", "policy", m.PolicyContract(format="rawxml", value=(
        '<policies><inbound><set-header name="x-v"><value>{{vaulted}}</value></set-header></inbound>'
        "<backend><forward-request /></backend></policies>")))
    check("x-v: first" in request(f"/{path}/x")[1], "the value is not served")
    vault_has(name, "second")
    check("x-v: first" in request(f"/{path}/x")[1], "nobody has asked for the new one")
    refreshed = values.begin_refresh_secret(*at, "vaulted").result()
    check(refreshed.value is None and refreshed.key_vault.last_status.code == "Success", refreshed)
    check("x-v: second" in request(f"/{path}/x")[1], "the value does not rotate")
    check(values.list_value(*at, "vaulted").value == "second", "listValue")
    vault_has(name, None)
    status = values.begin_refresh_secret(*at, "vaulted").result().key_vault.last_status
    check(status.code == "RefreshFailed" and status.message, status)
    check("x-v: second" in request(f"/{path}/x")[1], "the last good value does not stay")
    failed = values.list_by_service(*at, is_key_vault_refresh_failed=True)
    check([one.name for one in failed] == ["vaulted"], "what failed")
    vault_has(name, "third")
    status = values.begin_refresh_secret(*at, "vaulted").result().key_vault.last_status
    check(status.code == "Success" and "x-v: third" in request(f"/{path}/x")[1], status)
    check(not list(values.list_by_service(*at, is_key_vault_refresh_failed=True)), "what failed")

    certificates, name = group("certificate"), f"{name}-certificate"
    vault_has(name, os.environ["CERTIFICATE"])
    made = certificates.create_or_update(*at, "vaulted", m.CertificateCreateOrUpdateParameters(
        key_vault=m.KeyVaultContractCreateProperties(secret_identifier=f"{VAULT}/secrets/{name}")))
    check(made.subject == "CN=sdk-client" and made.key_vault.last_status.code == "Success", made)
    vault_has(name, os.environ["OTHER_CERTIFICATE"])
    refreshed = certificates.refresh_secret(*at, "vaulted")
    check(refreshed.subject == "CN=sdk-other" and refreshed.thumbprint != made.thumbprint, refreshed)
    vault_has(name, None)
    failed = certificates.refresh_secret(*at, "vaulted")
    check(failed.subject == "CN=sdk-other" and failed.key_vault.last_status.code == "RefreshFailed", failed)
    listed = getattr(certificates, listing)(*at, is_key_vault_refresh_failed=True)
    check([one.name for one in listed] == ["vaulted"], "what failed")

    certificates.delete(*at, "vaulted", if_match="*")
    call(group("api"), "begin_delete", "delete")(*at, "vaulted", if_match="*")
    values.delete(*at, "vaulted", if_match="*")
