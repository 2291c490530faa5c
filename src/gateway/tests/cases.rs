//! Cases of hosts, paths, versions, revisions and templates.

use http::{Method, Uri};

use super::super::{ApiRoute, ApiVersion, Route, RouteConflict, Router, UrlTemplate, VersionScheme};
use super::{api, headers};

/// What a request finds: `2` for API 2 without an operation, `2.1` for its operation 1, then what follows its path.
fn find(router: &Router, method: &str, url: &str, pairs: &[(&'static str, &str)]) -> String {
    let uri: Uri = url.parse().unwrap();
    let method: Method = method.parse().unwrap();
    match router.find(&method, &uri, &headers(pairs)) {
        Route::Operation(found, operation) => format!("{}.{operation} {}", found.api, found.remainder(&uri)),
        Route::NoOperation(found) => format!("{} {}", found.api, found.remainder(&uri)),
        Route::NoApi => "none".to_owned(),
    }
}

fn version(path: &str, scheme: &VersionScheme, identifier: &str) -> ApiRoute {
    let version = ApiVersion { scheme: scheme.clone(), identifier: identifier.to_owned() };
    ApiRoute { version: Some(version), ..api(path, &[("GET", "/x")]) }
}

fn check(apis: Vec<ApiRoute>, cases: &[(&str, &[(&'static str, &str)], &str)]) {
    let router = Router::new(apis).unwrap();
    for (url, pairs, expected) in cases {
        assert_eq!(find(&router, "GET", url, pairs).trim_end(), *expected, "{url} {pairs:?}");
    }
}

#[test]
fn the_longest_path_of_whole_segments_wins() {
    let apis = vec![
        api("", &[("GET", "/{*rest}")]),
        api("echo", &[("GET", "/x"), ("GET", "/")]),
        api("/echo/deep/", &[("GET", "/x")]),
        api("a b", &[("GET", "/x")]),
    ];
    check(
        apis,
        &[
            ("/", &[], "0.0 /"),
            ("/ech/x", &[], "0.0 /ech/x"),
            ("/echoes/x", &[], "0.0 /echoes/x"),
            ("/ECHO/X", &[], "1.0 /X"),
            ("/echo", &[], "1.1"),
            ("/echo/", &[], "1.1 /"),
            ("/echo/deep", &[], "2"),
            ("/echo/deep/x?y=1", &[], "2.0 /x"),
            ("/echo/deeper/x", &[], "1 /deeper/x"),
            ("/echo//x", &[], "1 //x"),
            ("/a%20b/x", &[], "3.0 /x"),
            ("/%65cho/x", &[], "1.0 /x"),
        ],
    );
}

#[test]
fn hosts_are_looked_at_first() {
    let hosts = |hosts: &[&str], route| ApiRoute { hosts: hosts.iter().map(|h| h.to_string()).collect(), ..route };
    let apis = vec![
        hosts(&["a.example", "b.example"], api("p", &[("GET", "/x")])),
        hosts(&["a.example"], api("p/q", &[("GET", "/x")])),
        api("p", &[("GET", "/x")]),
    ];
    check(
        apis,
        &[
            ("/p/x", &[("host", "A.example:8080")], "0.0 /x"),
            ("http://b.example/p/x", &[("host", "a.example")], "0.0 /x"),
            ("/p/q/x", &[("host", "a.example")], "1.0 /x"),
            ("/p/x", &[("host", "c.example")], "2.0 /x"),
            ("/p/x", &[], "2.0 /x"),
            ("/z", &[("host", "a.example")], "none"),
        ],
    );
}

#[test]
fn versions_in_the_path() {
    let segment = VersionScheme::Segment;
    let apis = vec![
        api("echo", &[("GET", "/x"), ("GET", "/v1/x")]),
        version("echo", &segment, "v1"),
        version("echo", &segment, "v2"),
        version("only", &segment, "v1"),
        api("", &[("GET", "/{*rest}")]),
    ];
    check(
        apis,
        &[
            ("/echo/x", &[], "0.0 /x"),
            ("/echo/v1/x", &[], "1.0 /x"),
            ("/echo/V2/x", &[], "2.0 /x"),
            ("/echo/v3/x", &[], "0 /v3/x"),
            ("/only/v1/x", &[], "3.0 /x"),
            ("/only/x", &[], "none"),
            ("/only/v9/x", &[], "none"),
            ("/other", &[], "4.0 /other"),
        ],
    );
}

#[test]
fn versions_in_a_header_or_in_the_query() {
    let header = VersionScheme::Header("api-version".parse().unwrap());
    let query = VersionScheme::Query("Api-Version".to_owned());
    let apis = vec![
        api("h", &[("GET", "/x")]),
        version("h", &header, "v1"),
        version("h", &header, "v2"),
        version("q", &query, "2024-01-01"),
        version("q", &query, "v 2"),
    ];
    check(
        apis,
        &[
            ("/h/x", &[], "0.0 /x"),
            ("/h/x", &[("api-version", "V1")], "1.0 /x"),
            ("/h/x", &[("api-version", "v2")], "2.0 /x"),
            ("/h/x", &[("api-version", "v3")], "none"),
            ("/h/x", &[("api-version", "")], "0.0 /x"),
            ("/h/x?api-version=v1", &[], "0.0 /x"),
            ("/q/x?API-VERSION=2024-01-01&y", &[], "3.0 /x"),
            ("/q/x?api-version=v+2", &[], "4.0 /x"),
            ("/q/x?api-version=3", &[], "none"),
            ("/q/x", &[], "none"),
        ],
    );
}

#[test]
fn revisions_after_the_path_of_the_api() {
    let revision = |revision: &str, is_current, is_online, route| ApiRoute {
        revision: revision.to_owned(),
        is_current,
        is_online,
        ..route
    };
    let operations: &[_] = &[("GET", "/x"), ("GET", "/")];
    let segment = VersionScheme::Segment;
    let apis = vec![
        api("c", operations),
        revision("2", false, true, api("c", operations)),
        revision("3", false, false, api("c", operations)),
        revision("1", false, true, version("c", &segment, "v1")),
        revision("2", true, true, version("c", &segment, "v1")),
        api("", &[("GET", "/{*rest}")]),
        revision("7", false, true, api("", &[("GET", "/x")])),
        revision("1", true, false, api("off", operations)),
    ];
    check(
        apis,
        &[
            ("/c/x", &[], "0.0 /x"),
            ("/c;rev=1/x", &[], "0.0 /x"),
            ("/C;REV=2/x?y=1", &[], "1.0 /x"),
            ("/c%3Brev=2/x", &[], "1.0 /x"),
            ("/c;rev=2", &[], "1.1"),
            ("/c;rev=3/x", &[], "none"),
            ("/c;rev=4/x", &[], "none"),
            ("/c;rev=/x", &[], "none"),
            ("/c/v1/x", &[], "4.0 /x"),
            ("/c/v1;rev=1/x", &[], "3.0 /x"),
            ("/c/v1;rev=3/x", &[], "none"),
            ("/c;rev=2/v1/x", &[], "1 /v1/x"),
            ("/;rev=7/x", &[], "6.0 /x"),
            ("/d;rev=2/x", &[], "5.0 /d;rev=2/x"),
            ("/off/x", &[], "none"),
        ],
    );
}

#[test]
fn two_apis_at_one_place_are_a_conflict() {
    let other = ApiRoute { revision: "2".to_owned(), ..api("A", &[]) };
    let conflict = |first, second| Some(vec![RouteConflict { first, second }]);
    assert_eq!(Router::new(vec![api("a", &[]), api("A/", &[])]).err(), conflict(0, 1));
    assert_eq!(Router::new(vec![api("a", &[]), other.clone()]).err(), conflict(0, 1));
    assert!(Router::new(vec![api("a", &[]), ApiRoute { is_current: false, ..other }]).is_ok());
    let versioned = version("a", &VersionScheme::Segment, "v1");
    assert_eq!(Router::new(vec![versioned, api("a/v1", &[])]).err(), conflict(0, 1));
}

#[test]
fn the_most_specific_template_wins() {
    let operations = [
        ("GET", "/user/{uid}"),
        ("GET", "/user/me"),
        ("GET", "/user/{uid}.json"),
        ("GET", "/user/*"),
        ("GET", "/user/{uid}/credentials?include={include}"),
        ("GET", "/user/{uid}/credentials"),
        ("POST", "/user/me"),
        ("GET", "/do?action=list"),
        ("GET", "/do?action={action}"),
        ("GET", "/do?action={action}&page={page}"),
        ("PURGE", "/do"),
        ("GET", "/slash/"),
        ("GET", "/v{major}.{minor}/x"),
        ("GET", "//*"),
    ];
    let router = Router::new(vec![api("", &operations)]).unwrap();
    let cases = [
        ("GET", "/user/me", "0.1"),
        ("GET", "/user/ME", "0.1"),
        ("POST", "/user/me", "0.6"),
        ("POST", "/user/you", "0"),
        ("GET", "/user/you", "0.0"),
        ("GET", "/user/you/", "0.3"),
        ("GET", "/user/7.json", "0.2"),
        ("GET", "/user/.json", "0.0"),
        ("GET", "/user/a%2Fb", "0.0"),
        ("GET", "/user//", "0.3"),
        ("GET", "/user", "0.3"),
        ("GET", "/user/7/credentials", "0.5"),
        ("GET", "/user/7/credentials/", "0.3"),
        ("GET", "/user/7/credentials?x&INCLUDE=", "0.4"),
        ("GET", "/user/7/other", "0.3"),
        ("GET", "/do", "0"),
        ("GET", "/do?action=list", "0.7"),
        ("GET", "/do?action=LIST", "0.8"),
        ("GET", "/do?action=list&page=1", "0.9"),
        ("PURGE", "/do?x=1", "0.10"),
        ("purge", "/do", "0"),
        ("GET", "/slash", "0.11"),
        ("GET", "/slash/", "0.11"),
        ("GET", "/v1.2/x", "0.12"),
        ("GET", "/v1/x", "0"),
        ("GET", "/", "0.13"),
        ("GET", "//x", "0.13"),
        ("GET", "/x", "0"),
    ];
    for (method, url, expected) in cases {
        assert_eq!(find(&router, method, url, &[]).split(' ').next().unwrap(), expected, "{method} {url}");
    }
    let long = format!("/user/{}", "x".repeat(1024));
    assert!(find(&router, "GET", &long, &[]).starts_with("0.0 "));
    assert!(find(&router, "GET", &format!("{long}x"), &[]).starts_with("0 "));
}

#[test]
fn templates_say_what_is_wrong_and_where() {
    let cases = [
        ("/a/{b", 4, "`{` is not closed"),
        ("/a/b}", 5, "`}` has no `{`"),
        ("/é/{}", 5, "no name"),
        ("/{a}/{A}", 7, "`A` is there twice"),
        ("/{a}?x={a}", 9, "`a` is there twice"),
        ("/{a}{b}", 5, "follows another one"),
        ("/*/b", 4, "follows a wildcard"),
        ("/a/*/", 5, "follows a wildcard"),
        ("/a*", 3, "`*` is a part"),
        ("/x{*a}", 4, "part of a segment"),
        ("/{a\tb}", 4, "holds `\\t`"),
        ("/a?{b}", 4, "not a query parameter"),
        ("/a?b=x{c}", 6, "mixes text and parameters"),
        ("/a?b=1&B=2", 8, "`B` is there twice"),
        ("/{a?b}", 2, "not closed"),
    ];
    for (text, position, problem) in cases {
        let error = UrlTemplate::parse(text).expect_err(text);
        assert_eq!(error.position(), position, "{error}");
        assert!(error.to_string().contains(problem), "{error}");
    }
    assert!(UrlTemplate::parse(&"/a".repeat(501)).is_err());
    let texts = ["", "/", "*", "/{*rest}", "/{id}.json", "a/b?", "/a?flag&x={y}", "/Products({key})/Items", "/a?q=*"];
    for text in texts {
        assert_eq!(UrlTemplate::parse(text).expect(text).as_str(), text);
    }
}

#[test]
fn parameters_are_decoded() {
    let cases: &[(&str, &str, &str, &[(&str, &str)])] = &[
        ("/{a}/x/{b}", "/1%202/X/a%2Fb/", "", &[("a", "1 2"), ("b", "a/b")]),
        ("/{a}-{b}", "/1-2-3", "", &[("a", "1"), ("b", "2-3")]),
        ("/{a}.json", "/%41%2e%4a.JSON", "", &[("a", "A.J")]),
        ("/f/{*rest}", "/f/a/b%20c/", "", &[("rest", "a/b c/")]),
        ("/f/{*rest}", "/f", "", &[("rest", "")]),
        ("/f/*", "/f/a", "", &[]),
        ("/f?q={q}&p={p}&k=1", "/f", "P=x+y&q=%C3%A9&k=0&k=1", &[("q", "é"), ("p", "x y")]),
    ];
    for (template, path, query, expected) in cases {
        let template = UrlTemplate::parse(template).unwrap();
        let found = template.parameters(path, Some(query)).unwrap();
        let found: Vec<_> = found.iter().map(|(name, value)| (*name, value.as_ref())).collect();
        assert_eq!(found, *expected, "{} {path}", template.as_str());
        assert!(template.parameter_names().eq(found.iter().map(|(name, _)| *name)));
    }
}
