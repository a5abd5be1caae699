import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PreviewedMessage } from '../../nodes/route/previewed-message.js';
import type { MessageList, MessageView } from '../../nodes/sidebar/views.js';
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.js';
import { type FlowNode, freePort, type Live, startNodeRed, until } from './node-red.js';

type Customer = keyof Sandbox['routed']['customers'];
type Provider = keyof Sandbox['routed']['providers'];
const CUSTOMERS: Customer[] = ['acme', 'globex', 'initech'];
const PROVIDERS: Provider[] = ['north', 'south'];

/** Each customer has a case at each provider: its mark, and the category by which the rules route it. */
const CASES = CUSTOMERS.flatMap((customer) =>
  PROVIDERS.map((provider) => ({
    customer,
    provider,
    mark: `${customer} at ${provider}`,
    category: provider === 'north' ? 'network' : 'software',
  })),
);

describe('three customers and two providers in one flow', () => {
  let folder: string;
  let sandbox: Sandbox;
  let live: Live;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'switchboard-routing-'));
    sandbox = await startSandbox();
    const example = readFileSync('examples/3-routing.json', 'utf8').replaceAll('http://127.0.0.1:1881', sandbox.url);
    const flow = (JSON.parse(example) as FlowNode[]).map((node) =>
      'retryDelay' in node ? { ...node, retryDelay: '0.1' } : node,
    );
    live = await startNodeRed({ folder, port: await freePort(), flow, env: sandbox.environment, editor: true });
    for (const name of CUSTOMERS)
      customer(name).webhook = {
        url: `${live.url}/switchboard/${name}`,
        secret: sandbox.environment.SANDBOX_WEBHOOK_SECRET!,
        retries: 50,
      };
    for (const name of PROVIDERS) await until(`the subscription at ${name}`, () => provider(name).hubs().length === 1);
  });
  after(async () => {
    const how = await live?.stop();
    await sandbox?.close();
    rmSync(folder, { recursive: true, force: true });
    assert.equal(how, '0', live?.output());
  });

  const customer = (name: Customer) => sandbox.routed.customers[name];
  const provider = (name: Provider) => sandbox.routed.providers[name];
  const incident = (name: Customer, mark: string) =>
    customer(name)
      .rows('incident')
      .find((row) => row.short_description === mark);
  const ticket = (name: Provider, mark: string) =>
    provider(name)
      .tickets()
      .find((one) => one.name === mark);
  const comments = (name: Customer, mark: string) =>
    customer(name)
      .journal(incident(name, mark)!.sys_id!)
      .map(({ value }) => withoutAuthor(String(value)));
  const get = async <T>(path: string) => (await (await fetch(`${live.url}/switchboard/${path}`)).json()) as T;
  const messages = async (search: string) => (await get<MessageList>(`messages?search=${encodeURIComponent(search)}`)).messages;
  /** Titles at every party, to find a foreign mark anywhere. */
  const everywhere = () => ({
    ...Object.fromEntries(
      CUSTOMERS.map((name) => [
        name,
        customer(name)
          .rows('incident')
          .map((row) => row.short_description),
      ]),
    ),
    ...Object.fromEntries(
      PROVIDERS.map((name) => [
        name,
        provider(name)
          .tickets()
          .map((one) => one.name),
      ]),
    ),
  });
  const titlesAt = (party: string) =>
    CASES.filter((one) => one.customer === party || one.provider === party).map(({ mark }) => mark);
  const expected = () => Object.fromEntries([...CUSTOMERS, ...PROVIDERS].map((party) => [party, titlesAt(party)]));

  it('have each case at its customer and its provider, once, and nowhere else', async () => {
    for (const { customer: name, mark, category } of CASES)
      customer(name).create('incident', { short_description: mark, description: mark, impact: '2', urgency: '2', category });
    await until('all tickets', () => CASES.every(({ provider: name, mark }) => ticket(name, mark)));
    await until('their numbers at the customers', () =>
      CASES.every((one) => incident(one.customer, one.mark)?.correlation_display === ticket(one.provider, one.mark)?.id),
    );
    assert.deepEqual(mapSorted(everywhere()), mapSorted(expected()));
  });

  it("send a provider's changes back to the customer of the case only", async () => {
    for (const { provider: name, mark } of CASES) {
      const { id } = ticket(name, mark)!;
      provider(name).setStatus(String(id), 'inProgress');
      provider(name).addNote(String(id), `${mark}: on our way`);
    }
    await until('all states and comments', () =>
      CASES.every(
        (one) =>
          incident(one.customer, one.mark)!.state === '2' && comments(one.customer, one.mark).includes(`${one.mark}: on our way`),
      ),
    );
    for (const { customer: name, mark } of CASES) assert.deepEqual(comments(name, mark), [`${mark}: on our way`]);
    assert.deepEqual(mapSorted(everywhere()), mapSorted(expected()));
  });

  it("send a customer's changes to the provider of the case only, even if a rule would lead elsewhere by now", async () => {
    for (const { customer: name, mark } of CASES) {
      const { sys_id } = incident(name, mark)!;
      customer(name).update('incident', sys_id!, { category: 'network' });
      customer(name).comment('incident', sys_id!, `${mark}: thanks`);
    }
    const notes = (one: (typeof CASES)[number]) =>
      ((ticket(one.provider, one.mark)!.note ?? []) as { text: string }[]).map(({ text }) => withoutAuthor(text));
    await until('all comments', () => CASES.every((one) => notes(one).includes(`${one.mark}: thanks`)));
    for (const one of CASES) assert.deepEqual(notes(one), [`${one.mark}: on our way`, `${one.mark}: thanks`]);
    assert.deepEqual(mapSorted(everywhere()), mapSorted(expected()));
  });

  it('show in the details of a message where it was sent, and by which rule', async () => {
    const number = incident('acme', 'acme at south')!.number!;
    const rows = await messages(number);
    const views = await Promise.all(rows.map(({ id }) => get<MessageView>(`messages/${id}`)));
    const own = views.filter((view) => view.endpoint === 'Acme (ServiceNow)' && view.number === number);
    assert.deepEqual(own.at(-1)?.routes, [{ to: ['South (TMF621 v5)'], by: 'rule', rules: [2], node: 'route' }]);
    assert.deepEqual(
      own[0]?.routes.map(({ to, by }) => [to, by]),
      [[['South (TMF621 v5)'], 'conversation']],
    );
  });

  it('show a case that no rule matches as unrouted, with the reason', async () => {
    const { id } = provider('north').create({
      name: 'opened at north',
      description: 'x',
      severity: 'Minor',
      ticketType: 'incident',
    });
    const row = await until('the message', async () => (await messages(String(id))).find(({ state }) => state === 'unrouted'));
    assert.equal(row.reason, 'No rule of the route node matched.');
  });

  it('show in the preview where the last messages would go with other rules', async () => {
    const rules = {
      parties: ['sb3-acme', 'sb3-north', 'sb3-south'],
      rules: [
        { from: 'side:customer', when: [{ field: 'title', operator: 'contains', value: 'AT NORTH' }], to: ['sb3-south'] },
        { from: '', when: [{ field: '', operator: 'expression', value: "fields.title = 'opened at north'" }], to: ['sb3-acme'] },
      ],
      matches: 'first',
      otherwise: '',
    };
    const preview = async (body: unknown) =>
      fetch(`${live.url}/switchboard/routes/preview`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify(body),
      });
    const shown = (await (await preview({ rules })).json()) as PreviewedMessage[];
    const routeOf = (endpoint: string, title: string) =>
      shown.find((one) => one.endpoint.startsWith(endpoint) && one.title === title)?.route;
    assert.deepEqual(routeOf('Acme', 'acme at north'), { to: ['sb3-south'], by: 'rule', rules: [1] });
    assert.deepEqual(routeOf('Acme', 'acme at south'), { to: [], by: 'none' });
    assert.deepEqual(routeOf('North', 'opened at north'), { to: ['sb3-acme'], by: 'rule', rules: [2] });
    assert.deepEqual(routeOf('North', 'acme at north'), { to: ['sb3-acme'], by: 'conversation' }, 'an update goes back');
    assert.equal(routeOf('Globex', 'globex at north'), undefined, 'no message of an endpoint that is not among the parties');
    assert.equal((await preview({ rules: { ...rules, parties: 'all' } })).status, 400);
  });
});

function mapSorted(all: Record<string, unknown[]>): Record<string, unknown[]> {
  return Object.fromEntries(Object.entries(all).map(([name, list]) => [name, [...list].sort()]));
}

/** A comment is passed on with its author in front. */
function withoutAuthor(text: string): string {
  return text.replace(/^\w+: (?=\w+ at )/, '');
}
