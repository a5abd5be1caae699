import assert from 'node:assert/strict';
import { randomFrom } from '../store/random.js';
import { Partners } from './partners.js';

describe('the partners of the fault tests', () => {
  let partners: Partners;
  before(async () => {
    partners = await Partners.start(randomFrom(1));
  });
  after(() => partners.stop());
  afterEach(() => partners.reset());
  const basic = () => {
    const { SANDBOX_SERVICENOW_USER: user, SANDBOX_SERVICENOW_PASSWORD: password } = partners.environment;
    return { Authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}` };
  };
  const find = async (query: string) =>
    fetch(`${partners.customer.root}/api/now/table/incident?sysparm_query=${encodeURIComponent(query)}`, { headers: basic() });

  it('find an incident by an encoded query, newest first', async () => {
    for (const correlation_id of ['one', 'two', 'one']) partners.customer.create({ short_description: 'x', correlation_id });
    const { result } = (await (await find('correlation_id=one^ORcorrelation_id=none^ORDERBYDESCnumber')).json()) as {
      result: { number: string }[];
    };
    assert.deepEqual(
      result.map(({ number }) => number),
      ['INC0010003', 'INC0010001'],
    );
  });

  it('execute a request and return an error', async () => {
    partners.customer.behaviours.set('create', ['error with 200, done']);
    const answer = await fetch(`${partners.customer.root}/api/now/table/incident`, {
      method: 'POST',
      headers: basic(),
      body: JSON.stringify({ short_description: 'done', correlation_id: 'three' }),
    });
    assert.equal(answer.status, 200);
    assert.equal(((await answer.json()) as { status: string }).status, 'failure');
    const { result } = (await (await find('correlation_id=three')).json()) as { result: unknown[] };
    assert.equal(result.length, 1);
  });

  it('keep a list that is appended to, and record what a whole list left out', async () => {
    const { root } = partners.provider;
    const { SANDBOX_TMF_CLIENT_ID: id, SANDBOX_TMF_CLIENT_SECRET: secret } = partners.environment;
    const form = new URLSearchParams({ grant_type: 'client_credentials', client_id: id, client_secret: secret });
    const token = (await (await fetch(`${root}/oauth/token`, { method: 'POST', body: form })).json()) as { access_token: string };
    const ticket = partners.provider.create({ name: 'x' });
    partners.provider.note(ticket.id, 'theirs');
    const patch = (body: unknown) =>
      fetch(ticket.href, {
        method: 'PATCH',
        headers: { Authorization: `Bearer ${token.access_token}` },
        body: JSON.stringify(body),
      });
    await patch([{ op: 'add', path: '/note/-', value: { text: 'ours' } }]);
    assert.deepEqual(
      ticket.note.map(({ text }) => text),
      ['theirs', 'ours'],
    );
    await patch({ note: [{ text: 'ours' }] });
    assert.deepEqual(partners.provider.destroyed, [`${ticket.id}: theirs`, `${ticket.id}: ours`]);
  });
});
