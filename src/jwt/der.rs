//! The two shapes of DER that keys and signatures have.

const INTEGER: u8 = 2;
const SEQUENCE: u8 = 0x30;

/// A sequence of unsigned whole numbers, big-endian: an RSA key (modulus, exponent), an ECDSA signature (r, s).
pub(super) fn integers(numbers: [&[u8]; 2]) -> Vec<u8> {
    let mut content = Vec::with_capacity(numbers[0].len() + numbers[1].len() + 12);
    for number in numbers {
        let start = number.iter().position(|byte| *byte != 0).unwrap_or(number.len());
        let number = number.get(start..).unwrap_or_default();
        // The highest bit is the sign, and zero has one byte too.
        let is_padded = number.first().is_none_or(|first| first & 0x80 != 0);
        header(&mut content, INTEGER, number.len() + usize::from(is_padded));
        if is_padded {
            content.push(0);
        }
        content.extend_from_slice(number);
    }
    let mut out = Vec::with_capacity(content.len() + 5);
    header(&mut out, SEQUENCE, content.len());
    out.extend(content);
    out
}

fn header(out: &mut Vec<u8>, tag: u8, length: usize) {
    out.push(tag);
    match u8::try_from(length) {
        Ok(short @ 0..=0x7f) => out.push(short),
        _ => {
            let bytes = length.to_be_bytes();
            let start = bytes.iter().position(|byte| *byte != 0).unwrap_or_default();
            out.push(0x80 | (bytes.len() - start) as u8);
            out.extend_from_slice(bytes.get(start..).unwrap_or_default());
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use x509_cert::der::asn1::UintRef;
    use x509_cert::der::{Decode, Reader, SliceReader};

    use super::*;

    #[test]
    fn numbers_are_as_short_as_they_can_be() {
        assert_eq!(integers([&[0, 0], &[0, 0x80]]), [0x30, 7, 2, 1, 0, 2, 2, 0, 0x80]);
        assert_eq!(integers([&[], &[1]]), [0x30, 6, 2, 1, 0, 2, 1, 1]);
    }

    proptest! {
        #[test]
        fn another_reader_finds_the_same(a in prop::collection::vec(any::<u8>(), 0..300), b in prop::collection::vec(any::<u8>(), 0..70)) {
            let der = integers([&a, &b]);
            let strip = |n: &[u8]| { let n: Vec<u8> = n.iter().copied().skip_while(|b| *b == 0).collect(); if n.is_empty() { vec![0] } else { n } };
            let mut reader = SliceReader::new(&der).unwrap();
            let found = reader.sequence(|inner| {
                let a = UintRef::decode(inner)?;
                let b = UintRef::decode(inner)?;
                Ok::<_, x509_cert::der::Error>((a.as_bytes().to_vec(), b.as_bytes().to_vec()))
            }).unwrap();
            prop_assert_eq!(found, (strip(&a), strip(&b)));
        }
    }
}
