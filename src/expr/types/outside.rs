//! What .NET has and API Management does not allow, known by name so that it is refused for the right reason.

use super::list::TypeId;

/// Types of .NET and Json.NET that people try, by their simple names, in order.
const TYPES: &str = "\
    ASCIIEncoding AccessViolationException Activator Activity AesCcm AesCryptoServiceProvider AesGcm AesManaged \
    AppContext AppDomain ArrayList ArrayPool ArraySegment Assembly AssemblyName AsymmetricSignatureFormatter \
    Attribute AuthenticationHeaderValue AutoResetEvent BadImageFormatException Barrier BinaryFormatter \
    BinaryPrimitives BinaryReader BinaryWriter BindingFlags BitArray BlockingCollection Buffer BufferedStream \
    Calendar CamelCasePropertyNamesContractResolver CancellationToken CancellationTokenSource CertificateRequest \
    ChaCha20Poly1305 CngKey CodePagesEncodingProvider Collection CollectionBase CommentHandling CompareInfo \
    CompareOptions Complex ConcurrentBag ConcurrentDictionary ConcurrentQueue ConcurrentStack \
    ConfigurationManager Console ConstructorInfo ContentInfo Cookie CookieCollection CookieContainer \
    CredentialCache CryptoConfig CryptoStream CryptoStreamMode CryptographicOperations CspParameters  DES \
    DESCryptoServiceProvider DSA DSACertificateExtensions DSACng DSACryptoServiceProvider DSAParameters \
    DataColumn DataContractJsonSerializer DataContractSerializer DataRow DataSet DataTable DateFormatHandling \
    DateParseHandling DateTimeFormatInfo DateTimeZoneHandling Debug Debugger DecoderFallback \
    DecoderReplacementFallback DefaultContractResolver DefaultValueHandling DeflateStream DictionaryBase \
    DictionaryEntry Directory DirectoryInfo DirectoryNotFoundException Dns DriveInfo \
    DuplicatePropertyNameHandling ECCurve ECDiffieHellman ECDiffieHellmanCng ECDsa ECDsaCertificateExtensions \
    ECDsaCng ECParameters EncoderFallback EncoderReplacementFallback EncodingProvider EndOfStreamException \
    EnumerableQuery EnvelopedCms Environment EventArgs EventLog FieldInfo File FileAccess FileInfo FileMode \
    FileNotFoundException FileStream FileVersionInfo FloatFormatHandling FloatParseHandling \
    FormUrlEncodedContent FormattableString GC GCHandle GZipStream GregorianCalendar HKDF HMACRIPEMD160 \
    HMACSHA3_256 HMACSHA3_384 HMACSHA3_512 HashCode Hashtable HttpClient HttpClientHandler HttpContent \
    HttpContext HttpListener HttpMethod HttpRequest HttpRequestException HttpRequestHeader HttpRequestMessage \
    HttpResponse HttpResponseHeader HttpResponseMessage HttpStatusCode HttpUtility HttpWebRequest \
    HttpWebResponse HybridDictionary IAsyncResult ICloneable ICollection IConvertible ICustomFormatter \
    IDictionary IEnumerator IList IOException IObservable IObserver IOrderedQueryable IPEndPoint IPHostEntry \
    IQueryable IdnMapping ImmutableArray ImmutableDictionary ImmutableHashSet ImmutableList Index Interlocked \
    InvalidDataException InvalidProgramException InvalidTimeZoneException IsoDateTimeConverter \
    JPropertyDescriptor JSchema JTokenReader JTokenWriter JavaScriptSerializer JsonArray JsonDocument \
    JsonElement JsonNode JsonObject JsonProperty JsonPropertyAttribute  JsonSchema  \
    JsonSerializerOptions JsonTextReader JsonTextWriter JsonValue JsonValueKind  KeyedCollection Lazy \
    LineInfoHandling LinkedList LinkedListNode ListDictionary MACTripleDES MD5Cng MD5CryptoServiceProvider \
    MailAddress MailMessage ManualResetEvent Marshal MediaTypeHeaderValue MemberAccessException MemberInfo \
    Memory MemoryMarshal MemoryStream MergeArrayHandling MergeNullValueHandling MethodInfo MissingFieldException \
    MissingMemberException MissingMemberHandling MissingMethodException Monitor MulticastDelegate Mutex \
    NameValueCollection NetworkCredential NotFiniteNumberException NullValueHandling NumberFormatInfo \
    ObservableCollection OidCollection OpenFlags OperatingSystem OperationCanceledException OrderedDictionary \
    Parallel ParallelEnumerable ParameterInfo PasswordDeriveBytes Path PathTooLongException PemEncoding \
    PerformanceCounter PlatformID PlatformNotSupportedException PriorityQueue Process ProcessStartInfo Progress \
    PropertyInfo ProtectedData Queryable RC2 RC2CryptoServiceProvider RIPEMD160 RIPEMD160Managed \
    RSACryptoServiceProvider RSAOAEPKeyExchangeFormatter RSAOpenSsl RSAPKCS1KeyExchangeFormatter \
    RSAPKCS1SignatureDeformatter RSAPKCS1SignatureFormatter RandomNumberGenerator Range ReadOnlyDictionary \
    ReadOnlyMemory ReadOnlySpan ReaderOptions ReaderWriterLockSlim ReferenceLoopHandling RegexCompilationInfo \
    RegionInfo Rfc2898DeriveBytes Rijndael RijndaelManaged Rune RuntimeHelpers RuntimeInformation \
    RuntimeTypeHandle SHA1Cng SHA1CryptoServiceProvider SHA256Cng SHA256CryptoServiceProvider SHA384Cng \
    SHA384CryptoServiceProvider SHA3_256 SHA3_384 SHA3_512 SHA512Cng SHA512CryptoServiceProvider SecureString \
    SecurityException Semaphore SemaphoreSlim ServicePointManager Shake128 Shake256 SignedCms SignedXml \
    SmtpClient Socket SortedDictionary SortedList SortedSet Span SqlCommand SqlConnection StackFrame \
    StackOverflowException StackTrace Stopwatch StoreLocation StoreName Stream StreamReader StreamWriter \
    StringCollection StringContent StringDictionary StringEnumConverter StringEscapeHandling StringInfo \
    SubjectAlternativeNameBuilder Task TaskCanceledException TaskCompletionSource TaskFactory TcpClient TextInfo \
    TextReader TextWriter Thread ThreadAbortException ThreadLocal ThreadPool Timer TripleDESCng \
    TripleDESCryptoServiceProvider TypeInitializationException TypeLoadException TypeNameHandling TypedReference \
    UTF32Encoding UTF7Encoding UdpClient UnauthorizedAccessException UnicodeEncoding Unsafe UriBuilder UriParser \
    Utf8JsonReader Utf8JsonWriter ValueTask Vector Version WeakReference WebClient WebException \
    WebHeaderCollection WebProxy WebRequest WebResponse X509BasicConstraintsExtension X509Certificate2Collection \
    X509CertificateCollection X509Chain X509ChainElement X509ChainPolicy X509ChainStatus \
    X509EnhancedKeyUsageExtension X509FindType X509KeyUsageExtension X509KeyUsageFlags X509RevocationFlag \
    X509RevocationMode X509Store X509SubjectKeyIdentifierExtension X509VerificationFlags XPathDocument \
    XPathExpression XPathNavigator XStreamingElement XmlConvert \
    XmlDocumentFragment XmlNodeReader \
    XmlQualifiedName  XmlSchema XmlSchemaSet XmlSerializer XmlTextReader \
    XmlTextWriter  XmlWriterSettings XslCompiledTransform XsltArgumentList ZipArchive";

/// Namespaces without anything that is allowed.
const NAMESPACES: &[&str] = &[
    "Microsoft",
    "Newtonsoft.Json.Bson",
    "Newtonsoft.Json.Converters",
    "Newtonsoft.Json.Schema",
    "Newtonsoft.Json.Serialization",
    "System.Buffers",
    "System.CodeDom",
    "System.Collections.Concurrent",
    "System.Collections.Immutable",
    "System.Collections.Specialized",
    "System.ComponentModel",
    "System.Configuration",
    "System.Data",
    "System.Diagnostics",
    "System.Drawing",
    "System.Dynamic",
    "System.EnterpriseServices",
    "System.IO.Compression",
    "System.IO.Pipes",
    "System.IdentityModel",
    "System.Linq.Expressions",
    "System.Linq.Parallel",
    "System.Management",
    "System.Media",
    "System.Messaging",
    "System.Net.Http",
    "System.Net.Mail",
    "System.Net.NetworkInformation",
    "System.Net.Security",
    "System.Net.WebSockets",
    "System.Numerics",
    "System.Resources",
    "System.Runtime",
    "System.Security.AccessControl",
    "System.Security.Claims",
    "System.Security.Cryptography.Pkcs",
    "System.Security.Cryptography.Xml",
    "System.Security.Permissions",
    "System.Security.Principal",
    "System.ServiceModel",
    "System.ServiceProcess",
    "System.Text.Encodings",
    "System.Text.Json",
    "System.Text.Unicode",
    "System.Threading",
    "System.Timers",
    "System.Transactions",
    "System.Web",
    "System.Windows",
    "System.Xml.Schema",
    "System.Xml.Serialization",
    "System.Xml.XPath",
    "System.Xml.Xsl",
];

/// Members of types of which only some members are allowed.
const MEMBERS: &[(TypeId, &str)] = &[
    (TypeId::StringReader, "ReadAsync ReadBlockAsync ReadLineAsync ReadToEndAsync"),
    (TypeId::StringWriter, "DisposeAsync FlushAsync WriteAsync WriteLineAsync"),
    (TypeId::Encoding, "DecoderFallback EncoderFallback RegisterProvider"),
    (TypeId::Exception, "GetObjectData"),
    (TypeId::Dictionary, "GetObjectData OnDeserialization"),
    (TypeId::HashSet, "GetObjectData OnDeserialization"),
    (TypeId::XObject, "Changed Changing"),
    (TypeId::JContainer, "AddingNew CollectionChanged ListChanged"),
    (TypeId::JObject, "PropertyChanged PropertyChanging"),
    (TypeId::JToken, "LoadAsync ReadFromAsync WriteToAsync"),
    (TypeId::JRaw, "CreateAsync"),
    (
        TypeId::DateTime,
        "AddMicroseconds Compare CompareTo Deconstruct Equals FromBinary FromFileTime FromFileTimeUtc FromOADate \
         GetDateTimeFormats GetTypeCode Kind Microsecond Nanosecond ParseExact SpecifyKind ToBinary ToFileTime \
         ToFileTimeUtc ToLocalTime ToLongDateString ToLongTimeString ToOADate ToShortDateString ToShortTimeString \
         ToUniversalTime TryFormat TryParse TryParseExact UnixEpoch",
    ),
    (TypeId::DateTimeKind, "Local Unspecified"),
    (TypeId::DayOfWeek, "Sunday Monday Tuesday Wednesday Thursday Friday Saturday"),
    (
        TypeId::Enum,
        "CompareTo Format GetName GetNames GetTypeCode GetUnderlyingType GetValues GetValuesAsUnderlyingType HasFlag \
         IsDefined ToObject TryFormat",
    ),
    (
        TypeId::Type,
        "Assembly AssemblyQualifiedName Attributes BaseType ContainsGenericParameters DeclaringMethod DeclaringType \
         DefaultBinder Delimiter EmptyTypes FilterAttribute FilterName FullName GUID GenericParameterPosition \
         GenericTypeArguments GetArrayRank GetConstructor GetConstructors GetElementType GetEnumName GetEnumNames \
         GetEnumUnderlyingType GetEnumValues GetEvent GetEvents GetField GetFields GetGenericArguments \
         GetGenericTypeDefinition GetInterface GetInterfaces GetMember GetMembers GetMethod GetMethods GetNestedType \
         GetNestedTypes GetProperties GetProperty GetTypeArray GetTypeCode GetTypeFromHandle GetTypeInfo InvokeMember \
         IsAbstract IsArray IsAssignableFrom IsByRef IsClass IsConstructedGenericType IsEnum IsEnumDefined \
         IsGenericParameter IsGenericType IsGenericTypeDefinition IsInstanceOfType IsInterface IsNested IsPointer \
         IsPrimitive IsPublic IsSealed IsSerializable IsSubclassOf IsValueType IsVisible MakeArrayType MakeByRefType \
         MakeGenericType MakePointerType MemberType Missing Module Name Namespace ReflectedType StructLayoutAttribute \
         TypeHandle TypeInitializer UnderlyingSystemType",
    ),
    (
        TypeId::JsonConvert,
        "DefaultSettings DeserializeAnonymousType DeserializeXNode DeserializeXmlNode False NaN NegativeInfinity Null \
         PopulateObject PositiveInfinity SerializeXNode ToString True Undefined",
    ),
    (
        TypeId::IPAddress,
        "Address Any Broadcast HostToNetworkOrder IPv6Any IPv6Loopback IPv6None IsIPv4MappedToIPv6 IsIPv6LinkLocal \
         IsIPv6Multicast IsIPv6SiteLocal IsIPv6Teredo IsIPv6UniqueLocal Loopback MapToIPv4 MapToIPv6 \
         NetworkToHostOrder None ScopeId TryFormat TryWriteBytes",
    ),
    (
        TypeId::Regex,
        "CacheSize CompileToAssembly Count EnumerateMatches EnumerateSplits Escape GetGroupNames GetGroupNumbers \
         GroupNameFromNumber GroupNumberFromName InfiniteMatchTimeout MatchTimeout Options RightToLeft",
    ),
    (TypeId::Match, "NextMatch Synchronized"),
    (TypeId::Group, "Name Synchronized"),
    (TypeId::Capture, "ValueSpan"),
    (TypeId::MatchCollection, "Count CopyTo GetEnumerator IsReadOnly IsSynchronized SyncRoot"),
    (
        TypeId::GroupCollection,
        "ContainsKey CopyTo GetEnumerator IsReadOnly IsSynchronized Keys SyncRoot TryGetValue Values",
    ),
    (TypeId::CaptureCollection, "CopyTo GetEnumerator IsReadOnly IsSynchronized SyncRoot"),
    (TypeId::X500DistinguishedName, "Decode EnumerateRelativeDistinguishedNames Format Oid RawData"),
    (TypeId::XDocument, "Load LoadAsync"),
];

/// Whether a type is one that .NET has and API Management does not allow; by simple or full name.
pub(crate) fn is_outside_type(name: &str) -> bool {
    let simple = name.rsplit('.').next().unwrap_or(name);
    is_outside_namespace(name) || TYPES.split_whitespace().any(|known| known == simple)
}

fn is_outside_namespace(name: &str) -> bool {
    let inside =
        |namespace: &str| name.strip_prefix(namespace).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
    NAMESPACES.iter().any(|namespace| inside(namespace))
}

/// Whether a type has a member of that name that API Management does not allow.
pub(crate) fn is_outside_member(id: TypeId, name: &str) -> bool {
    let of_type = MEMBERS.iter().filter(|(owner, _)| *owner == id);
    of_type.flat_map(|(_, names)| names.split(' ')).any(|known| known == name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expr::types::table;

    #[test]
    fn names_what_is_outside_and_nothing_else() {
        for name in ["Thread", "System.Threading.Thread", "System.Text.Json", "HttpUtility", "System.Web.HttpUtility"] {
            assert!(is_outside_type(name), "{name}");
        }
        for name in ["Thred", "System", "System.Text", "System.Textual", ""] {
            assert!(!is_outside_type(name), "{name}");
        }
        for name in TYPES.split_whitespace() {
            assert!(table().find(name, 0).is_none(), "`{name}` is in the list of types");
        }
        assert!(is_outside_member(TypeId::DateTime, "Kind") && !is_outside_member(TypeId::DateTime, "Year"));
    }
}
