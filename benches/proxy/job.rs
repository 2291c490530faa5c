//! The gateway work that both peers do: 1,000 operations, 100 callers, 10 credentials.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use crate::Fault;

pub const RESOURCES: usize = 250;
pub const CALLERS: usize = 100;
pub const CREDENTIALS: usize = 10;

/// Name, method and URL template after the resource, of each resource's operations.
pub const OPERATIONS: [(&str, &str, &str); 4] = [
    ("get", "GET", "/items/{id}"),
    ("part", "GET", "/items/{id}/parts/{part}"),
    ("create", "POST", "/items"),
    ("delete", "DELETE", "/items/{id}"),
];

const GLOBAL: &str = "<policies><inbound /><backend><forward-request /></backend><outbound /><on-error /></policies>";

pub fn key(caller: usize) -> String {
    format!("key-{caller:04}-0123456789abcdef")
}

pub fn caller(caller: usize) -> String {
    format!("client-{caller:04}")
}

pub fn operation(resource: usize, name: &str) -> String {
    format!("op-{resource}-{name}")
}

pub fn credential(resource: usize) -> String {
    format!("cred-{}-abcdefghijklmnopqrstuvwxyz0123456789", resource % CREDENTIALS)
}

/// Writes the gateway's configuration that passes everything through to `origin` (`host:port`).
pub fn write_pass_through(folder: &Path, origin: &str) -> Result<(), Fault> {
    write(folder, "policy.xml", GLOBAL)?;
    let api = format!(
        r#"{{ "displayName": "All", "path": "", "protocols": ["http"], "subscriptionRequired": false, "serviceUrl": "http://{origin}" }}"#
    );
    write(folder, "apis/all/api.json", &api)?;
    for method in ["GET", "POST"] {
        let operation = format!(r#"{{ "displayName": "{method}", "method": "{method}", "urlTemplate": "/*" }}"#);
        write(folder, &format!("apis/all/operations/{}.json", method.to_lowercase()), &operation)?;
    }
    Ok(())
}

/// Writes the gateway's configuration for the work in front of `origin` (`host:port`).
pub fn write_work(folder: &Path, origin: &str) -> Result<(), Fault> {
    write(folder, "policy.xml", GLOBAL)?;
    let api = r#"{ "displayName": "Work", "path": "", "protocols": ["http"], "subscriptionRequired": true,
  "subscriptionKeyParameterNames": { "header": "X-Api-Key", "query": "api-key" } }"#;
    write(folder, "apis/work/api.json", api)?;
    let set = r#"<base />
        <set-header name="X-Gw-A"><value>gateway</value></set-header>
        <set-header name="X-Gw-B"><value>@(context.Subscription.Name)</value></set-header>
        <set-header name="X-Gw-C"><value>@(context.Operation.Id)</value></set-header>
        <set-header name="X-Remove" exists-action="delete" />"#;
    write(folder, "apis/work/policy.xml", &inbound(set))?;
    for resource in 0..RESOURCES {
        let backend = format!(r#"<base /><set-backend-service backend-id="cred-{}" />"#, resource % CREDENTIALS);
        for (name, method, template) in OPERATIONS {
            let at = format!("apis/work/operations/{}", operation(resource, name));
            let mut parameters = String::new();
            for parameter in template.split(['{', '}']).skip(1).step_by(2) {
                let comma = if parameters.is_empty() { "" } else { ", " };
                write!(parameters, r#"{comma}{{ "name": "{parameter}", "type": "string", "required": true }}"#)?;
            }
            let json = format!(
                r#"{{ "displayName": "{name} {resource}", "method": "{method}", "urlTemplate": "/api/r{resource}{template}",
  "templateParameters": [{parameters}] }}"#
            );
            write(folder, &format!("{at}/operation.json"), &json)?;
            write(folder, &format!("{at}/policy.xml"), &inbound(&backend))?;
        }
    }
    for number in 0..CREDENTIALS {
        let backend = format!(
            r#"{{ "url": "http://{origin}", "protocol": "http",
  "credentials": {{ "authorization": {{ "scheme": "Bearer", "parameter": "{}" }} }} }}"#,
            credential(number)
        );
        write(folder, &format!("backends/cred-{number}.json"), &backend)?;
    }
    for number in 0..CALLERS {
        let subscription = format!(
            r#"{{ "displayName": "{}", "scope": "/apis/work", "state": "active", "primaryKey": "{}", "secondaryKey": "second-{}" }}"#,
            caller(number),
            key(number),
            key(number)
        );
        write(folder, &format!("subscriptions/client-{number:04}.json"), &subscription)?;
    }
    Ok(())
}

fn inbound(statements: &str) -> String {
    format!(
        "<policies>
    <inbound>
        {statements}
    </inbound>
    <backend><base /></backend>
    <outbound><base /></outbound>
    <on-error><base /></on-error>
</policies>
"
    )
}

fn write(folder: &Path, file: &str, text: &str) -> Result<(), Fault> {
    let path = folder.join(file);
    fs::create_dir_all(path.parent().unwrap_or(folder))?;
    fs::write(&path, text).map_err(|error| format!("{}: {error}", path.display()).into())
}
