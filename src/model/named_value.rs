//! A named value: what `{{name}}` stands for.

use serde::{Deserialize, Serialize};

use super::extra::Extra;
use super::sensitive::Sensitive;
use super::tolerant;

/// A named value, plain or secret.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct NamedValue {
    /// The name in `{{name}}`; absent means the resource name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// The text; absent when it is in a Key Vault or was not exported. Does not print in `Debug`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<Sensitive>,
    /// Whether the value is hidden on read; absent means false.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "tolerant::boolean")]
    pub secret: Option<bool>,
    /// Filter labels.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "tolerant::list")]
    pub tags: Vec<String>,
    /// Key Vault secret that holds the value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_vault: Option<KeyVault>,
    /// State of the last change; read-only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provisioning_state: Option<String>,
    /// Members that this crate does not know, kept for writing.
    #[serde(flatten)]
    pub extra: Extra,
}

impl NamedValue {
    /// Makes one in which nothing is set.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets: the name in `{{name}}`; absent means the resource name.
    #[must_use]
    pub fn display_name(mut self, display_name: impl Into<String>) -> Self {
        self.display_name = Some(display_name.into());
        self
    }

    /// Sets: the text; absent when it is in a Key Vault or was not exported. Does not print in `Debug`.
    #[must_use]
    pub fn value(mut self, value: impl Into<Sensitive>) -> Self {
        self.value = Some(value.into());
        self
    }

    /// Sets: whether the value is hidden on read; absent means false.
    #[must_use]
    pub fn secret(mut self, secret: bool) -> Self {
        self.secret = Some(secret);
        self
    }

    /// Sets: filter labels.
    #[must_use]
    pub fn tags(mut self, tags: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.tags = tags.into_iter().map(Into::into).collect();
        self
    }

    /// Sets: key Vault secret that holds the value.
    #[must_use]
    pub fn key_vault(mut self, key_vault: KeyVault) -> Self {
        self.key_vault = Some(key_vault);
        self
    }

    /// Sets: state of the last change; read-only.
    #[must_use]
    pub fn provisioning_state(mut self, provisioning_state: impl Into<String>) -> Self {
        self.provisioning_state = Some(provisioning_state.into());
        self
    }
}

/// A secret in Azure Key Vault.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct KeyVault {
    /// `https://vault/secrets/name[/version]`; without version the newest one is used.
    pub secret_identifier: String,
    /// Client id of a user-assigned identity; absent means the system-assigned one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub identity_client_id: Option<String>,
    /// How the last refresh went; read-only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_status: Option<KeyVaultStatus>,
    /// Members that this crate does not know, kept for writing.
    #[serde(flatten)]
    pub extra: Extra,
}

impl KeyVault {
    /// Makes one of what is required.
    pub fn new(secret_identifier: impl Into<String>) -> Self {
        Self {
            secret_identifier: secret_identifier.into(),
            identity_client_id: None,
            last_status: None,
            extra: Extra::default(),
        }
    }

    /// Sets: client id of a user-assigned identity; absent means the system-assigned one.
    #[must_use]
    pub fn identity_client_id(mut self, identity_client_id: impl Into<String>) -> Self {
        self.identity_client_id = Some(identity_client_id.into());
        self
    }

    /// Sets: how the last refresh went; read-only.
    #[must_use]
    pub fn last_status(mut self, last_status: KeyVaultStatus) -> Self {
        self.last_status = Some(last_status);
        self
    }
}

/// How the last refresh from Key Vault went.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct KeyVaultStatus {
    /// `Success`, or an error code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// What went wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// When, as ISO 8601.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_stamp_utc: Option<String>,
    /// Members that this crate does not know, kept for writing.
    #[serde(flatten)]
    pub extra: Extra,
}

impl KeyVaultStatus {
    /// Makes one in which nothing is set.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets: `Success`, or an error code.
    #[must_use]
    pub fn code(mut self, code: impl Into<String>) -> Self {
        self.code = Some(code.into());
        self
    }

    /// Sets: what went wrong.
    #[must_use]
    pub fn message(mut self, message: impl Into<String>) -> Self {
        self.message = Some(message.into());
        self
    }

    /// Sets: when, as ISO 8601.
    #[must_use]
    pub fn time_stamp_utc(mut self, time_stamp_utc: impl Into<String>) -> Self {
        self.time_stamp_utc = Some(time_stamp_utc.into());
        self
    }
}
