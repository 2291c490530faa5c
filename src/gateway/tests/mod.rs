//! The router against the rules, as cases and as a naive matcher that follows them word by word.

mod cases;
mod reference;

use http::{HeaderMap, Method};

use super::{ApiRoute, OperationRoute, UrlTemplate};

fn api(path: &str, operations: &[(&str, &str)]) -> ApiRoute {
    ApiRoute {
        hosts: Vec::new(),
        path: path.to_owned(),
        version: None,
        revision: "1".to_owned(),
        is_current: true,
        is_online: true,
        operations: operations
            .iter()
            .map(|(method, template)| OperationRoute {
                method: method.parse::<Method>().unwrap(),
                template: UrlTemplate::parse(template).unwrap(),
            })
            .collect(),
    }
}

fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
    pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
}
