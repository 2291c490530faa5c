// Drives a running gateway with Microsoft's packaged SDK, @azure/arm-apimanagement, as it comes from npm: backends, named
// values and APIs. The environment is that of ../python/drive.py. Prints `sdk javascript: N checks passed`.

import assert from "node:assert/strict";
import { ApiManagementClient } from "@azure/arm-apimanagement";

const { MANAGEMENT, GATEWAY, BACKEND, TOKEN } = process.env;
const at = ["rg", "contoso"];
const now = { updateIntervalInMs: 1 };
let checks = 0;

const noCredential = { getToken: () => assert.fail("the policy below is used") };
const client = new ApiManagementClient(noCredential, "00000000-0000-0000-0000-000000000000", {
  endpoint: MANAGEMENT,
  allowInsecureConnection: true,
  retryOptions: { maxRetries: 0 },
});
// The token over plain HTTP on loopback, which the SDK's own policy refuses.
client.pipeline.removePolicy({ name: "bearerTokenAuthenticationPolicy" });
client.pipeline.addPolicy({
  name: "token",
  sendRequest(request, next) {
    request.headers.set("Authorization", `Bearer ${TOKEN}`);
    return next(request);
  },
});

function check(isRight, message) {
  checks += 1;
  assert.ok(isRight, message);
}

async function fails(status, call, code) {
  checks += 1;
  await assert.rejects(call, (error) => error.statusCode === status && (!code || error.code === code));
}

/** Status and body of a request of a client of the gateway. */
async function request(path) {
  const response = await fetch(GATEWAY + path);
  return [response.status, await response.text()];
}

async function all(pages) {
  const found = [];
  for await (const one of pages) found.push(one.name);
  return found;
}

/** Three entities are made, read, listed, filtered, paged, changed with ETags and deleted. */
async function everyVerb({ operations, create, update, remove, make, change, changed, filter }) {
  for (const number of [1, 2, 3]) {
    const made = await create(`x${number}`, make(number));
    check(made.name === `x${number}` && made.id.endsWith(`/x${number}`), made);
    check((await operations.get(...at, `x${number}`)).id === made.id, made);
    check((await operations.getEntityTag(...at, `x${number}`)).eTag, "no ETag");
  }
  await fails(404, () => operations.get(...at, "none"), "ResourceNotFound");
  const names = await all(operations.listByService(...at));
  check(["x1", "x2", "x3"].every((name) => names.includes(name)), names);
  const pages = [];
  for await (const page of operations.listByService(...at, { top: 2 }).byPage()) pages.push(page.map((one) => one.name));
  check(pages.length > 1 && pages.slice(0, -1).every((page) => page.length === 2), pages);
  assert.deepEqual(pages.flat(), names);
  assert.deepEqual(await all(operations.listByService(...at, { filter })), ["x2"]);
  const { eTag } = await operations.getEntityTag(...at, "x1");
  await fails(412, () => update("x1", '"other"', change), "PreconditionFailed");
  await update("x1", eTag, change);
  check(changed(await operations.get(...at, "x1")), change);
  await fails(412, () => update("x1", eTag, change));
  for (const number of [1, 2, 3]) {
    await remove(`x${number}`, "*");
    await fails(404, () => operations.get(...at, `x${number}`));
  }
}

await everyVerb({
  operations: client.backend,
  create: (name, entity) => client.backend.createOrUpdate(...at, name, entity),
  update: (name, tag, change) => client.backend.update(...at, name, tag, change),
  remove: (name, tag) => client.backend.delete(...at, name, tag),
  make: (number) => ({ url: `https://h${number}.example`, protocol: "http", title: `T${number}` }),
  change: { description: "new" },
  changed: (one) => one.description === "new",
  filter: "title eq 'T2'",
});
await everyVerb({
  operations: client.namedValue,
  create: (name, entity) => client.namedValue.beginCreateOrUpdateAndWait(...at, name, entity, now),
  update: (name, tag, change) => client.namedValue.beginUpdateAndWait(...at, name, tag, change, now),
  remove: (name, tag) => client.namedValue.delete(...at, name, tag),
  make: (number) => ({ displayName: `v${number}`, value: "v", tags: [`t${number}`] }),
  change: { tags: ["new"] },
  changed: (one) => one.tags[0] === "new",
  filter: "tags/any(t: t eq 't2')",
});
await everyVerb({
  operations: client.api,
  create: (name, entity) => client.api.beginCreateOrUpdateAndWait(...at, name, entity, now),
  update: (name, tag, change) => client.api.update(...at, name, tag, change),
  remove: (name, tag) => client.api.beginDeleteAndWait(...at, name, tag, now),
  make: (number) => ({ displayName: `A${number}`, path: `js${number}`, protocols: ["https"] }),
  change: { description: "new" },
  changed: (one) => one.description === "new",
  filter: "displayName eq 'A2'",
});

// The data plane follows.
await client.api.beginCreateOrUpdateAndWait(
  ...at,
  "js",
  { displayName: "JS", path: "js", serviceUrl: `${BACKEND}/up`, protocols: ["https"], subscriptionRequired: false },
  now,
);
await client.apiOperation.createOrUpdate(...at, "js", "x", { displayName: "x", method: "GET", urlTemplate: "/x" });
check((await request("/js/x"))[1].includes("GET /up/x"), "the API");
await client.namedValue.beginCreateOrUpdateAndWait(...at, "js", { displayName: "js", value: "red", secret: true }, now);
check((await client.namedValue.get(...at, "js")).value === undefined, "a secret comes back");
check((await client.namedValue.listValue(...at, "js")).value === "red", "listValue");
await client.backend.createOrUpdate(...at, "js", { url: `${BACKEND}/other`, protocol: "http" });
const policy = `<policies><inbound><base /><set-backend-service backend-id="js" /><set-header name="x-n"><value>{{js}}</value>
  </set-header></inbound><backend><base /></backend><outbound><base /></outbound></policies>`;
await client.apiPolicy.createOrUpdate(...at, "js", "policy", { format: "rawxml", value: policy });
const [, text] = await request("/js/x");
check(text.includes("GET /other/x") && text.includes("x-n: red"), text);
await fails(400, () => client.backend.delete(...at, "js", "*"), "ValidationError");
await client.backend.reconnect(...at, "js");
await client.api.beginDeleteAndWait(...at, "js", "*", now);
check((await request("/js/x"))[0] === 404, "the API is still there");

console.log(`sdk javascript: ${checks} checks passed`);
