//! The first message of each side: what they can do, encryption above all.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// The type of the packets of this phase, TLS handshakes among them.
pub(super) const PRELOGIN: u8 = 0x12;
/// The bit of a packet that ends its message.
pub(super) const END: u8 = 0x01;
pub(super) const HEADER: usize = 8;
/// The longest answer, in bytes; servers send some 50.
const LONGEST: usize = 4096;

const VERSION: u8 = 0;
const ENCRYPTION: u8 = 1;
const INSTANCE: u8 = 2;
const THREAD: u8 = 3;
const MARS: u8 = 4;
const TOKEN_REQUIRED: u8 = 6;
const TERMINATOR: u8 = 0xff;

/// What a client asks for, and a server answers, of encryption.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wish {
    /// Everything is encrypted.
    On,
    /// Everything is already: what TDS 8 says.
    Required,
    /// Nothing is.
    NotSupported,
}

/// The header of a packet.
pub(super) fn header(kind: u8, status: u8, payload: usize) -> [u8; HEADER] {
    let length = u16::try_from(HEADER + payload).unwrap_or(u16::MAX).to_be_bytes();
    [kind, status, length[0], length[1], 0, 0, 1, 0]
}

/// Sends the message; gives the whole answer, packet headers and all.
pub(super) async fn exchange<S>(stream: &mut S, wish: Wish, with_token: bool) -> io::Result<Vec<u8>>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    stream.write_all(&message(wish, with_token)).await?;
    stream.flush().await?;
    let mut answer = Vec::new();
    loop {
        let mut header = [0; HEADER];
        stream.read_exact(&mut header).await?;
        let length = usize::from(u16::from_be_bytes([header[2], header[3]]));
        let payload = length.checked_sub(HEADER).filter(|payload| answer.len() + payload <= LONGEST);
        let payload = payload.ok_or_else(|| invalid("its first answer has no good length"))?;
        answer.extend_from_slice(&header);
        let start = answer.len();
        answer.resize(start + payload, 0);
        if let Some(rest) = answer.get_mut(start..) {
            stream.read_exact(rest).await?;
        }
        if header[1] & END != 0 {
            return Ok(answer);
        }
        if payload == 0 {
            return Err(invalid("its first answer has no end"));
        }
    }
}

fn message(wish: Wish, with_token: bool) -> Vec<u8> {
    let encryption: &[u8] = match wish {
        Wish::On => &[1],
        Wish::Required => &[3],
        Wish::NotSupported => &[2],
    };
    let mut options: Vec<(u8, &[u8])> = vec![
        (VERSION, &[0x10, 0, 0, 0, 0, 0]),
        (ENCRYPTION, encryption),
        (INSTANCE, &[0]),
        (THREAD, &[0; 4]),
        (MARS, &[0]),
    ];
    if with_token {
        options.push((TOKEN_REQUIRED, &[1]));
    }
    let (mut table, mut data) = (Vec::new(), Vec::new());
    for (token, value) in &options {
        // INVARIANT: a few options of a few bytes.
        let offset = u16::try_from(options.len() * 5 + 1 + data.len()).unwrap_or_default().to_be_bytes();
        let length = u16::try_from(value.len()).unwrap_or_default().to_be_bytes();
        table.extend([*token, offset[0], offset[1], length[0], length[1]]);
        data.extend_from_slice(value);
    }
    table.push(TERMINATOR);
    table.extend(data);
    let mut packet = header(PRELOGIN, END, table.len()).to_vec();
    packet.extend(table);
    packet
}

/// Whether the server encrypts, by its answer; an answer that says nothing of it is none.
pub(super) fn encrypts(answer: &[u8]) -> io::Result<bool> {
    // The answer is one packet: servers send no more.
    let payload = answer.get(HEADER..).unwrap_or_default();
    for option in payload.chunks(5) {
        match option {
            [TERMINATOR, ..] => break,
            [ENCRYPTION, high, low, _, _] => {
                let offset = usize::from(u16::from_be_bytes([*high, *low]));
                return match payload.get(offset) {
                    Some(1 | 3) => Ok(true),
                    Some(0 | 2) => Ok(false),
                    _ => Err(invalid("its first answer says no encryption that is known")),
                };
            }
            _ => {}
        }
    }
    Err(invalid("its first answer says nothing of encryption"))
}

pub(super) fn invalid(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_asked_can_be_read() {
        for (wish, expected) in [(Wish::On, true), (Wish::Required, true), (Wish::NotSupported, false)] {
            for with_token in [true, false] {
                let message = message(wish, with_token);
                assert_eq!(encrypts(&message).unwrap(), expected);
                assert_eq!(message[..2], [PRELOGIN, END]);
                assert_eq!(usize::from(u16::from_be_bytes([message[2], message[3]])), message.len());
            }
        }
    }

    #[tokio::test]
    async fn answers_have_a_length_and_an_end() {
        for (answer, is_good) in [
            (&[4, 1, 0, 9, 0, 0, 0, 0, 0xff][..], true),
            (&[4, 0, 0, 9, 0, 0, 0, 0, 1, 4, 1, 0, 8, 0, 0, 0, 0], true),
            (&[4, 1, 0, 7, 0, 0, 0, 0], false),
            (&[4, 0, 0, 8, 0, 0, 0, 0], false),
            (&[4, 1, 0xff, 0xff, 0, 0, 0, 0], false),
            (&[4, 1, 0, 9, 0, 0, 0, 0], false),
            (b"HTTP/1.1 400 Bad Request\r\n\r\n", false),
        ] {
            let mut stream = tokio_test_stream(answer);
            assert_eq!(exchange(&mut stream, Wish::On, false).await.is_ok(), is_good, "{answer:?}");
        }
    }

    /// Takes whatever is written, and gives these bytes.
    fn tokio_test_stream(answer: &[u8]) -> impl AsyncRead + AsyncWrite + Unpin {
        tokio::io::join(io::Cursor::new(answer.to_vec()), tokio::io::sink())
    }

    proptest! {
        #[test]
        fn any_answer_is_read(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
            let _ = encrypts(&bytes);
        }
    }
}
