//! Tokens: any text in `Authorization`, and any header and claims with any signature, for keys of HS, RS, PS and ES, is refused:
//! nobody here can sign.
#![no_main]

mod caller;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use libfuzzer_sys::fuzz_target;

const POLICY: &str = r#"<validate-jwt header-name="Authorization" output-token-variable-name="jwt">
    <issuer-signing-keys><key id="a">MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=</key>
    <key id="r" n="v3ZnaKRDubKePlsFFmv0AlNdIAC5HgVnAsLqVkShZR2UbbA9wLExWIFmUZZu6zioYG-nyESD_BqYbNefF_labqCg9jSOYOAwcDntFsTYT9lEmONcz3lCY95bXFEFkLV-CgIsbGoU4SK_otTiJEM0sSKPIl9i7-P1tJdutxR5Y4xGOrSokfqQ-oIRZ1jt1uR8RfbpwNkwNsLNFfiLHhRwx0JbWemDSRC7rywZWpb11SzqPJEXiuoJie0sts7CHonCleFxZNFpLhoIADKrAK30Fu54GJFoEfdulO6jHMzQQTjjTwjWcOpTR17QD1JfVNhX1bHAIOSxkwwHXXDxElqWbQ" e="AQAB" /></issuer-signing-keys>
    <issuer-signing-tokens><token>
    MIIBcDCCARWgAwIBAgIUBt24+h72ToGJFjakxC4KzLo1/3kwCgYIKoZIzj0EAwIwDDEKMAgGA1UEAwwBZjAgFw0yNjExMjMyMzIzNDBaGA8yMT
    I2MTAzMDIzMjM0MFowDDEKMAgGA1UEAwwBZjBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABJUK0DJiJjiMv3xvaS2ihSLOfC6vykUteqk6ya5X
    Vavj4cP/AKVuv5UlPrp+DpTFJaTqNkUj828mZ8wDI+hmSHGjUzBRMB0GA1UdDgQWBBRqji2PS7MJ2VA90wMO7G/A2HoXIjAfBgNVHSMEGDAWgB
    Rqji2PS7MJ2VA90wMO7G/A2HoXIjAPBgNVHRMBAf8EBTADAQH/MAoGCCqGSM49BAMCA0kAMEYCIQCA+UMDDTCSUajN0HGVANEGJNspGZ3qa3I+
    et+QbgEipQIhAN4KsVi3LV5WrXMOZHO3yM6N+UnlktAupuHcGl0ckCnl
    </token></issuer-signing-tokens>
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
