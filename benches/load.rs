//! What it takes to start with 10,000 operations and 1,000 policy documents: time of loading the folder and of building
//! the gateway, and the memory of the process.
//!
//! The aims are 1 s for both together, and 200 MB. `cargo bench --bench load`, or `-- --keep FOLDER` to keep the files.

#![allow(clippy::disallowed_methods)] // a measurement reads the system's clock

use std::error::Error;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use gatewright::gateway::Gateway;

const APIS: usize = 100;
const OPERATIONS: usize = 100;
/// Operations of each API that have a document; each API has one too.
const DOCUMENTS: usize = 9;
/// Processes that load it; the median counts.
const RUNS: usize = 7;

const API_POLICY: &str = r#"<policies>
    <inbound>
        <base />
        <choose>
            <when condition="@(context.Request.Headers.GetValueOrDefault("X-Tenant", "") == "")">
                <return-response>
                    <set-status code="400" reason="Bad Request" />
                    <set-body>@($"tenant is missing in {context.Request.Method} {context.Request.Url.Path}")</set-body>
                </return-response>
            </when>
        </choose>
        <set-header name="X-Api"><value>@(context.Api.Name)</value></set-header>
    </inbound>
    <backend><base /></backend>
    <outbound>
        <base />
        <set-header name="Server" exists-action="delete" />
    </outbound>
    <on-error><base /></on-error>
</policies>
"#;

const OPERATION_POLICY: &str = r#"<policies>
    <inbound>
        <base />
        <set-variable name="tenant" value="@(context.Request.Headers.GetValueOrDefault("X-Tenant", "none").ToLower())" />
        <set-header name="X-Tenant"><value>@((string)context.Variables["tenant"])</value></set-header>
        <set-query-parameter name="api-version"><value>2024-05-01</value></set-query-parameter>
        <set-backend-service backend-id="orders" />
    </inbound>
    <backend><base /></backend>
    <outbound>
        <base />
        <set-header name="Cache-Control">
            <value>@(context.Response.StatusCode == 200 ? "max-age=60" : "no-store")</value>
        </set-header>
    </outbound>
    <on-error><base /></on-error>
</policies>
"#;

fn main() -> Result<(), Box<dyn Error>> {
    let argument = |name: &str| std::env::args().skip_while(|argument| argument != name).nth(1);
    if let Some(folder) = argument("--load") {
        return load(Path::new(&folder));
    }
    let temporary = tempfile::tempdir()?;
    let kept = argument("--keep");
    let folder = kept.as_deref().map_or(temporary.path(), Path::new);
    write(folder)?;
    // Without `--bench` (`cargo test --all-targets`) it only shows that everything works.
    let runs = if std::env::args().any(|argument| argument == "--bench") { RUNS } else { 1 };
    println!("{} operations, {} policy documents, {runs} runs", APIS * OPERATIONS, APIS * (DOCUMENTS + 1));
    let mut measured = [const { Vec::new() }; 3];
    for _ in 0..runs {
        let output = Command::new(std::env::current_exe()?).arg("--load").arg(folder).output()?;
        if !output.status.success() {
            let first: String = String::from_utf8_lossy(&output.stderr).chars().take(400).collect();
            return Err(first.into());
        }
        let text = String::from_utf8(output.stdout)?;
        for (values, value) in measured.iter_mut().zip(text.split_whitespace()) {
            values.push(value.parse::<u64>()?);
        }
    }
    let titles = ["load::path, ms", "building the gateway, ms", "peak memory of the process, MB"];
    for (title, mut values) in titles.into_iter().zip(measured) {
        values.sort_unstable();
        let (least, median, most) = (values[0], values[values.len() / 2], values[values.len() - 1]);
        println!("{title:34} median {median:>6}   least {least:>6}   most {most:>6}");
    }
    Ok(())
}

/// Loads the folder and builds the gateway, in a process of its own; prints both times and the most memory it had.
fn load(folder: &Path) -> Result<(), Box<dyn Error>> {
    let start = Instant::now();
    let loaded = gatewright::load::path(folder)?;
    let (loading, start) = (start.elapsed(), Instant::now());
    let gateway = Gateway::builder().build(&loaded.store)?;
    let building = start.elapsed();
    let status = fs::read_to_string("/proc/self/status")?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("no VmHWM")?;
    let kilobytes: usize = peak.trim().trim_end_matches(" kB").parse()?;
    println!("{} {} {}", loading.as_millis(), building.as_millis(), kilobytes * 1024 / 1_000_000);
    drop(gateway);
    Ok(())
}

fn write(folder: &Path) -> std::io::Result<()> {
    fs::create_dir_all(folder.join("backends"))?;
    fs::write(
        folder.join("policy.xml"),
        "<policies><inbound /><backend><forward-request /></backend><outbound /><on-error /></policies>",
    )?;
    fs::write(folder.join("backends/orders.json"), r#"{ "url": "http://127.0.0.1:9", "protocol": "http" }"#)?;
    for api in 0..APIS {
        let at = folder.join(format!("apis/api-{api}"));
        fs::create_dir_all(at.join("operations"))?;
        let json = format!(
            r#"{{ "displayName": "API {api}", "path": "api-{api}", "protocols": ["https"], "serviceUrl": "http://127.0.0.1:9" }}"#
        );
        fs::write(at.join("api.json"), json)?;
        fs::write(at.join("policy.xml"), API_POLICY)?;
        for number in 0..OPERATIONS {
            let (resource, parameter) = (number / 2, if number % 2 == 0 { "{id}" } else { "{id}/parts/{part}" });
            let json = format!(
                r#"{{ "displayName": "Operation {number}", "method": "GET", "urlTemplate": "/resources-{resource}/{parameter}",
  "description": "Gives one of the resources, or a part of it.", "responses": [{{ "statusCode": 200 }}] }}"#
            );
            fs::write(at.join(format!("operations/operation-{number}.json")), json)?;
            if number < DOCUMENTS {
                fs::write(at.join(format!("operations/operation-{number}.xml")), OPERATION_POLICY)?;
            }
        }
    }
    Ok(())
}
