// An OpenID provider for the tests: the certified `oidc-provider`, with a sign-in page that believes every name.
//   node provider.mjs CLIENT_ID CLIENT_SECRET REDIRECT_URI
import { generateKeyPairSync, randomUUID } from "node:crypto";
import http from "node:http";
import { text } from "node:stream/consumers";

import Provider from "oidc-provider";

import { report, stopped } from "./http.mjs";

const [clientId, clientSecret, redirectUri] = process.argv.slice(2);

const server = http.createServer();
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const issuer = `http://127.0.0.1:${server.address().port}`;

const key = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey.export({ format: "jwk" });

const provider = new Provider(issuer, {
  clients: [{ client_id: clientId, client_secret: clientSecret, redirect_uris: [redirectUri] }],
  jwks: { keys: [{ ...key, use: "sig", alg: "RS256", kid: randomUUID() }] },
  cookies: { keys: [randomUUID()] },
  claims: { openid: ["sub"], profile: ["name"] },
  features: { devInteractions: { enabled: false } },
  pkce: { required: () => true },
  interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
  findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, name: `教师 ${id}` }) }),
  // Nobody is asked whether the school's own server may know who signs in.
  async loadExistingGrant(ctx) {
    const grant = new ctx.oidc.provider.Grant({
      accountId: ctx.oidc.session.accountId,
      clientId: ctx.oidc.client.clientId,
    });
    grant.addOIDCScope("openid profile");
    await grant.save();
    return grant;
  },
});

const answer = provider.callback();
server.on("request", async (request, response) => {
  const { pathname } = new URL(request.url, issuer);
  if (!pathname.startsWith("/interaction/")) return answer(request, response);
  if (request.method === "GET") {
    response.setHeader("Content-Type", "text/html; charset=utf-8");
    return response.end('<form method="post"><input name="login"><input name="refuse" type="checkbox"></form>');
  }
  const form = new URLSearchParams(await text(request));
  const result = form.has("refuse")
    ? { error: "access_denied", error_description: "the user said no" }
    : { login: { accountId: form.get("login") } };
  return provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
});

report({ issuer });
await stopped();
server.close();
server.closeAllConnections();
