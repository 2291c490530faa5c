//! Expressions over the .NET types that the conformance cases do not reach.

use crate::expr::dotnet::base64::encode;
use crate::expr::{Budget, Expression, JsonHost, Library};

fn eval(library: &Library, source: &str) -> String {
    let expression = match Expression::compile(source, library) {
        Ok(expression) => expression,
        Err(errors) => return format!("refused: {errors}"),
    };
    match expression.eval(&mut JsonHost::default(), &Budget::default()) {
        Ok(value) => value.to_text().unwrap_or_else(|| "null".to_owned()),
        Err(error) => format!("throws {}", error.exception_type()),
    }
}

#[test]
fn types_answer_as_dotnet_does() {
    let library = Library::strict();
    let cases = [
        ("@(-TimeSpan.FromHours(1))", "-01:00:00"),
        ("@(TimeSpan.FromHours(2) / 4)", "00:30:00"),
        ("@(TimeSpan.ParseExact(\"01:02\", @\"hh\\:mm\", null))", "01:02:00"),
        ("@(TimeSpan.FromDays(1e10))", "throws System.OverflowException"),
        ("@((DayOfWeek)3)", "Wednesday"),
        ("@(DateTime.Parse(\"Tue, 05 Mar 2024 14:07:09 GMT\").ToString(\"o\"))", "2024-03-05T14:07:09.0000000+00:00"),
        (
            "@(DateTimeOffset.TryParseExact(\"20240305\", \"yyyyMMdd\", null, 0, out var d) ? d.ToString(\"o\") : \"no\")",
            "2024-03-05T00:00:00.0000000+00:00",
        ),
        ("@(DateTimeOffset.ParseExact(\"5.3.2024\", new[] { \"yyyy\", \"d.M.yyyy\" }, null, 0).Year)", "2024"),
        (
            "@(TimeZoneInfo.ConvertTimeBySystemTimeZoneId(new DateTime(2024, 7, 1, 12, 0, 0, DateTimeKind.Utc), \"W. Europe Standard Time\").Hour)",
            "14",
        ),
        (
            "@(TimeZoneInfo.FindSystemTimeZoneById(\"Eastern Standard Time\").GetUtcOffset(new DateTime(2024, 7, 1)))",
            "-04:00:00",
        ),
        ("@(new Guid(1, 2, 3, new byte[] { 4, 5, 6, 7, 8, 9, 10, 11 }))", "00000001-0002-0003-0405-060708090a0b"),
        ("@(Math.Abs(int.MinValue))", "throws System.OverflowException"),
        ("@(Math.Sign(double.NaN))", "throws System.ArithmeticException"),
        ("@(string.Join(\",\", decimal.GetBits(-1.5m)))", "15,0,0,-2147418112"),
        ("@(Convert.ToInt32(new object()))", "throws System.InvalidCastException"),
        ("@(Convert.ToInt32(JObject.Parse(\"{\\\"a\\\": \\\"5\\\"}\")[\"a\"]))", "5"),
        ("@(Convert.ChangeType(\"1.5\", typeof(double)))", "1.5"),
        ("@(Encoding.UTF8 == Encoding.UTF8)", "True"),
        ("@(Encoding.UTF7.GetString(Encoding.UTF7.GetBytes(\"é+\")))", "é+"),
        ("@(Uri.CheckHostName(\"a.b\"))", "Dns"),
        ("@(new Uri(new Uri(\"https://a/b/c\"), \"../d?e#f\"))", "https://a/d?e#f"),
        ("@(new Uri(\"https://a/b\").MakeRelativeUri(new Uri(\"https://a/c\")))", "c"),
        ("@(IPAddress.Parse(\"fe80::1\").AddressFamily)", "InterNetworkV6"),
        (
            "@(Regex.Escape(\"a.b\"))",
            "refused: not allowed by API Management: `Regex.Escape` is not on the list of allowed types and members",
        ),
        ("@(Regex.Match(\"abc\", \"x\").Groups.Count)", "1"),
        ("@(Regex.Match(\"aXbX\", \"X\", RegexOptions.RightToLeft).Index)", "3"),
        ("@(Regex.Match(\"😀x\", \"x\").Index)", "2"),
        ("@(Regex.Replace(\"aaa\", \"a\", m => m.Index.ToString()))", "012"),
        (
            "@(Regex.IsMatch(\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!\", \"^(a+)+$\"))",
            "throws System.TimeoutException",
        ),
        ("@(Regex.Match(\"((a)(b))\", @\"\\((?>[^()]+|\\((?<d>)|\\)(?<-d>))*(?(d)(?!))\\)\").Value)", "((a)(b))"),
        (
            "@(Convert.ToBase64String(Encoding.UTF8.GetBytes(\"hello\").Encrypt(\"TripleDES\", Enumerable.Range(1, 24).Select(i => (byte)i).ToArray(), new byte[8])))",
            "fIMO0+mgTNI=",
        ),
        (
            "@(new byte[16].Decrypt(\"Aes\", new byte[16], new byte[16]))",
            "throws System.Security.Cryptography.CryptographicException",
        ),
        (
            "@(new byte[5].Encrypt(\"Aes\", new byte[5], new byte[16]))",
            "throws System.Security.Cryptography.CryptographicException",
        ),
        ("@(HMAC.Create(\"HMACSHA256\").HashName)", "SHA256"),
        ("@(RSASignaturePadding.Pss)", "Pss"),
        (
            "@(new X509Certificate2(new byte[] { 1, 2, 3 }))",
            "throws System.Security.Cryptography.CryptographicException",
        ),
        ("@(WebUtility.HtmlDecode(\"&#x20AC;&copy;&hellip;\"))", "€©…"),
    ];
    for (source, expected) in cases {
        assert_eq!(eval(&library, source), expected, "{source}");
    }
}

/// The certificate of the tests, and the key it was made with, as base64 of their PEM text.
const CERTIFICATE: &[u8] = include_bytes!("../dotnet/certificate/test_certificate.pem");
const KEY: &[u8] = include_bytes!("../dotnet/crypto/test_key.pem");

#[test]
fn certificates_and_keys_work_together() {
    let (certificate, key) = (encode(CERTIFICATE), encode(KEY));
    let open = format!("var c = new X509Certificate2(Convert.FromBase64String(\"{certificate}\"));");
    let sign = format!(
        "var d = new byte[] {{ 1, 2, 3 }}; var r = RSA.Create(); r.ImportFromPem(Encoding.UTF8.GetString(Convert.FromBase64String(\"{key}\")));"
    );
    let library = Library::strict();
    let cases = [
        ("return c.GetNameInfo(X509NameType.SimpleName, false);", "api.example.com"),
        ("return c.Subject == c.SubjectName.Name && c.Thumbprint == c.GetCertHashString();", "True"),
        ("return c.PublicKey.Oid.FriendlyName + c.SignatureAlgorithm.FriendlyName;", "RSAsha256RSA"),
        ("return c.NotAfter > c.NotBefore && !c.HasPrivateKey && !c.Verify() && !c.VerifyNoRevocation();", "True"),
        (
            "return c.GetRSAPublicKey().VerifyData(d, r.SignData(d, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);",
            "True",
        ),
        (
            "return c.GetRSAPublicKey().VerifyData(new byte[0], r.SignData(d, HashAlgorithmName.SHA512, RSASignaturePadding.Pss), HashAlgorithmName.SHA512, RSASignaturePadding.Pss);",
            "False",
        ),
        ("return c.GetRSAPublicKey().Encrypt(d, RSAEncryptionPadding.OaepSHA256).Length;", "256"),
        (
            "return c.GetRSAPublicKey().SignData(d, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);",
            "throws System.Security.Cryptography.CryptographicException",
        ),
    ];
    for (code, expected) in cases {
        assert_eq!(eval(&library, &format!("@{{ {open} {sign} {code} }}")), expected, "{code}");
        // What a published policy does.
        let cng = "RSACng n = r as RSACng; return n.SignData(d, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1).Length + new RSACng(1024).KeySize;";
        assert_eq!(eval(&Library::lenient(), &format!("@{{ {sign} {cng} }}")), "1280");
    }
}
