import assert from 'node:assert/strict';
import { bodyOf, serve, type TestServer } from '../http/server.js';
import { LiveRig } from './rig.js';

const SERVICENOW = 'switchboard-servicenow-endpoint';
const TMF = 'switchboard-tmf-endpoint';
const UNCHANGED = '__PWRD__';

/** Another origin that leads to the same server. */
const elsewhere = (url: string) => url.replace('127.0.0.1', 'localhost');

/**
 * The customer's endpoint signs in with a password, the provider's with a client secret, at a token endpoint of another origin; both are kept
 * as `${NAME}` of the environment.
 */
describe('saved secrets', () => {
  let rig: LiveRig;
  let thief: TestServer;
  let caught = '';
  before(async () => {
    thief = await serve(async (req, res) => {
      caught += `${req.url}\n${JSON.stringify(req.headers)}\n${await bodyOf(req)}\n`;
      const { authorization = '' } = req.headers;
      if (authorization.startsWith('Basic ')) caught += Buffer.from(authorization.slice(6), 'base64').toString();
      res.writeHead(200, { 'Content-Type': 'application/json' }).end('{"access_token":"x","expires_in":60,"result":[]}');
    });
    rig = await LiveRig.start({ version: 'v4', customer: 'webhook', provider: 'hub' }, (sandbox) => ({
      'sb1-tmf': { tokenUrl: `${elsewhere(sandbox.url)}/oauth/token` },
    }));
  });
  after(async () => {
    await rig?.stop();
    await thief?.close();
  });
  beforeEach(() => {
    caught = '';
  });

  const ask = async (id: string, type: string, config: object, credentials: object = {}, route = 'test') => {
    const answer = await fetch(`${rig.live.url}/switchboard/endpoints/${id}/${route}`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ type, config, credentials }),
    });
    return { status: answer.status, text: await answer.text() };
  };
  const user = 'switchboard';
  const customer = () => `${rig.sandbox.url}/servicenow`;
  const basic = (baseUrl: string) => ({ name: 'Acme', baseUrl, auth: 'basic' });
  const oauth = (baseUrl: string, tokenUrl: string) => ({ baseUrl, auth: 'oauthClientCredentials', tokenUrl });

  /** Requests that would carry a saved secret to somebody it was not saved for: id, type, settings, credentials. */
  type Theft = [string, string, object, object?];
  const port = () => new URL(thief.url).port;
  const here = () => new URL(rig.sandbox.url).host;
  const provider = () => `${rig.sandbox.url}/tmf4`;
  const password = { user, password: UNCHANGED };
  const secret = { clientSecret: UNCHANGED };
  const THEFTS: Record<string, () => Theft> = {
    'another address': () => ['sb1-sn', SERVICENOW, basic(thief.url), password],
    'another address, all left out': () => ['sb1-sn', SERVICENOW, basic(thief.url)],
    'an address that begins like the saved one': () => [
      'sb1-sn',
      SERVICENOW,
      basic(`http://${here()}@127.0.0.1:${port()}`),
      password,
    ],
    'an address with the saved one in its path': () => ['sb1-sn', SERVICENOW, basic(`${thief.url}/${here()}`), password],
    'another scheme': () => ['sb1-sn', SERVICENOW, basic(customer().replace('http:', 'https:')), password],
    'another node’s id': () => ['sb1-tmf', SERVICENOW, basic(customer()), password],
    'an unknown id': () => ['nobody', SERVICENOW, basic(customer()), password],
    'another type': () => ['sb1-sn', TMF, basic(customer()), password],
    'another token endpoint': () => ['sb1-tmf', TMF, oauth(provider(), `${thief.url}/token`), secret],
    'another token endpoint, the secret left out': () => ['sb1-tmf', TMF, oauth(provider(), `${thief.url}/token`)],
    'a token endpoint that looks like a path': () => ['sb1-tmf', TMF, oauth(provider(), `//127.0.0.1:${port()}/token`), secret],
    'a token endpoint where there was none': () => ['sb1-sn', SERVICENOW, oauth(customer(), `${thief.url}/token`), password],
    'the endpoint in the place of its token endpoint': () => ['sb1-tmf', TMF, oauth(provider(), '/oauth/token'), secret],
    'the endpoint, signing in without its token endpoint': () => ['sb1-tmf', TMF, basic(provider()), secret],
    'settings that are none': () => ['sb1-sn', SERVICENOW, { baseUrl: [thief.url], auth: { a: 1 }, tokenUrl: 7 }, password],
  };
  for (const [name, theft] of Object.entries(THEFTS)) {
    for (const route of ['test', 'typed/tables']) {
      it(`are not sent when a ${route} names ${name}`, async () => {
        const [id, type, config, credentials] = theft();
        const before = rig.sandbox.servicenow.requests.length;
        const { status, text } = await ask(id, type, config, credentials, route);
        assert.equal(status, 409, text);
        assert.match(text, /"code":"SWB_CONFIG"/);
        assert.equal(caught, '', 'nothing was sent');
        assert.equal(rig.sandbox.servicenow.requests.length, before);
        for (const [variable, value] of Object.entries(rig.sandbox.environment))
          if (/PASSWORD|SECRET/.test(variable)) assert.ok(!text.includes(value), variable);
      });
    }
  }

  it('are bound to their URL', async () => {
    const { text } = await ask('sb1-sn', SERVICENOW, basic(thief.url), password);
    assert.match(
      text,
      new RegExp(`Acme: These saved credentials are only valid for ${rig.sandbox.url}: password. Enter them again`),
    );
  });

  it('are used at their own URL, as the dialog sends them', async () => {
    const { text } = await ask('sb1-sn', SERVICENOW, basic(customer()), password);
    assert.match(text, /"ok":true/);
    const token = await ask('sb1-tmf', TMF, { ...oauth(provider(), `${elsewhere(rig.sandbox.url)}/oauth/token`), version: 'v4' });
    assert.match(token.text, /"ok":true/);
  });

  it('of a sign-in method that is no longer selected cause no error and are not sent', async () => {
    const nothing = await ask('sb1-sn', SERVICENOW, { ...basic(thief.url), auth: 'none' }, password);
    assert.equal(nothing.status, 200, nothing.text);
    const key = await ask('sb1-sn', SERVICENOW, { ...basic(thief.url), auth: 'apiKey' }, { ...password, apiKey: 'my-key' });
    assert.equal(key.status, 200, key.text);
    assert.match(caught, /my-key/);
    assert.ok(!caught.includes(rig.sandbox.environment.SANDBOX_SERVICENOW_PASSWORD!));
  });

  it('are not sent together with one that was entered', async () => {
    await ask('sb1-sn', SERVICENOW, basic(thief.url), { user: 'me', password: 'mine' });
    assert.match(caught, /me:mine/);
    await ask('sb1-sn', SERVICENOW, basic(thief.url), { user });
    assert.match(caught, /switchboard:$/m);
    assert.ok(!caught.includes(rig.sandbox.environment.SANDBOX_SERVICENOW_PASSWORD!));
  });
});
