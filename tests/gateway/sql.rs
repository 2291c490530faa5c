//! `sql-data-source` before a peer that speaks TDS over sockets.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use gatewright::backend::{ClientCertificate, Transport};
use gatewright::gateway::Gateway;
use gatewright::identity::{Error, Token, TokenCache, TokenRequest, TokenSource};
use gatewright::model::{Api, ApiEntry, ApiKind, ApiSchema, Policy, Resolver, ResolverEntry, Store};
use gatewright::policy::EngineSettings;
use gatewright::sql::{SqlCredential, SqlError, SqlExecutor, SqlRequest, SqlRows};
use gatewright::testing::PolicyTest;
use serde_json::{Value, json};

use crate::resolved::{ask, builder};
use crate::support::tds::{Answer, Encrypts, Login, SqlPeer, Type};
use crate::support::{Authority, TestServer, raw};

const SCHEMA: &str = "type Family { id: Int! name: String } type Person { id: Int name: String }
    type Row { i: Int b: Float bit: Boolean f: Float d: Float t: String l: String x: String at: String old: String g: String }
    type Query { familyById(familyId: Int!): Family familyMembers(familyId: Int!, like: String): [Person] row: [Row]
        sum(a: Float, b: String, c: [Int], d: Boolean, n: Int): String other: String }
    type Mutation { createFamily(familyId: Int!, familyName: String!): Family }";
const PASSWORD: Login = Login::Password("sa", "p;w\"é");

/// Resolvers with these documents, whose connection string is `connection`.
fn store(connection: &str, resolvers: &[(&str, &str)]) -> Store {
    let mut api = ApiEntry::new(Api::new("g").subscription_required(false).kind(ApiKind::Graphql));
    let mut schema = ApiSchema::new().content_type("application/vnd.ms-azure-apim.graphql.schema");
    schema.document = Some(json!({ "value": SCHEMA }).into());
    api.schemas.insert("graphql", schema);
    for (path, rest) in resolvers {
        let mut resolver = ResolverEntry::from(Resolver::new().path(*path));
        let document =
            format!("<sql-data-source><connection-info>{connection}</connection-info>{rest}</sql-data-source>");
        resolver.policy = Some(Policy::new(document));
        api.resolvers.insert(path.replace('/', "-"), resolver);
    }
    let mut store = Store::new();
    store.service.apis.insert("g", api);
    store
}

fn login(port: u16, more: &str) -> String {
    format!(
        "<connection-string>Server=tcp:localhost,{port};Initial Catalog=shop;User ID=sa;Password='p;w\"é';{more}</connection-string>"
    )
}

const MEMBERS: &str = r#"<request>
    <sql-statement>
        SELECT p.[Id] AS [id], p.[Name] AS [name] FROM [Person] p WHERE p.[FamilyId] = @familyId AND p.[Name] LIKE @like
    </sql-statement>
    <parameters>
        <parameter name="@familyId" sql-type="int">@(context.GraphQL.Arguments["familyId"])</parameter>
        <parameter name="like" sql-type="nvarchar(50)" template="liquid">{{body.arguments.like}}%</parameter>
    </parameters>
</request>"#;

/// Persons whose family and first letters are asked for.
fn persons(asked: &crate::support::tds::Statement) -> Answer {
    let all = [(1, 7, "Ann"), (2, 7, "Bob"), (3, 8, "Ann"), (4, 7, "Zoë 😀")];
    let like = asked.value("@like").as_str().unwrap_or("%").trim_end_matches('%').to_owned();
    let rows = all.iter().filter(|(_, family, name)| asked.value("@familyId") == *family && name.starts_with(&like));
    let rows = rows.map(|(id, _, name)| vec![json!(id), json!(name)]).collect();
    Answer::Results(vec![(vec![("id", Type::Int), ("name", Type::Text)], rows)])
}

#[tokio::test]
async fn rows_come_by_typed_parameters_and_connections_are_used_again() {
    let authority = Authority::new();
    let config = authority.server(&["localhost"], &[]);
    let peer = SqlPeer::start(Encrypts::Tls(config), PASSWORD, persons).await;
    let gateway =
        builder(&authority).build(&store(&login(peer.port(), ""), &[("Query/familyMembers", MEMBERS)])).unwrap();
    let found = ask(&gateway, "{ familyMembers(familyId: 7, like: \"\") { id name } }").await;
    let all = json!([{ "id": 1, "name": "Ann" }, { "id": 2, "name": "Bob" }, { "id": 4, "name": "Zoë 😀" }]);
    assert_eq!(found, json!({ "data": { "familyMembers": all } }));
    let hostile = "'; DROP TABLE Person; --";
    let found = ask(&gateway, &format!("{{ familyMembers(familyId: 8, like: {}) {{ id }} }}", json!(hostile))).await;
    assert_eq!(found, json!({ "data": { "familyMembers": [] } }));
    let said = peer.said();
    assert_eq!(said[0].text, said[1].text);
    assert_eq!(said[1].declared, "@familyId int,@like nvarchar(50)");
    assert_eq!(said[1].value("@like"), json!(format!("{hostile}%")));
    assert!(!said[1].text.contains("DROP"));
    // The second one has a session as new.
    assert_eq!((said[0].resets, said[1].resets, peer.connections()), (false, true, 1));
}

#[tokio::test]
async fn values_of_all_types() {
    let columns = vec![
        ("i", Type::Int),
        ("b", Type::BigInt),
        ("bit", Type::Bit),
        ("f", Type::Float),
        ("d", Type::Decimal),
        ("t", Type::Text),
        ("l", Type::LongText),
        ("x", Type::Binary),
        ("at", Type::DateTime2),
        ("old", Type::DateTime),
        ("g", Type::Guid),
    ];
    let long = "long é ".repeat(2000);
    let row = vec![
        json!(-5),
        json!(1_i64 << 40),
        json!(true),
        json!(0.5),
        json!(-1205),
        json!("text"),
        json!(long),
        json!("abc"),
        json!([738_959, 430_001_234_567_u64]),
        json!([45_364, 11_353_537]),
        json!(""),
    ];
    let nulls = columns.iter().map(|_| Value::Null).collect();
    let first = (vec![("first", Type::Int)], vec![vec![json!(1)]]);
    let results =
        move || Answer::Results(vec![first.clone(), (columns.clone(), vec![row.clone(), Vec::clone(&nulls)])]);
    let peer = SqlPeer::start(Encrypts::Never, PASSWORD, move |_| results()).await;
    let request = "<request><sql-statement>SELECT 1 SELECT * FROM t</sql-statement></request>";
    let store = store(&login(peer.port(), "Encrypt=False"), &[("Query/row", request)]);
    let gateway = builder(&Authority::new()).build(&store).unwrap();
    let found = ask(&gateway, "{ row { i b bit f d t l x at old g } }").await;
    let expected = json!({
        "i": -5, "b": 1_099_511_627_776_i64, "bit": true, "f": 0.5, "d": -12.05, "t": "text", "l": long, "x": "YWJj",
        "at": "2024-03-15T11:56:40.1234567", "old": "2024-03-15T10:30:45.123",
        "g": "abababab-abab-abab-abab-abababababab"
    });
    assert_eq!(found["data"]["row"][0], expected, "{found}");
    assert!(found["data"]["row"][1].as_object().unwrap().values().all(Value::is_null));
    assert_eq!(found["data"]["row"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn parameters_are_what_their_values_are() {
    let columns = || vec![("sum", Type::Text)];
    let peer = SqlPeer::start(Encrypts::Never, PASSWORD, move |asked| {
        let shown = format!("{} | {}", asked.declared, json!(asked.parameters));
        Answer::Results(vec![(columns(), vec![vec![json!(shown)]])])
    })
    .await;
    let request = r#"<request single-result="@(true)">
        <set-body template="liquid">{"n": "{{body.arguments.n}}"}</set-body>
        <sql-statement>SELECT @a</sql-statement>
        <parameters>
            <parameter name="@a">@(context.GraphQL.Arguments["a"])</parameter>
            <parameter name="@b">@(context.GraphQL.Arguments["b"])</parameter>
            <parameter name="@c">@(context.GraphQL.Arguments["c"])</parameter>
            <parameter name="@d">@(context.GraphQL.Arguments["d"])</parameter>
            <parameter name="@n" sql-type="bigint" template="liquid">{{body.n}}</parameter>
            <parameter name="@m" sql-type="decimal">12.50</parameter>
            <parameter name="@x" sql-type="varbinary(3)">AQID</parameter>
            <parameter name="@l">literal</parameter>
        </parameters>
    </request>
    <response><set-body>@("\"" + ((string)context.Response.Body.As<JObject>()["sum"]).Replace("\"", "'") + "\"")</set-body></response>"#;
    let store = store(&login(peer.port(), "Encrypt=no"), &[("Query/sum", request)]);
    let gateway = builder(&Authority::new()).build(&store).unwrap();
    let found = ask(&gateway, "{ sum(a: 1.5, b: null, c: [1, 2], d: false, n: 7) }").await;
    let expected = "@a float,@b nvarchar(4000),@c nvarchar(4000),@d bit,@n bigint,@m decimal(38,2),@x varbinary(3),@l nvarchar(4000) \
                    | [['@a',1.5],['@b',null],['@c','[1,2]'],['@d',false],['@n',7],['@m','12.50'],['@x','010203'],['@l','literal']]";
    assert_eq!(found["data"]["sum"], expected, "{found}");
}

#[tokio::test]
async fn a_row_alone_and_a_mutation() {
    let columns = || vec![("id", Type::Int), ("name", Type::Text)];
    let peer = SqlPeer::start(Encrypts::Never, PASSWORD, move |asked| match asked.value("@familyId").as_i64() {
        Some(1) => Answer::Results(vec![(columns(), vec![])]),
        Some(2) => Answer::Error(2627, "Violation of PRIMARY KEY constraint"),
        id => Answer::Results(vec![(
            columns(),
            vec![vec![json!(id), asked.value("@familyName")], vec![json!(9), json!("")]],
        )]),
    })
    .await;
    let request = r#"<request single-result="true">
        <sql-statement>INSERT INTO [dbo].[Family] ([Id], [Name]) VALUES (@familyId, @familyName)
            SELECT f.[Id] AS [id], f.[Name] AS [name] FROM [Family] f WHERE @familyId = f.[Id]</sql-statement>
        <parameters>
            <parameter name="@familyId">@(context.GraphQL.Arguments["familyId"])</parameter>
            <parameter name="@familyName">@(context.GraphQL.Arguments["familyName"])</parameter>
        </parameters>
    </request>"#;
    let store = store(&login(peer.port(), "Encrypt=no"), &[("Mutation/createFamily", request)]);
    let gateway = builder(&Authority::new()).build(&store).unwrap();
    let query = "mutation { a: createFamily(familyId: 5, familyName: \"Ng\") { id name } \
                 b: createFamily(familyId: 1, familyName: \"\") { id } c: createFamily(familyId: 2, familyName: \"\") { id } \
                 d: createFamily(familyId: 6, familyName: \"\") { id } }";
    let found = ask(&gateway, query).await;
    assert_eq!(found["data"], json!({ "a": { "id": 5, "name": "Ng" }, "b": null, "c": null, "d": { "id": 6 } }));
    assert_eq!(found["errors"].as_array().unwrap().len(), 1);
    assert_eq!(found["errors"][0]["message"], "The resolver of `Mutation.createFamily` failed.");
    // One that failed is not used again.
    assert_eq!(peer.said().iter().map(|said| said.resets).collect::<Vec<_>>(), [false, true, true, false]);
}

#[tokio::test]
async fn encryption_is_what_the_connection_string_asks_for() {
    let (authority, stranger) = (Authority::new(), Authority::new());
    let peer = |encrypts: Encrypts| SqlPeer::start(encrypts, PASSWORD, persons);
    let tls = peer(Encrypts::Tls(authority.server(&["localhost"], &[]))).await;
    let strange = peer(Encrypts::Tls(stranger.server(&["localhost"], &[]))).await;
    let other = peer(Encrypts::Tls(authority.server(&["sql.example"], &[]))).await;
    let strict = peer(Encrypts::Strict(authority.server(&["localhost"], &["tds/8.0"]))).await;
    let plain = peer(Encrypts::Never).await;
    for (peer, options, works) in [
        (&tls, "", true),
        (&tls, "Encrypt=False", true),
        (&tls, "Encrypt=Strict", false),
        (&strange, "Encrypt=True", false),
        (&strange, "Encrypt=True;TrustServerCertificate=True", true),
        (&strange, "Encrypt=False", true),
        (&other, "", false),
        (&other, "HostNameInCertificate=sql.example", true),
        (&strict, "Encrypt=Strict", true),
        (&plain, "", false),
        (&plain, "Encrypt=Optional", true),
        (&plain, "Encrypt=Optional;Password=wrong", false),
    ] {
        let login = login(peer.port(), &format!("Connect Timeout=5;{options}"));
        let gateway = builder(&authority).build(&store(&login, &[("Query/familyMembers", MEMBERS)])).unwrap();
        let found = ask(&gateway, "{ familyMembers(familyId: 8, like: \"A\") { id } }").await;
        let expected = if works { json!([{ "id": 3 }]) } else { Value::Null };
        assert_eq!(found["data"]["familyMembers"], expected, "{options}: {found}");
    }
}

#[tokio::test]
async fn a_client_certificate_is_shown() {
    let (authority, clients) = (Authority::new(), Authority::new());
    let (pem, _) = clients.client("gateway");
    let peer = SqlPeer::start(Encrypts::Tls(authority.mutual(&clients)), PASSWORD, persons).await;
    let body = format!("@(\"{}\")", STANDARD.encode(&pem));
    for (attribute, value, works) in [("certificate-id", "me", true), ("body", &*body, true), ("", "", false)] {
        let shown = match attribute {
            "" => String::new(),
            name => format!("<authentication-certificate {name}='{value}' />"),
        };
        let connection = format!("{}{shown}", login(peer.port(), "Connect Timeout=5"));
        let transport = Transport::builder().native_roots(false).root_certificates_pem(authority.pem());
        let transport = transport.certificate("me", ClientCertificate::from_pem(&pem).unwrap()).build().unwrap();
        let store = store(&connection, &[("Query/familyMembers", MEMBERS)]);
        let gateway = Gateway::builder().transport(transport).build(&store).unwrap_or_else(|error| panic!("{error}"));
        let found = ask(&gateway, "{ familyMembers(familyId: 8, like: \"A\") { id } }").await;
        let expected = if works { json!([{ "id": 3 }]) } else { Value::Null };
        assert_eq!(found["data"]["familyMembers"], expected, "{attribute}: {found}");
    }
}

struct Fixed;

#[async_trait::async_trait]
impl TokenSource for Fixed {
    async fn token(&self, asked: &TokenRequest) -> Result<Token, Error> {
        if *asked != TokenRequest::new("https://database.windows.net").client_id("me") {
            return Err(Error::unavailable("another token"));
        }
        Ok(Token::new("a token", std::time::SystemTime::now() + Duration::from_secs(3600)))
    }
}

#[tokio::test]
async fn a_managed_identity_signs_in_by_its_token() {
    let authority = Authority::new();
    let config = authority.server(&["localhost"], &[]);
    let peer = SqlPeer::start(Encrypts::Tls(config), Login::Token("a token"), persons).await;
    let connection = |client: &str| {
        format!(
            "<connection-string use-managed-identity=\"true\" client-id=\"{client}\">Server=tcp:localhost,{};Initial Catalog=shop; \
             </connection-string>",
            peer.port()
        )
    };
    for (client, expected) in [("me", json!([{ "id": 3 }])), ("another", Value::Null)] {
        let store = store(&connection(client), &[("Query/familyMembers", MEMBERS)]);
        let settings = {
            let mut settings = EngineSettings::default();
            settings.tokens = Some(TokenCache::new(Fixed));
            settings
        };
        let gateway = builder(&authority).settings(settings).build(&store).unwrap();
        let found = ask(&gateway, "{ familyMembers(familyId: 8, like: \"A\") { id } }").await;
        assert_eq!(found["data"]["familyMembers"], expected, "{found}");
    }
}

#[tokio::test]
async fn servers_that_misbehave_fail_the_field() {
    let request = "<request><sql-statement>SELECT 1 AS i</sql-statement></request>";
    let peer = |answer: fn() -> Answer| SqlPeer::start(Encrypts::Never, PASSWORD, move |_| answer());
    let peers = [
        peer(|| Answer::Leaves).await,
        peer(|| Answer::Silence).await,
        peer(|| Answer::Endless).await,
        peer(|| Answer::Raw(vec![0x81, 0xff, 0xff, 1, 2, 3])).await,
        peer(|| Answer::Raw(vec![0xd1, 1, 2, 3])).await,
        peer(|| Answer::Raw(vec![0x00; 5000])).await,
    ];
    let raw = [
        TestServer::raw(raw::reset).await,
        TestServer::raw(raw::garbage).await,
        TestServer::raw(raw::silent).await,
        TestServer::raw(|stream| raw::answer_and_close(stream, b"\x04\x01\x00\x09\x00\x00\x00\x00\xff")).await,
        TestServer::raw(|stream| raw::answer_and_close(stream, b"\x04\x01\xff\xff\x00\x00\x00\x00")).await,
        // It says that it encrypts, and sends no handshake.
        TestServer::raw(|stream| {
            raw::answer_and_close(
                stream,
                b"\x04\x01\x00\x0f\x00\x00\x00\x00\x01\x00\x06\x00\x01\xff\x01\x04\x01\x00\x09\x00\x00\x00\x00A",
            )
        })
        .await,
    ];
    let ports = peers.iter().map(SqlPeer::port).chain(raw.iter().map(|server| server.address().port()));
    for port in ports {
        let login = login(port, "Encrypt=Optional;Connect Timeout=2;Command Timeout=1");
        let settings = {
            let mut settings = EngineSettings::default();
            settings.body_limit = 100_000;
            settings
        };
        let gateway =
            builder(&Authority::new()).settings(settings).build(&store(&login, &[("Query/row", request)])).unwrap();
        let found = ask(&gateway, "{ row { i } }").await;
        assert_eq!(found["data"], json!({ "row": null }), "{found}");
        assert_eq!(found["errors"][0]["message"], "The resolver of `Query.row` failed.");
    }
}

#[tokio::test]
async fn rows_are_bounded() {
    let request = "<request><sql-statement>SELECT n AS i FROM numbers</sql-statement></request>";
    for (rows, works) in [(50_000, true), (50_001, false)] {
        let answer = move |_: &_| Answer::Results(vec![(vec![("i", Type::Int)], vec![vec![json!(1)]; rows])]);
        let peer = SqlPeer::start(Encrypts::Never, PASSWORD, answer).await;
        let store = store(&login(peer.port(), "Encrypt=no"), &[("Query/row", request)]);
        let gateway = builder(&Authority::new()).build(&store).unwrap();
        assert_eq!(ask(&gateway, "{ row { i } }").await["data"]["row"].is_array(), works, "{rows}");
    }
}

#[tokio::test]
async fn a_connection_that_the_server_ended_is_not_used_again() {
    let peer = SqlPeer::start(Encrypts::Never, PASSWORD, persons).await;
    let login = login(peer.port(), "Encrypt=Optional");
    let gateway = builder(&Authority::new()).build(&store(&login, &[("Query/familyMembers", MEMBERS)])).unwrap();
    let query = "{ familyMembers(familyId: 8, like: \"A\") { id } }";
    assert_eq!(ask(&gateway, query).await["data"]["familyMembers"], json!([{ "id": 3 }]));
    peer.hang_up();
    // Until the end has arrived.
    for _ in 0..1_000_000 {
        if !peer.is_serving() {
            break;
        }
        tokio::task::yield_now().await;
    }
    assert!(!peer.is_serving());
    for _ in 0..1_000 {
        tokio::task::yield_now().await;
    }
    assert_eq!(ask(&gateway, query).await["data"]["familyMembers"], json!([{ "id": 3 }]));
}

#[tokio::test]
async fn the_connection_is_worked_out_for_each_field() {
    struct Shows;

    #[async_trait::async_trait]
    impl SqlExecutor for Shows {
        async fn execute(&self, request: SqlRequest) -> Result<SqlRows, SqlError> {
            let SqlCredential::Login { user, password } = request.credential else {
                return Err(SqlError::new("no login"));
            };
            let shown = format!("{} {user} {} {:?}", request.server.host, password.expose(), request.certificate);
            Ok(SqlRows { rows: vec![json!(shown).to_string().into()] })
        }
    }

    let connection = r#"<get-authorization-context provider-id="github" authorization-id="auth" context-variable-name="auth" />
        <connection-string use-managed-identity="@(1 == 2)">@("Server=" + context.GraphQL.Arguments["b"] + ";User ID=u;Password='"
            + ((Authorization)context.Variables["auth"]).AccessToken + "'")</connection-string>
        <authentication-certificate certificate-id="@("me of " + context.GraphQL.Arguments["b"])" />"#;
    let request = r#"<request single-result="true"><sql-statement>SELECT 1</sql-statement></request>"#;
    let test = PolicyTest::configuration(store(connection, &[("Query/sum", request)]))
        .settings(|settings| settings.sql = Some(Arc::new(Shows)))
        .request("POST", "/g");
    let outcome = test.json(&json!({ "query": "{ sum(b: \"host\") other: sum(b: \"no host\") }" })).run().await;
    let found: Value = serde_json::from_str(&outcome.text()).unwrap();
    assert_eq!(found["data"]["sum"], "host u token of github/auth Some(Id(\"me of host\"))", "{found}");
    assert_eq!(found["data"]["other"], Value::Null);
}

#[tokio::test]
async fn a_host_has_an_executor_of_its_own() {
    struct Own;

    #[async_trait::async_trait]
    impl SqlExecutor for Own {
        async fn execute(&self, request: SqlRequest) -> Result<SqlRows, SqlError> {
            assert!(!format!("{request:?}").contains("p;w"));
            if request.parameters.is_empty() {
                return Err(SqlError::new("no parameters"));
            }
            Ok(SqlRows { rows: vec![format!(r#"{{"id":{}}}"#, request.parameters[0].value).into()] })
        }
    }

    let other = "<request><sql-statement>SELECT 1</sql-statement></request>";
    let store = store(&login(1, ""), &[("Query/familyMembers", MEMBERS), ("Query/other", other)]);
    let gateway = Gateway::builder().sql(Arc::new(Own)).build(&store).unwrap();
    let found = ask(&gateway, "{ familyMembers(familyId: 8, like: \"A\") { id } other }").await;
    assert_eq!(found["data"], json!({ "familyMembers": [{ "id": 8 }], "other": null }));
}
