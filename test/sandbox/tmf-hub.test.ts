import assert from 'node:assert/strict';
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.js';
import type { RegistrationForm } from '../../src/sandbox/tmf-hub.js';

const CALLBACK = 'http://127.0.0.1:9/hook';

describe('a hub of the sandbox', () => {
  let sandbox: Sandbox;
  before(async () => {
    sandbox = await startSandbox();
  });
  after(() => sandbox.close());
  beforeEach(() => sandbox.reset());

  const send = async (method: string, path = '', body?: object) => {
    const { SANDBOX_TMF_CLIENT_ID: id, SANDBOX_TMF_CLIENT_SECRET: secret } = sandbox.environment;
    const answer = await fetch(`${sandbox.url}/tmf4/tmf-api/troubleTicket/v4/hub${path}`, {
      method,
      headers: {
        'Content-Type': 'application/json',
        Authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`,
      },
      ...(body && { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    return { status: answer.status, location: answer.headers.get('location'), text };
  };
  const act = (name: string, values: object) =>
    fetch(`${sandbox.url}/_sandbox/v4/${name}`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(values),
    });
  const ids = () =>
    sandbox
      .tmf('v4')
      .hubs()
      .map(({ id }) => id);

  const FORMS: [RegistrationForm, number, (text: string, location: string | null) => boolean][] = [
    ['standard', 201, (text) => JSON.parse(text).id === ids()[0]],
    ['noId', 201, (text) => text === JSON.stringify({ callback: CALLBACK })],
    ['empty', 200, (text) => text === ''],
    ['noContent', 204, (text) => text === ''],
    ['location', 201, (text, location) => text === '' && location!.endsWith(`/hub/${ids()[0]}`)],
    ['list', 200, (text) => JSON.parse(text)[0].id === ids()[0]],
    ['wrapped', 200, (text) => JSON.parse(text).data.id === ids()[0]],
    ['page', 200, (text) => ids().length === 0 && text.startsWith('<')],
    ['errorObject', 200, (text) => ids().length === 0 && JSON.parse(text).code === '60'],
    ['gatewayNotFound', 404, (text) => ids().length === 0 && !('reason' in JSON.parse(text))],
  ];
  for (const [form, status, fits] of FORMS) {
    it(`answers a registration in the form "${form}"`, async () => {
      assert.equal((await act('hub', { form })).status, 200);
      const answer = await send('POST', '', { callback: CALLBACK });
      assert.equal(answer.status, status);
      assert.ok(fits(answer.text, answer.location), answer.text);
    });
  }

  it('rejects a callback that is already registered, with or without its id', async () => {
    await act('hub', { form: 'conflict' });
    assert.equal((await send('POST', '', { callback: CALLBACK })).status, 201);
    assert.deepEqual(
      [
        (await send('POST', '', { callback: CALLBACK })).status,
        JSON.parse((await send('POST', '', { callback: CALLBACK })).text).id,
      ],
      [409, undefined],
    );
    await act('hub', { form: 'conflictWithId' });
    assert.equal(JSON.parse((await send('POST', '', { callback: CALLBACK })).text).id, ids()[0]);
  });

  it('lists its subscriptions if enabled, and can forget them', async () => {
    await send('POST', '', { callback: CALLBACK });
    assert.equal((await send('GET')).status, 404);
    await act('hub', { listed: 'yes' });
    assert.equal(JSON.parse((await send('GET')).text)[0].callback, CALLBACK);
    await act('forgetHubs', {});
    assert.deepEqual(ids(), []);
  });

  it('rejects an unknown form', async () => {
    assert.equal((await act('hub', { form: 'nonesuch' })).status, 400);
  });
});
