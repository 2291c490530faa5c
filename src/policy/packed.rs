//! Packed bodies: what `Content-Encoding` says, and what is in a body, within a bound.

use std::borrow::Cow;
use std::io::{self, Read};

use brotli_decompressor::Decompressor;
use flate2::bufread::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};
use http::{HeaderMap, header};

/// How a body is packed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Packing {
    /// In a way that is known here.
    Known(Codec),
    /// As it says, which is not known here.
    Unknown(String),
}

/// A way of packing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Codec {
    Gzip,
    /// With the header of zlib or, as some send it, without.
    Deflate,
    Brotli,
}

/// What was in a body.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Unpacked {
    Whole(Vec<u8>),
    /// More than the bound.
    Longer,
}

impl Packing {
    /// How the body of a message is packed; none when it is not.
    pub(crate) fn of(headers: &HeaderMap) -> Option<Self> {
        let values = headers.get_all(header::CONTENT_ENCODING).into_iter();
        let values: Vec<_> = values.map(|value| String::from_utf8_lossy(value.as_bytes())).collect();
        let codings = values.iter().flat_map(|value| value.split(',')).map(str::trim);
        let codings: Vec<_> =
            codings.filter(|coding| !coding.is_empty() && !coding.eq_ignore_ascii_case("identity")).collect();
        match codings.as_slice() {
            [] => None,
            [one] => Some(Codec::named(one).map_or_else(|| Self::Unknown((*one).to_owned()), Self::Known)),
            several => Some(Self::Unknown(several.join(", "))),
        }
    }
}

impl Codec {
    fn named(name: &str) -> Option<Self> {
        let known = [("gzip", Self::Gzip), ("x-gzip", Self::Gzip), ("deflate", Self::Deflate), ("br", Self::Brotli)];
        known.into_iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, codec)| codec)
    }

    /// What is in `bytes`, up to `most` bytes.
    ///
    /// # Errors
    ///
    /// They are not packed so, or something stands behind what is.
    pub(crate) fn unpack(self, bytes: &[u8], most: usize) -> io::Result<Unpacked> {
        match self {
            Self::Gzip => read(MultiGzDecoder::new(bytes), most),
            Self::Deflate if has_zlib_header(bytes) => {
                let mut rest = bytes;
                let unpacked = read(ZlibDecoder::new(&mut rest), most)?;
                ended(unpacked, rest)
            }
            Self::Deflate => {
                let mut rest = bytes;
                let unpacked = read(DeflateDecoder::new(&mut rest), most)?;
                ended(unpacked, rest)
            }
            Self::Brotli => read(Decompressor::new(bytes, BUFFER), most),
        }
    }
}

/// The bytes of a body without its packing; none when they cannot be had within a bound.
pub(crate) fn unpacked<'b>(bytes: &'b [u8], headers: &HeaderMap, most: usize) -> Option<Cow<'b, [u8]>> {
    match Packing::of(headers) {
        None => Some(Cow::Borrowed(bytes)),
        Some(Packing::Unknown(_)) => None,
        Some(Packing::Known(codec)) => match codec.unpack(bytes, most) {
            Ok(Unpacked::Whole(bytes)) => Some(Cow::Owned(bytes)),
            Ok(Unpacked::Longer) | Err(_) => None,
        },
    }
}

/// How much is read at a time.
const BUFFER: usize = 8 << 10;

fn read(from: impl Read, most: usize) -> io::Result<Unpacked> {
    let mut bytes = Vec::new();
    from.take((most as u64).saturating_add(1)).read_to_end(&mut bytes)?;
    Ok(if bytes.len() > most { Unpacked::Longer } else { Unpacked::Whole(bytes) })
}

fn ended(unpacked: Unpacked, rest: &[u8]) -> io::Result<Unpacked> {
    if unpacked != Unpacked::Longer && !rest.is_empty() {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "something stands behind the end"));
    }
    Ok(unpacked)
}

fn has_zlib_header(bytes: &[u8]) -> bool {
    matches!(bytes, [method, flags, ..] if method & 0xF == 8 && u16::from_be_bytes([*method, *flags]).is_multiple_of(31))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
    use http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    fn packed(text: &[u8]) -> [(Codec, Vec<u8>); 3] {
        let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
        gzip.write_all(text).unwrap();
        let mut zlib = ZlibEncoder::new(Vec::new(), Compression::fast());
        zlib.write_all(text).unwrap();
        let mut raw = DeflateEncoder::new(Vec::new(), Compression::fast());
        raw.write_all(text).unwrap();
        [
            (Codec::Gzip, gzip.finish().unwrap()),
            (Codec::Deflate, zlib.finish().unwrap()),
            (Codec::Deflate, raw.finish().unwrap()),
        ]
    }

    #[test]
    fn headers_say_how_a_body_is_packed() {
        for (values, expected) in [
            (&[][..], None),
            (&["", "identity"], None),
            (&["GZip"], Some(Packing::Known(Codec::Gzip))),
            (&["identity, br"], Some(Packing::Known(Codec::Brotli))),
            (&["zstd"], Some(Packing::Unknown("zstd".to_owned()))),
            (&["gzip", "br"], Some(Packing::Unknown("gzip, br".to_owned()))),
        ] {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(header::CONTENT_ENCODING, HeaderValue::from_static(value));
            }
            assert_eq!(Packing::of(&headers), expected, "{values:?}");
        }
    }

    #[test]
    fn what_is_packed_is_unpacked_within_a_bound() {
        for (codec, mut bytes) in packed(&[b'a'; 1_000]) {
            assert_eq!(codec.unpack(&bytes, 1_000).unwrap(), Unpacked::Whole(vec![b'a'; 1_000]), "{codec:?}");
            assert_eq!(codec.unpack(&bytes, 999).unwrap(), Unpacked::Longer);
            assert!(codec.unpack(&bytes[..bytes.len() - 3], 1_000).is_err());
            bytes.extend_from_slice(b"rest");
            assert!(codec.unpack(&bytes, 1_000).is_err(), "{codec:?}");
        }
        // Of the encoder of Node.js.
        let brotli = [0x1b, 0x0b, 0x00, 0xf8, 0x25, 0xc2, 0xc2, 0x84, 0x00, 0x00];
        assert_eq!(Codec::Brotli.unpack(&brotli, 100).unwrap(), Unpacked::Whole(vec![b'a'; 12]));
        assert_eq!(Codec::Brotli.unpack(&brotli, 11).unwrap(), Unpacked::Longer);
    }

    #[test]
    fn members_of_gzip_are_read_one_after_another() {
        let [(_, first), ..] = packed(b"first ");
        let [(_, second), ..] = packed(b"second");
        let both = [first, second].concat();
        assert_eq!(Codec::Gzip.unpack(&both, 100).unwrap(), Unpacked::Whole(b"first second".to_vec()));
    }

    proptest! {
        #[test]
        fn any_bytes_are_unpacked_or_refused(mut bytes in prop::collection::vec(any::<u8>(), 0..60), is_zlib in any::<bool>()) {
            if is_zlib {
                bytes.splice(0..0, [0x78, 0x9c]);
            }
            for codec in [Codec::Gzip, Codec::Deflate, Codec::Brotli] {
                if let Ok(Unpacked::Whole(found)) = codec.unpack(&bytes, 1_000) {
                    prop_assert!(found.len() <= 1_000);
                }
            }
        }
    }
}
