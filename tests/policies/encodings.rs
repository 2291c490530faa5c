//! Bodies in other charsets than UTF-8.

use gatewright::testing::PolicyTest;

fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

fn utf16_big_endian(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_be_bytes).collect()
}

fn utf32(text: &str) -> Vec<u8> {
    text.chars().flat_map(|c| u32::from(c).to_le_bytes()).collect()
}

fn latin1(text: &str) -> Vec<u8> {
    text.chars().map(|c| u8::try_from(c).unwrap_or(b'?')).collect()
}

#[tokio::test]
async fn text_is_replaced_in_the_charset_of_the_body() {
    let charsets: [(&str, fn(&str) -> Vec<u8>); 5] = [
        ("utf-8", |text| text.into()),
        ("UTF-16", utf16),
        ("utf-16BE", utf16_big_endian),
        ("\"utf-32\"", utf32),
        ("iso-8859-1", latin1),
    ];
    for (charset, encode) in charsets {
        for (from, to, body, expected) in [
            ("é", "üü", "né é x", "nüü üü x"),
            ("a", "", "aĀa", "Ā"),
            ("漢", "x", "né?", "né?"),
            ("n", "€", "né", "€é"),
        ] {
            let text = format!(
                "<policies><inbound><find-and-replace from=\"{from}\" to=\"{to}\" /></inbound><backend><forward-request /></backend></policies>"
            );
            let outcome = PolicyTest::new(text)
                .request("POST", "/")
                .header("Content-Type", &format!("text/plain; charset={charset}"))
                .body(encode(body))
                .run()
                .await;
            assert_eq!(outcome.sent(0).body()[..], encode(expected), "{charset}: {from} in {body}");
        }
    }
}
