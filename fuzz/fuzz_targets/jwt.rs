//! Tokens: any text in `Authorization`, and any header and claims with any signature, is refused or passes; nothing that is
//! not signed passes.
#![no_main]

mod caller;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use libfuzzer_sys::fuzz_target;

const POLICY: &str = r#"<validate-jwt header-name="Authorization" output-token-variable-name="jwt">
    <issuer-signing-keys><key id="a">MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=</key></issuer-signing-keys>
    <decryption-keys><key>MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=</key></decryption-keys>
    <audiences><audience>a</audience></audiences><issuers><issuer>i</issuer></issuers>
    <required-claims><claim name="c" match="any" separator=" "><value>v</value></claim></required-claims></validate-jwt>"#;

fuzz_target!(|data: &[u8]| {
    let layer = caller::layer(POLICY);
    let text: String = data.iter().map(|byte| char::from(*byte)).filter(|c| (' '..='~').contains(c)).collect();
    assert_eq!(caller::status(&layer, "authorization", &text), 401);
    let mut parts = data.splitn(5, |byte| *byte == b'\n').map(|part| URL_SAFE_NO_PAD.encode(part));
    let parts: Vec<_> = parts.by_ref().collect();
    assert_eq!(caller::status(&layer, "authorization", &parts.join(".")), 401);
});
