//! `GetComponents`: the parts of a URI that flags name.

use super::super::exception::{Exception, Result};
use super::Uri;
use super::escape::unescape_data;

const SCHEME: u32 = 1;
const USER_INFO: u32 = 2;
const HOST: u32 = 4;
const PORT: u32 = 8;
const PATH: u32 = 16;
const QUERY: u32 = 32;
const FRAGMENT: u32 = 64;
const STRONG_PORT: u32 = 128;
const NORMALIZED_HOST: u32 = 256;
const KEEP_DELIMITER: u32 = 0x4000_0000;

impl Uri {
    /// `GetComponents(components, format)`.
    pub fn components(&self, components: u32, unescaped: bool) -> Result<String> {
        if !self.is_absolute() {
            return Err(Exception::new(
                "System.InvalidOperationException",
                "This operation is not supported for a relative URI.",
            ));
        }
        let has = |flag: u32| components & flag != 0;
        // A single part comes without its delimiters unless they are asked for.
        let single = (components & !KEEP_DELIMITER).count_ones() == 1 && !has(KEEP_DELIMITER);
        let mut out = String::new();
        if has(SCHEME) {
            out.push_str(self.scheme()?);
            if !single {
                out.push_str("://");
            }
        }
        if has(USER_INFO) && !self.user_info()?.is_empty() {
            out.push_str(self.user_info()?);
            if !single {
                out.push('@');
            }
        }
        if has(HOST | NORMALIZED_HOST) {
            let host = if has(NORMALIZED_HOST) { self.idn_host()? } else { self.host()?.to_owned() };
            out.push_str(&host);
        }
        let port = self.port()?;
        if port >= 0 && (has(STRONG_PORT) || (has(PORT) && !self.is_default_port()?)) {
            if !single {
                out.push(':');
            }
            out.push_str(&port.to_string());
        }
        if has(PATH) {
            let path = self.absolute_path()?;
            out.push_str(if single { path.strip_prefix('/').unwrap_or(path) } else { path });
        }
        for (flag, part, mark) in [(QUERY, self.query()?, '?'), (FRAGMENT, self.fragment()?, '#')] {
            if has(flag) {
                out.push_str(if single { part.strip_prefix(mark).unwrap_or(part) } else { part });
            }
        }
        Ok(if unescaped { unescape_data(&out) } else { out })
    }
}
