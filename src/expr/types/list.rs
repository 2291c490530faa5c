//! Every .NET type the engine knows: one line each.

/// How a type may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// On the allow-list, or accepted with it.
    All,
    /// Only in a lenient library.
    Lenient,
}

/// What sort of type a declaration makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Class,
    Struct,
    Interface,
    Enum,
    Delegate,
}

/// A line of the list.
#[derive(Debug)]
pub(crate) struct Decl {
    /// The full name; type parameters in angle brackets, with their variance.
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) access: Access,
    /// Base class and interfaces; for an enum its constants; for a delegate its signature.
    pub(crate) rest: &'static str,
}

macro_rules! types {
    ($($id:ident = $access:ident $kind:ident $name:literal : $rest:literal;)*) => {
        /// Names a type of the list.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u16)]
        pub(crate) enum TypeId { $($id),* }

        /// The declarations, in the order of [`TypeId`].
        pub(crate) const DECLS: &[Decl] =
            &[$(Decl { name: $name, kind: Kind::$kind, access: Access::$access, rest: $rest }),*];

        impl TypeId {
            /// All types.
            pub(crate) const ALL: &[Self] = &[$(Self::$id),*];
        }
    };
}

impl TypeId {
    /// The line that declares it.
    pub(crate) fn decl(self) -> &'static Decl {
        &DECLS[self as usize]
    }

    /// Whether it is the type of a tuple such as `(1, "a")`.
    pub(crate) fn is_value_tuple(self) -> bool {
        use TypeId::*;
        matches!(self, ValueTuple2 | ValueTuple3 | ValueTuple4 | ValueTuple5 | ValueTuple6 | ValueTuple7)
    }

    /// The type of a full name without type parameters.
    pub(crate) fn named(full_name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|id| id.decl().name == full_name)
    }
}

types! {
    Object = All Class "System.Object": "";
    ValueType = All Class "System.ValueType": "";
    String = All Class "System.String": "IEnumerable<char>, IComparable<string>, IComparable";
    Boolean = All Struct "System.Boolean": "IComparable<bool>, IComparable";
    Char = All Struct "System.Char": "IComparable<char>, IComparable";
    SByte = All Struct "System.SByte": "IComparable<sbyte>, IComparable, IFormattable";
    Byte = All Struct "System.Byte": "IComparable<byte>, IComparable, IFormattable";
    Int16 = All Struct "System.Int16": "IComparable<short>, IComparable, IFormattable";
    UInt16 = All Struct "System.UInt16": "IComparable<ushort>, IComparable, IFormattable";
    Int32 = All Struct "System.Int32": "IComparable<int>, IComparable, IFormattable";
    UInt32 = All Struct "System.UInt32": "IComparable<uint>, IComparable, IFormattable";
    Int64 = All Struct "System.Int64": "IComparable<long>, IComparable, IFormattable";
    UInt64 = All Struct "System.UInt64": "IComparable<ulong>, IComparable, IFormattable";
    Single = All Struct "System.Single": "IComparable<float>, IComparable, IFormattable";
    Double = All Struct "System.Double": "IComparable<double>, IComparable, IFormattable";
    Decimal = All Struct "System.Decimal": "IComparable<decimal>, IComparable, IFormattable";
    BigInteger = Lenient Struct "System.Numerics.BigInteger": "IComparable, IFormattable";
    DateTime = All Struct "System.DateTime": "IComparable<DateTime>, IComparable, IFormattable";
    DateTimeOffset = All Struct "System.DateTimeOffset": "IComparable<DateTimeOffset>, IComparable, IFormattable";
    TimeSpan = All Struct "System.TimeSpan": "IComparable<TimeSpan>, IComparable, IFormattable";
    Guid = All Struct "System.Guid": "IComparable<Guid>, IComparable, IFormattable";
    DateTimeKind = All Enum "System.DateTimeKind": "Unspecified=0, Utc=1, Local=2";
    DayOfWeek = All Enum "System.DayOfWeek": "Sunday=0, Monday=1, Tuesday=2, Wednesday=3, Thursday=4, Friday=5, Saturday=6";
    StringComparison = All Enum "System.StringComparison":
        "CurrentCulture=0, CurrentCultureIgnoreCase=1, InvariantCulture=2, InvariantCultureIgnoreCase=3, Ordinal=4, OrdinalIgnoreCase=5";
    StringSplitOptions = All Enum "System.StringSplitOptions": "flags None=0, RemoveEmptyEntries=1";
    MidpointRounding = All Enum "System.MidpointRounding": "ToEven=0, AwayFromZero=1";
    UriPartial = All Enum "System.UriPartial": "Scheme=0, Authority=1, Path=2, Query=3";
    UriKind = Lenient Enum "System.UriKind": "RelativeOrAbsolute=0, Absolute=1, Relative=2";
    UriComponents = Lenient Enum "System.UriComponents":
        "flags Scheme=1, UserInfo=2, Host=4, Port=8, Path=16, Query=32, Fragment=64, StrongPort=128, NormalizedHost=256, KeepDelimiter=1073741824, SerializationInfoString=-2147483648, AbsoluteUri=127, HostAndPort=132, StrongAuthority=134, SchemeAndServer=13, HttpRequestUrl=61, PathAndQuery=48";
    UriFormat = Lenient Enum "System.UriFormat": "UriEscaped=1, Unescaped=2, SafeUnescaped=3";
    UriHostNameType = Lenient Enum "System.UriHostNameType": "Unknown=0, Basic=1, Dns=2, IPv4=3, IPv6=4";
    TypeCode = Lenient Enum "System.TypeCode":
        "Empty=0, Object=1, DBNull=2, Boolean=3, Char=4, SByte=5, Byte=6, Int16=7, UInt16=8, Int32=9, UInt32=10, Int64=11, UInt64=12, Single=13, Double=14, Decimal=15, DateTime=16, String=18";
    Base64FormattingOptions = Lenient Enum "System.Base64FormattingOptions": "flags None=0, InsertLineBreaks=1";
    NormalizationForm = Lenient Enum "System.Text.NormalizationForm": "FormC=1, FormD=2, FormKC=5, FormKD=6";
    Enum = All Class "System.Enum": "ValueType, IComparable, IFormattable";
    Array = All Class "System.Array": "System.Collections.IEnumerable";
    Type = All Class "System.Type": "";
    MethodBase = Lenient Class "System.Reflection.MethodBase": "";
    IntPtr = Lenient Struct "System.IntPtr": "";
    Nullable = All Class "System.Nullable": "";
    NullableOf = All Struct "System.Nullable<T>": "";
    Math = All Class "System.Math": "";
    DBNull = Lenient Class "System.DBNull": "";
    Convert = All Class "System.Convert": "";
    BitConverter = All Class "System.BitConverter": "";
    Random = All Class "System.Random": "";
    StringComparer = All Class "System.StringComparer": "IEqualityComparer<string>, IComparer<string>";
    TimeZone = All Class "System.TimeZone": "";
    TimeZoneInfo = All Class "System.TimeZoneInfo": "";
    Uri = All Class "System.Uri": "";
    Tuple = All Class "System.Tuple": "";
    Tuple1 = All Class "System.Tuple<T1>": "IComparable";
    Tuple2 = All Class "System.Tuple<T1, T2>": "IComparable";
    Tuple3 = All Class "System.Tuple<T1, T2, T3>": "IComparable";
    Tuple4 = All Class "System.Tuple<T1, T2, T3, T4>": "IComparable";
    Tuple5 = All Class "System.Tuple<T1, T2, T3, T4, T5>": "IComparable";
    Tuple6 = All Class "System.Tuple<T1, T2, T3, T4, T5, T6>": "IComparable";
    Tuple7 = All Class "System.Tuple<T1, T2, T3, T4, T5, T6, T7>": "IComparable";
    Tuple8 = All Class "System.Tuple<T1, T2, T3, T4, T5, T6, T7, TRest>": "IComparable";
    ValueTuple2 = Lenient Struct "System.ValueTuple<T1, T2>": "IComparable";
    ValueTuple3 = Lenient Struct "System.ValueTuple<T1, T2, T3>": "IComparable";
    ValueTuple4 = Lenient Struct "System.ValueTuple<T1, T2, T3, T4>": "IComparable";
    ValueTuple5 = Lenient Struct "System.ValueTuple<T1, T2, T3, T4, T5>": "IComparable";
    ValueTuple6 = Lenient Struct "System.ValueTuple<T1, T2, T3, T4, T5, T6>": "IComparable";
    ValueTuple7 = Lenient Struct "System.ValueTuple<T1, T2, T3, T4, T5, T6, T7>": "IComparable";
    IComparable = All Interface "System.IComparable": "";
    IComparableOf = All Interface "System.IComparable<in T>": "";
    IFormattable = All Interface "System.IFormattable": "";
    IFormatProvider = Lenient Interface "System.IFormatProvider": "";
    CultureInfo = Lenient Class "System.Globalization.CultureInfo": "IFormatProvider";
    NumberStyles = Lenient Enum "System.Globalization.NumberStyles":
        "flags None=0, AllowLeadingWhite=1, AllowTrailingWhite=2, AllowLeadingSign=4, AllowTrailingSign=8, AllowParentheses=16, AllowDecimalPoint=32, AllowThousands=64, AllowExponent=128, AllowCurrencySymbol=256, AllowHexSpecifier=512, Integer=7, HexNumber=515, Number=111, Float=167, Currency=383, Any=511";
    DateTimeStyles = Lenient Enum "System.Globalization.DateTimeStyles":
        "flags None=0, AllowLeadingWhite=1, AllowTrailingWhite=2, AllowInnerWhite=4, AllowWhiteSpaces=7, NoCurrentDateDefault=8, AdjustToUniversal=16, AssumeLocal=32, AssumeUniversal=64, RoundtripKind=128";
    UnicodeCategory = Lenient Enum "System.Globalization.UnicodeCategory":
        "UppercaseLetter=0, LowercaseLetter=1, TitlecaseLetter=2, ModifierLetter=3, OtherLetter=4, NonSpacingMark=5, SpacingCombiningMark=6, EnclosingMark=7, DecimalDigitNumber=8, LetterNumber=9, OtherNumber=10, SpaceSeparator=11, LineSeparator=12, ParagraphSeparator=13, Control=14, Format=15, Surrogate=16, PrivateUse=17, ConnectorPunctuation=18, DashPunctuation=19, OpenPunctuation=20, ClosePunctuation=21, InitialQuotePunctuation=22, FinalQuotePunctuation=23, OtherPunctuation=24, MathSymbol=25, CurrencySymbol=26, ModifierSymbol=27, OtherSymbol=28, OtherNotAssigned=29";
    AdjustmentRule = All Class "System.TimeZoneInfo.AdjustmentRule": "";
    TransitionTime = All Struct "System.TimeZoneInfo.TransitionTime": "";
    DaylightTime = Lenient Class "System.Globalization.DaylightTime": "";
    IDisposable = All Interface "System.IDisposable": "";
    Delegate = All Class "System.Delegate": "";

    Func1 = All Delegate "System.Func<out R>": "R()";
    Func2 = All Delegate "System.Func<in T1, out R>": "R(T1 arg)";
    Func3 = All Delegate "System.Func<in T1, in T2, out R>": "R(T1 arg1, T2 arg2)";
    Func4 = All Delegate "System.Func<in T1, in T2, in T3, out R>": "R(T1 arg1, T2 arg2, T3 arg3)";
    Func5 = All Delegate "System.Func<in T1, in T2, in T3, in T4, out R>": "R(T1 arg1, T2 arg2, T3 arg3, T4 arg4)";
    Func6 = All Delegate "System.Func<in T1, in T2, in T3, in T4, in T5, out R>":
        "R(T1 arg1, T2 arg2, T3 arg3, T4 arg4, T5 arg5)";
    Action0 = All Delegate "System.Action": "void()";
    Action1 = All Delegate "System.Action<in T1>": "void(T1 obj)";
    Action2 = All Delegate "System.Action<in T1, in T2>": "void(T1 arg1, T2 arg2)";
    Action3 = All Delegate "System.Action<in T1, in T2, in T3>": "void(T1 arg1, T2 arg2, T3 arg3)";
    Action4 = All Delegate "System.Action<in T1, in T2, in T3, in T4>": "void(T1 arg1, T2 arg2, T3 arg3, T4 arg4)";
    Predicate = All Delegate "System.Predicate<in T>": "bool(T obj)";
    Comparison = All Delegate "System.Comparison<in T>": "int(T x, T y)";
    Converter = All Delegate "System.Converter<in T, out R>": "R(T input)";
    MatchEvaluator = All Delegate "System.Text.RegularExpressions.MatchEvaluator": "string(Match match)";

    Exception = All Class "System.Exception": "";
    SystemException = Lenient Class "System.SystemException": "Exception";
    NullReferenceException = Lenient Class "System.NullReferenceException": "SystemException";
    IndexOutOfRangeException = Lenient Class "System.IndexOutOfRangeException": "SystemException";
    InvalidCastException = Lenient Class "System.InvalidCastException": "SystemException";
    InvalidOperationException = Lenient Class "System.InvalidOperationException": "SystemException";
    NotSupportedException = Lenient Class "System.NotSupportedException": "SystemException";
    NotImplementedException = Lenient Class "System.NotImplementedException": "SystemException";
    FormatException = Lenient Class "System.FormatException": "SystemException";
    UriFormatException = Lenient Class "System.UriFormatException": "FormatException";
    ArithmeticException = Lenient Class "System.ArithmeticException": "SystemException";
    OverflowException = Lenient Class "System.OverflowException": "ArithmeticException";
    DivideByZeroException = Lenient Class "System.DivideByZeroException": "ArithmeticException";
    ArgumentException = Lenient Class "System.ArgumentException": "SystemException";
    ArgumentNullException = Lenient Class "System.ArgumentNullException": "ArgumentException";
    ArgumentOutOfRangeException = Lenient Class "System.ArgumentOutOfRangeException": "ArgumentException";
    ArrayTypeMismatchException = Lenient Class "System.ArrayTypeMismatchException": "SystemException";
    RankException = Lenient Class "System.RankException": "SystemException";
    OutOfMemoryException = Lenient Class "System.OutOfMemoryException": "SystemException";
    ObjectDisposedException = Lenient Class "System.ObjectDisposedException": "InvalidOperationException";
    TimeoutException = Lenient Class "System.TimeoutException": "SystemException";
    AggregateException = Lenient Class "System.AggregateException": "Exception";
    ApplicationException = Lenient Class "System.ApplicationException": "Exception";
    KeyNotFoundException = Lenient Class "System.Collections.Generic.KeyNotFoundException": "SystemException";
    EncoderFallbackException = Lenient Class "System.Text.EncoderFallbackException": "ArgumentException";
    DecoderFallbackException = Lenient Class "System.Text.DecoderFallbackException": "ArgumentException";
    TimeZoneNotFoundException = Lenient Class "System.TimeZoneNotFoundException": "Exception";
    RegexMatchTimeoutException = Lenient Class "System.Text.RegularExpressions.RegexMatchTimeoutException": "TimeoutException";
    CryptographicException = Lenient Class "System.Security.Cryptography.CryptographicException": "SystemException";
    XmlException = Lenient Class "System.Xml.XmlException": "SystemException";
    XPathException = Lenient Class "System.Xml.XPath.XPathException": "SystemException";
    JsonException = Lenient Class "Newtonsoft.Json.JsonException": "Exception";
    JsonReaderException = Lenient Class "Newtonsoft.Json.JsonReaderException": "JsonException";
    JsonWriterException = Lenient Class "Newtonsoft.Json.JsonWriterException": "JsonException";
    JsonSerializationException = Lenient Class "Newtonsoft.Json.JsonSerializationException": "JsonException";

    PlainIEnumerable = All Interface "System.Collections.IEnumerable": "";
    IEnumerable = All Interface "System.Collections.Generic.IEnumerable<out T>": "System.Collections.IEnumerable";
    IEnumerator = All Interface "System.Collections.Generic.IEnumerator<out T>": "IDisposable";
    ICollection = All Interface "System.Collections.Generic.ICollection<T>": "IEnumerable<T>";
    IList = All Interface "System.Collections.Generic.IList<T>": "ICollection<T>";
    IReadOnlyCollection = All Interface "System.Collections.Generic.IReadOnlyCollection<out T>": "IEnumerable<T>";
    IReadOnlyList = All Interface "System.Collections.Generic.IReadOnlyList<out T>": "IReadOnlyCollection<T>";
    ISet = All Interface "System.Collections.Generic.ISet<T>": "ICollection<T>";
    IDictionary = All Interface "System.Collections.Generic.IDictionary<K, V>": "ICollection<KeyValuePair<K, V>>";
    IReadOnlyDictionary = All Interface "System.Collections.Generic.IReadOnlyDictionary<K, V>":
        "IReadOnlyCollection<KeyValuePair<K, V>>";
    IEqualityComparer = All Interface "System.Collections.Generic.IEqualityComparer<in T>": "";
    IComparer = All Interface "System.Collections.Generic.IComparer<in T>": "";
    EqualityComparer = Lenient Class "System.Collections.Generic.EqualityComparer<T>": "IEqualityComparer<T>";
    Comparer = Lenient Class "System.Collections.Generic.Comparer<T>": "IComparer<T>";
    List = All Class "System.Collections.Generic.List<T>": "IList<T>, IReadOnlyList<T>";
    Dictionary = All Class "System.Collections.Generic.Dictionary<K, V>": "IDictionary<K, V>, IReadOnlyDictionary<K, V>";
    KeyCollection = All Class "System.Collections.Generic.Dictionary.KeyCollection<K, V>": "ICollection<K>, IReadOnlyCollection<K>";
    ValueCollection = All Class "System.Collections.Generic.Dictionary.ValueCollection<K, V>": "ICollection<V>, IReadOnlyCollection<V>";
    HashSet = All Class "System.Collections.Generic.HashSet<T>": "ISet<T>, IReadOnlyCollection<T>";
    Queue = All Class "System.Collections.Generic.Queue<T>": "IReadOnlyCollection<T>";
    Stack = All Class "System.Collections.Generic.Stack<T>": "IReadOnlyCollection<T>";
    KeyValuePair = All Struct "System.Collections.Generic.KeyValuePair<K, V>": "";
    ReadOnlyCollection = All Class "System.Collections.ObjectModel.ReadOnlyCollection<T>": "IList<T>, IReadOnlyList<T>";
    Enumerable = All Class "System.Linq.Enumerable": "";
    IGrouping = All Interface "System.Linq.IGrouping<out K, out T>": "IEnumerable<T>";
    ILookup = All Interface "System.Linq.ILookup<K, T>": "IEnumerable<IGrouping<K, T>>";
    Lookup = All Class "System.Linq.Lookup<K, T>": "ILookup<K, T>";
    IOrderedEnumerable = All Interface "System.Linq.IOrderedEnumerable<out T>": "IEnumerable<T>";
    CollectionExtensions = All Class "System.Collections.Generic.CollectionExtensions": "";

    StringBuilder = All Class "System.Text.StringBuilder": "";
    Encoding = All Class "System.Text.Encoding": "";
    UTF8Encoding = Lenient Class "System.Text.UTF8Encoding": "Encoding";
    EncodingInfo = Lenient Class "System.Text.EncodingInfo": "";
    Encoder = Lenient Class "System.Text.Encoder": "";
    Decoder = Lenient Class "System.Text.Decoder": "";
    StringReader = All Class "System.IO.StringReader": "IDisposable";
    StringWriter = All Class "System.IO.StringWriter": "IDisposable";
    WebUtility = All Class "System.Net.WebUtility": "";
    IPAddress = All Class "System.Net.IPAddress": "";
    AddressFamily = Lenient Enum "System.Net.Sockets.AddressFamily": "Unspecified=0, InterNetwork=2, InterNetworkV6=23";

    Regex = All Class "System.Text.RegularExpressions.Regex": "";
    RegexOptions = All Enum "System.Text.RegularExpressions.RegexOptions":
        "flags None=0, IgnoreCase=1, Multiline=2, ExplicitCapture=4, Compiled=8, Singleline=16, IgnorePatternWhitespace=32, RightToLeft=64, ECMAScript=256, CultureInvariant=512";
    Capture = All Class "System.Text.RegularExpressions.Capture": "";
    Group = All Class "System.Text.RegularExpressions.Group": "Capture";
    Match = All Class "System.Text.RegularExpressions.Match": "Group";
    MatchCollection = All Class "System.Text.RegularExpressions.MatchCollection": "System.Collections.IEnumerable";
    GroupCollection = All Class "System.Text.RegularExpressions.GroupCollection": "System.Collections.IEnumerable";
    CaptureCollection = All Class "System.Text.RegularExpressions.CaptureCollection": "System.Collections.IEnumerable";

    AsymmetricAlgorithm = All Class "System.Security.Cryptography.AsymmetricAlgorithm": "IDisposable";
    SymmetricAlgorithm = All Class "System.Security.Cryptography.SymmetricAlgorithm": "IDisposable";
    Aes = Lenient Class "System.Security.Cryptography.Aes": "SymmetricAlgorithm";
    TripleDES = Lenient Class "System.Security.Cryptography.TripleDES": "SymmetricAlgorithm";
    CipherMode = All Enum "System.Security.Cryptography.CipherMode": "CBC=1, ECB=2, OFB=3, CFB=4, CTS=5";
    PaddingMode = All Enum "System.Security.Cryptography.PaddingMode": "None=1, PKCS7=2, Zeros=3, ANSIX923=4, ISO10126=5";
    CryptoTransform = Lenient Interface "System.Security.Cryptography.ICryptoTransform": "IDisposable";
    KeySizes = Lenient Class "System.Security.Cryptography.KeySizes": "";
    HashAlgorithm = All Class "System.Security.Cryptography.HashAlgorithm": "IDisposable";
    HashAlgorithmName = All Struct "System.Security.Cryptography.HashAlgorithmName": "";
    KeyedHashAlgorithm = All Class "System.Security.Cryptography.KeyedHashAlgorithm": "HashAlgorithm";
    Hmac = All Class "System.Security.Cryptography.HMAC": "KeyedHashAlgorithm";
    HmacMd5 = All Class "System.Security.Cryptography.HMACMD5": "HMAC";
    HmacSha1 = All Class "System.Security.Cryptography.HMACSHA1": "HMAC";
    HmacSha256 = All Class "System.Security.Cryptography.HMACSHA256": "HMAC";
    HmacSha384 = All Class "System.Security.Cryptography.HMACSHA384": "HMAC";
    HmacSha512 = All Class "System.Security.Cryptography.HMACSHA512": "HMAC";
    Md5 = All Class "System.Security.Cryptography.MD5": "HashAlgorithm";
    Sha1 = All Class "System.Security.Cryptography.SHA1": "HashAlgorithm";
    Sha256 = All Class "System.Security.Cryptography.SHA256": "HashAlgorithm";
    Sha384 = All Class "System.Security.Cryptography.SHA384": "HashAlgorithm";
    Sha512 = All Class "System.Security.Cryptography.SHA512": "HashAlgorithm";
    Sha1Managed = All Class "System.Security.Cryptography.SHA1Managed": "SHA1";
    Sha256Managed = All Class "System.Security.Cryptography.SHA256Managed": "SHA256";
    Sha384Managed = All Class "System.Security.Cryptography.SHA384Managed": "SHA384";
    Sha512Managed = All Class "System.Security.Cryptography.SHA512Managed": "SHA512";
    AsnEncodedData = Lenient Class "System.Security.Cryptography.AsnEncodedData": "";
    OidGroup = Lenient Enum "System.Security.Cryptography.OidGroup":
        "All=0, HashAlgorithm=1, EncryptionAlgorithm=2, PublicKeyAlgorithm=3, SignatureAlgorithm=4, Attribute=5, ExtensionOrAttribute=6, EnhancedKeyUsage=7, Policy=8, Template=9, KeyDerivationFunction=10";
    Oid = All Class "System.Security.Cryptography.Oid": "";
    RngCryptoServiceProvider = All Class "System.Security.Cryptography.RNGCryptoServiceProvider": "IDisposable";
    Rsa = All Class "System.Security.Cryptography.RSA": "AsymmetricAlgorithm";
    RsaCng = Lenient Class "System.Security.Cryptography.RSACng": "RSA";
    RsaEncryptionPadding = All Class "System.Security.Cryptography.RSAEncryptionPadding": "";
    RsaParameters = Lenient Struct "System.Security.Cryptography.RSAParameters": "";
    RsaEncryptionPaddingMode = Lenient Enum "System.Security.Cryptography.RSAEncryptionPaddingMode": "Pkcs1=0, Oaep=1";
    RsaSignaturePaddingMode = Lenient Enum "System.Security.Cryptography.RSASignaturePaddingMode": "Pkcs1=0, Pss=1";
    RsaSignaturePadding = All Class "System.Security.Cryptography.RSASignaturePadding": "";
    PublicKey = All Class "System.Security.Cryptography.X509Certificates.PublicKey": "";
    RsaCertificateExtensions = All Class "System.Security.Cryptography.X509Certificates.RSACertificateExtensions": "";
    X509Certificate = All Class "System.Security.Cryptography.X509Certificates.X509Certificate": "IDisposable";
    X509Certificate2 = All Class "System.Security.Cryptography.X509Certificates.X509Certificate2": "X509Certificate";
    X509Extension = Lenient Class "System.Security.Cryptography.X509Certificates.X509Extension": "AsnEncodedData";
    X509ExtensionCollection = Lenient Class
        "System.Security.Cryptography.X509Certificates.X509ExtensionCollection": "System.Collections.IEnumerable";
    X509KeyStorageFlags = Lenient Enum "System.Security.Cryptography.X509Certificates.X509KeyStorageFlags":
        "flags DefaultKeySet=0, UserKeySet=1, MachineKeySet=2, Exportable=4, UserProtected=8, PersistKeySet=16, EphemeralKeySet=32";
    X509ContentType = All Enum "System.Security.Cryptography.X509Certificates.X509ContentType":
        "Unknown=0, Cert=1, SerializedCert=2, Pfx=3, Pkcs12=3, SerializedStore=4, Pkcs7=5, Authenticode=6";
    X509NameType = All Enum "System.Security.Cryptography.X509Certificates.X509NameType":
        "SimpleName=0, EmailName=1, UpnName=2, DnsName=3, DnsFromAlternativeName=4, UrlName=5";
    X500DistinguishedName = All Class "System.Security.Cryptography.X509Certificates.X500DistinguishedName": "";

    JFormatting = All Enum "Newtonsoft.Json.Formatting": "None=0, Indented=1";
    JsonConvert = All Class "Newtonsoft.Json.JsonConvert": "";
    JExtensions = All Class "Newtonsoft.Json.Linq.Extensions": "";
    JToken = All Class "Newtonsoft.Json.Linq.JToken": "IJEnumerable<JToken>";
    JContainer = All Class "Newtonsoft.Json.Linq.JContainer": "JToken, IList<JToken>";
    JObject = All Class "Newtonsoft.Json.Linq.JObject": "JContainer, IDictionary<string, JToken>";
    JArray = All Class "Newtonsoft.Json.Linq.JArray": "JContainer, IList<JToken>";
    JConstructor = All Class "Newtonsoft.Json.Linq.JConstructor": "JContainer";
    JProperty = All Class "Newtonsoft.Json.Linq.JProperty": "JContainer";
    JValue = All Class "Newtonsoft.Json.Linq.JValue": "JToken, IComparable, IFormattable";
    JRaw = All Class "Newtonsoft.Json.Linq.JRaw": "JValue";
    JsonReader = Lenient Class "Newtonsoft.Json.JsonReader": "IDisposable";
    JsonWriter = Lenient Class "Newtonsoft.Json.JsonWriter": "IDisposable";
    JsonSerializer = Lenient Class "Newtonsoft.Json.JsonSerializer": "";
    JsonSerializerSettings = Lenient Class "Newtonsoft.Json.JsonSerializerSettings": "";
    JsonConverter = Lenient Class "Newtonsoft.Json.JsonConverter": "";
    JsonLoadSettings = Lenient Class "Newtonsoft.Json.Linq.JsonLoadSettings": "";
    JsonMergeSettings = Lenient Class "Newtonsoft.Json.Linq.JsonMergeSettings": "";
    JTokenEqualityComparer = Lenient Class "Newtonsoft.Json.Linq.JTokenEqualityComparer": "IEqualityComparer<JToken>";
    IJEnumerable = All Interface "Newtonsoft.Json.Linq.IJEnumerable<out T>": "IEnumerable<T>";
    JTokenType = All Enum "Newtonsoft.Json.Linq.JTokenType":
        "None=0, Object=1, Array=2, Constructor=3, Property=4, Comment=5, Integer=6, Float=7, String=8, Boolean=9, Null=10, Undefined=11, Date=12, Raw=13, Bytes=14, Guid=15, Uri=16, TimeSpan=17";

    XExtensions = All Class "System.Xml.Linq.Extensions": "";
    XObject = All Class "System.Xml.Linq.XObject": "";
    XNode = All Class "System.Xml.Linq.XNode": "XObject";
    XContainer = All Class "System.Xml.Linq.XContainer": "XNode";
    XElement = All Class "System.Xml.Linq.XElement": "XContainer";
    XDocument = All Class "System.Xml.Linq.XDocument": "XContainer";
    XAttribute = All Class "System.Xml.Linq.XAttribute": "XObject";
    XText = All Class "System.Xml.Linq.XText": "XNode";
    XCData = All Class "System.Xml.Linq.XCData": "XText";
    XComment = All Class "System.Xml.Linq.XComment": "XNode";
    XDeclaration = All Class "System.Xml.Linq.XDeclaration": "";
    XDocumentType = All Class "System.Xml.Linq.XDocumentType": "XNode";
    XProcessingInstruction = All Class "System.Xml.Linq.XProcessingInstruction": "XNode";
    XName = All Class "System.Xml.Linq.XName": "";
    XNamespace = All Class "System.Xml.Linq.XNamespace": "";
    XNodeDocumentOrderComparer = All Class "System.Xml.Linq.XNodeDocumentOrderComparer": "IComparer<XNode>";
    XNodeEqualityComparer = All Class "System.Xml.Linq.XNodeEqualityComparer": "IEqualityComparer<XNode>";
    XmlNodeType = All Enum "System.Xml.XmlNodeType":
        "None=0, Element=1, Attribute=2, Text=3, CDATA=4, EntityReference=5, Entity=6, ProcessingInstruction=7, Comment=8, Document=9, DocumentType=10, DocumentFragment=11, Notation=12, Whitespace=13, SignificantWhitespace=14, EndElement=15, EndEntity=16, XmlDeclaration=17";
    XmlReader = Lenient Class "System.Xml.XmlReader": "IDisposable";
    XmlReaderSettings = Lenient Class "System.Xml.XmlReaderSettings": "";
    DtdProcessing = Lenient Enum "System.Xml.DtdProcessing": "Prohibit=0, Ignore=1, Parse=2";
    XmlResolver = Lenient Class "System.Xml.XmlResolver": "";
    XmlNode = Lenient Class "System.Xml.XmlNode": "System.Collections.IEnumerable";
    XmlDocument = Lenient Class "System.Xml.XmlDocument": "XmlNode";
    XmlElement = Lenient Class "System.Xml.XmlElement": "XmlNode";
    XmlAttribute = Lenient Class "System.Xml.XmlAttribute": "XmlNode";
    XmlCharacterData = Lenient Class "System.Xml.XmlCharacterData": "XmlNode";
    XmlText = Lenient Class "System.Xml.XmlText": "XmlCharacterData";
    XmlCDataSection = Lenient Class "System.Xml.XmlCDataSection": "XmlCharacterData";
    XmlComment = Lenient Class "System.Xml.XmlComment": "XmlCharacterData";
    XmlDeclaration = Lenient Class "System.Xml.XmlDeclaration": "XmlNode";
    XmlDocumentType = Lenient Class "System.Xml.XmlDocumentType": "XmlNode";
    XmlProcessingInstruction = Lenient Class "System.Xml.XmlProcessingInstruction": "XmlNode";
    XmlNodeList = Lenient Class "System.Xml.XmlNodeList": "System.Collections.IEnumerable";
    XmlNamedNodeMap = Lenient Class "System.Xml.XmlNamedNodeMap": "System.Collections.IEnumerable";
    XmlAttributeCollection = Lenient Class "System.Xml.XmlAttributeCollection": "XmlNamedNodeMap";
    XmlNameTable = Lenient Class "System.Xml.XmlNameTable": "";
    NameTable = Lenient Class "System.Xml.NameTable": "XmlNameTable";
    XmlNamespaceManager = Lenient Class "System.Xml.XmlNamespaceManager": "";
    XmlWriter = Lenient Class "System.Xml.XmlWriter": "IDisposable";
    LoadOptions = Lenient Enum "System.Xml.Linq.LoadOptions":
        "flags None=0, PreserveWhitespace=1, SetBaseUri=2, SetLineInfo=4";
    SaveOptions = Lenient Enum "System.Xml.Linq.SaveOptions": "flags None=0, DisableFormatting=1, OmitDuplicateNamespaces=2";

    IExpressionContext = All Interface "IExpressionContext": "";
    IApi = All Interface "IApi": "";
    IContextApi = All Interface "IContextApi": "IApi";
    IBackend = All Interface "IBackend": "";
    BackendType = All Enum "BackendType": "Single=0, Pool=1";
    IDeployment = All Interface "IDeployment": "";
    IGateway = All Interface "IGateway": "";
    ISustainabilityInfo = All Interface "ISustainabilityInfo": "";
    CarbonIntensityCategory = All Enum "CarbonIntensityCategory":
        "NotAvailable=0, VeryLow=1, Low=2, Medium=3, High=4, VeryHigh=5";
    IFoundry = All Interface "IFoundry": "";
    IGraphQL = All Interface "IGraphQL": "";
    IGraphQLDataObject = All Interface "IGraphQLDataObject": "";
    IGroup = All Interface "IGroup": "";
    ILastError = All Interface "ILastError": "";
    IMessageBody = All Interface "IMessageBody": "";
    IOperation = All Interface "IOperation": "";
    IPrivateEndpointConnection = All Interface "IPrivateEndpointConnection": "";
    IProduct = All Interface "IProduct": "";
    ProductState = All Enum "ProductState": "NotPublished=0, Published=1";
    IRequest = All Interface "IRequest": "";
    IResponse = All Interface "IResponse": "";
    ISubscription = All Interface "ISubscription": "";
    ISubscriptionKeyParameterNames = All Interface "ISubscriptionKeyParameterNames": "";
    IUrl = All Interface "IUrl": "";
    IUser = All Interface "IUser": "";
    IUserIdentity = All Interface "IUserIdentity": "";
    IWorkspace = All Interface "IWorkspace": "";
    Authorization = All Class "Authorization": "";
    BasicAuthCredentials = All Class "BasicAuthCredentials": "";
    Jwt = All Class "Jwt": "";
    ContextExtensions = All Class "ContextExtensions": "";
}
