use proptest::prelude::*;

use super::*;

fn uri(text: &str) -> Uri {
    Uri::new(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

#[test]
fn gives_the_parts() {
    let full = uri("https://user:pw@api.contoso.com:8443/a/b?x=1#frag");
    assert_eq!(full.host(), Ok("api.contoso.com"));
    assert_eq!(full.port(), Ok(8443));
    assert_eq!(full.authority().as_deref(), Ok("api.contoso.com:8443"));
    assert_eq!(full.user_info(), Ok("user:pw"));
    assert_eq!(full.absolute_path(), Ok("/a/b"));
    assert_eq!(full.path_and_query().as_deref(), Ok("/a/b?x=1"));
    assert_eq!(full.fragment(), Ok("#frag"));
    assert_eq!(full.segments(), Ok(vec!["/".into(), "a/".into(), "b".into()]));
    let left = |part| full.left_part(part).unwrap_or_default();
    assert_eq!(left(UriPartial::Scheme), "https://");
    assert_eq!(left(UriPartial::Authority), "https://user:pw@api.contoso.com:8443");
    assert_eq!(left(UriPartial::Path), "https://user:pw@api.contoso.com:8443/a/b");
    assert_eq!(left(UriPartial::Query), "https://user:pw@api.contoso.com:8443/a/b?x=1");
    assert_eq!(uri("https://10.0.0.1/").host_kind(), Ok(HostKind::IPv4));
    assert_eq!(uri("http://[::1]:80/").host(), Ok("[::1]"));
    assert_eq!(uri("https://localhost:5000/").is_loopback(), Ok(true));
    assert_eq!(uri("mailto:a@b.c").absolute_uri().as_deref(), Ok("mailto:a@b.c"));
    assert!(uri("/relative/path").is_absolute());
}

#[test]
fn shows_decoded_and_keeps_escaped() {
    let cases = [
        ("HTTPS://API.Contoso.com/Path", "https://api.contoso.com/Path", "https://api.contoso.com/Path"),
        ("https://api.contoso.com", "https://api.contoso.com/", "https://api.contoso.com/"),
        ("https://c.com/a%20b?q=c%20d", "https://c.com/a b?q=c d", "https://c.com/a%20b?q=c%20d"),
        ("https://c.com/a/../b/./c", "https://c.com/b/c", "https://c.com/b/c"),
        ("https://c.com/a%2Fb", "https://c.com/a%2Fb", "https://c.com/a%2Fb"),
        ("https://c.com/ü", "https://c.com/ü", "https://c.com/%C3%BC"),
        ("https://c.com//a//b", "https://c.com//a//b", "https://c.com//a//b"),
        (" https://c.com:443/a b ", "https://c.com/a b", "https://c.com/a%20b"),
        (r"C:\a b\c", "file:///C:/a b/c", "file:///C:/a%20b/c"),
        (r"\\server\share", "file://server/share", "file://server/share"),
        ("https://c.com/100%", "https://c.com/100%25", "https://c.com/100%25"),
    ];
    for (text, display, absolute) in cases {
        assert_eq!(uri(text).display(), display, "{text}");
        assert_eq!(uri(text).absolute_uri().as_deref(), Ok(absolute), "{text}");
    }
}

#[test]
fn refuses_what_is_no_uri() {
    for bad in ["not a uri", "x:", "", "://x", "http://", "http://a:b/", "http://a b/", "relative/path"] {
        assert_eq!(Uri::new(bad).map_err(|e| e.class).err(), Some("System.UriFormatException"), "{bad}");
    }
    assert_eq!(Uri::with_kind("a/b", UriKind::Relative).map(|uri| uri.is_absolute()).ok(), Some(false));
    assert!(Uri::with_kind("a/b", UriKind::Relative).expect("relative").host().is_err());
}

#[test]
fn resolves_references() {
    let cases = [
        ("https://c.com/a/b", "c", "https://c.com/a/c"),
        ("https://c.com/a/b/", "c", "https://c.com/a/b/c"),
        ("https://c.com/a/b", "/c", "https://c.com/c"),
        ("https://c.com/a/b", "../c?x#y", "https://c.com/c?x#y"),
        ("https://c.com/a/b?q", "?z", "https://c.com/a/b?z"),
        ("https://c.com/a/b?q", "#z", "https://c.com/a/b?q#z"),
        ("https://c.com/a/b", "//d.com/e", "https://d.com/e"),
        ("https://c.com/a/b", "https://x.y/z", "https://x.y/z"),
    ];
    for (base, reference, expected) in cases {
        let resolved = uri(base).resolve(reference).and_then(|uri| uri.absolute_uri());
        assert_eq!(resolved.as_deref(), Ok(expected), "{base} + {reference}");
    }
    let relative = uri("https://c.com/a/b/c").make_relative(&uri("https://c.com/a/d?q"));
    assert_eq!(relative.map(|uri| uri.original().to_owned()).as_deref(), Ok("../d?q"));
    assert_eq!(uri("https://c.com/a/").is_base_of(&uri("https://c.com/a/b")), Ok(true));
}

#[test]
fn escapes_data() {
    assert_eq!(escape::escape_data("a b&c=d/e?f-_.~€"), "a%20b%26c%3Dd%2Fe%3Ff-_.~%E2%82%AC");
    assert_eq!(escape::escape_uri("https://x/a b?c=d e&f=g"), "https://x/a%20b?c=d%20e&f=g");
    assert_eq!(escape::unescape_data("a+b%20%C3%A9%C3%zz100%"), "a+b é%C3%zz100%");
    assert!(Uri::is_well_formed_string("https://c.com/a%20b", UriKind::Absolute));
    assert!(!Uri::is_well_formed_string("https://c.com/a b", UriKind::Absolute));
    assert!(Uri::is_well_formed_string("/a/b", UriKind::Relative));
}

proptest! {
    #[test]
    fn never_panics(text in ".{0,30}", urlish in "(https?|x)?:?/{0,2}[a-z@:.%/?#\\[\\]é ]{0,20}") {
        for text in [&text, &urlish] {
            for kind in [UriKind::Absolute, UriKind::Relative, UriKind::RelativeOrAbsolute] {
                if let Ok(parsed) = Uri::with_kind(text, kind) {
                    let _ = (parsed.display(), parsed.absolute_uri(), parsed.is_well_formed(), parsed.idn_host());
                    let _ = uri("http://c.com/a/b").make_relative(&parsed);
                }
            }
            let _ = uri("http://c.com/a/b").resolve(text);
        }
    }

    #[test]
    fn escaping_reads_back(text in ".{0,30}") {
        prop_assert_eq!(escape::unescape_data(&escape::escape_data(&text)), text);
    }
}
