//! What the policies that check tokens have in common: where the token is, what must hold, and how it is refused.

mod authority;
mod claims;
mod entra;
mod keys;
mod refusal;
mod rules;
mod source;

pub(crate) use authority::Authority;
pub(crate) use claims::{CLAIMS, RequiredClaim};
pub(crate) use entra::Tenant;
pub(crate) use keys::{DECRYPTION_KEYS, SIGNING_KEYS, SIGNING_TOKENS, decryption_keys, signing_keys};
pub(crate) use rules::{Rules, texts};
pub(crate) use source::{HEADER, QUERY, SCHEME, Source, VALUE};

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use http::{Request, Response};
    use tower::{Layer as _, ServiceExt as _, service_fn};

    use crate::body::Body;
    use crate::jwt::Signatures;
    use crate::policy::{Document, Environment, PolicyLayer, Scope};

    /// 2048 bits.
    const MODULUS: &str = "7hv3CjAmHSsZaFs9V1452KQ21HGT9sLPQ3_Cml_3-ESqqIP59A6sM_rSeDrW1rbwKlW7QqzdrKgTBdtjV1_wQWjoxRvBXXc3OZVd\
        pjCqXXMiJCUvPQzgemdj9aqFpMG4CatcJg_crfH0SVncqcDwlX1bnFkqvHTSxB5rQpXuiPpSxtdtVx_eY8DZc-48VuJvpPEKumbE\
        yxPrFc_OMfwLznmViws4VTbaJmkQnNEnHIE8kpOAfpZ8bWKPkiaV_fy6ThKhps74jh0nLrhh_XhVoSP015Mc1eCcs4_h8x2sZAqXm4nrDKDIco_sh6Z2pY-n02E0bjVI-HEIWII44xlp9w";

    #[tokio::test]
    async fn without_a_crypto_provider_a_token_of_a_public_key_is_an_error() {
        let text = format!(
            "<policies><inbound><validate-jwt header-name='Authorization'><issuer-signing-keys><key n='{MODULUS}' e='AQAB' />\
             </issuer-signing-keys></validate-jwt></inbound><backend><forward-request /></backend><outbound /><on-error>\
             <set-header name='X-Why'><value>@(context.LastError.Source + \"|\" + context.LastError.Reason)</value></set-header>\
             </on-error></policies>"
        );
        let environment = Environment::new().signatures(Signatures::of_no_provider());
        let document = Document::compile("a.xml", &text, Scope::Api, &environment).unwrap();
        let backend = service_fn(|_: Request<Body>| async { Ok::<_, Infallible>(Response::new(Body::empty())) });
        // `{"alg":"RS256","typ":"JWT"}` and `{"exp":9999999999}`.
        let token = "Bearer eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9.eyJleHAiOjk5OTk5OTk5OTl9.AAAA";
        let request = Request::get("/").header("authorization", token).body(Body::empty()).unwrap();
        let response = PolicyLayer::new([document]).layer(backend).oneshot(request).await.unwrap();
        assert_eq!(response.status(), 500);
        assert_eq!(response.headers()["x-why"], "validate-jwt|CryptoProviderNotFound");
    }
}
