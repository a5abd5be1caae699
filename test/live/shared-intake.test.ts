import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { MessageList, MessageView } from '../../nodes/sidebar/views.js';
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.js';
import { troubleTicketFlow } from './flows.js';
import { type FlowNode, freePort, type Live, startNodeRed, until } from './node-red.js';

/** What the flows of both customers share. */
const SHARED = new Set(['sb1-tmf', 'sb1-store']);

/** The flow of a second customer, to the same provider. */
function secondFlow(flow: FlowNode[], customer: Sandbox): FlowNode[] {
  const own = new Set(flow.map(({ id }) => id).filter((id) => !SHARED.has(id)));
  const text = JSON.stringify(flow.filter(({ id }) => own.has(id)))
    .replace(/"(sb1-[\w-]+)"/g, (quoted, id: string) => (own.has(id) ? `"${id.replace('sb1', 'sb2')}"` : quoted))
    .replaceAll('SANDBOX_', 'SECOND_');
  const changes: Record<string, object> = {
    'sb2-sn': { name: 'Second customer', baseUrl: `${customer.url}/servicenow` },
    'sb2-sn-in': { path: 'switchboard/second' },
    'sb2-tmf-in': { name: 'provider for the second' },
  };
  return (JSON.parse(text) as FlowNode[]).map((node) => ({ ...node, ...changes[node.id] }));
}

describe('two customers who share a provider endpoint, each with an in node on it', () => {
  let folder: string;
  let first: Sandbox;
  let second: Sandbox;
  let live: Live;
  let flow: FlowNode[];
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'switchboard-shared-'));
    first = await startSandbox();
    second = await startSandbox();
    const own = troubleTicketFlow(first, { version: 'v4', customer: 'webhook', provider: 'hub' });
    flow = [...own, ...secondFlow(own, second)];
    const renamed = Object.entries(second.environment).map(([name, value]) => [name.replace('SANDBOX_', 'SECOND_'), value]);
    const env = { ...first.environment, ...Object.fromEntries(renamed) };
    live = await startNodeRed({ folder, port: await freePort(), flow, env, editor: true, logLevel: 'info' });
    for (const [sandbox, path] of [
      [first, 'customer'],
      [second, 'second'],
    ] as const)
      sandbox.servicenow.webhook = {
        url: `${live.url}/switchboard/${path}`,
        secret: sandbox.environment.SANDBOX_WEBHOOK_SECRET!,
        retries: 50,
      };
  });
  after(async () => {
    await live?.stop();
    await first?.close();
    await second?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const provider = () => first.tmf('v4');
  const get = async <T>(path: string): Promise<T> => (await (await fetch(`${live.url}${path}`)).json()) as T;
  const deploy = async (flows: FlowNode[], type = 'full') => {
    const headers = { 'Content-Type': 'application/json', 'Node-RED-API-Version': 'v2', 'Node-RED-Deployment-Type': type };
    const answer = await fetch(`${live.url}/flows`, { method: 'POST', headers, body: JSON.stringify({ flows }) });
    assert.equal(answer.status, 200, await answer.text());
  };
  const open = async (customer: Sandbox, title: string) => {
    customer.servicenow.create('incident', { short_description: title, description: title, impact: '2', urgency: '2' });
    return String(
      (
        await until('the ticket', () =>
          provider()
            .tickets()
            .find(({ name }) => name === title),
        )
      ).id,
    );
  };
  const incidents = (customer: Sandbox) => customer.servicenow.rows('incident').map((row) => String(row.short_description));
  const notes = (customer: Sandbox) =>
    customer.servicenow
      .rows('incident')
      .flatMap(({ sys_id }) => customer.servicenow.journal(String(sys_id)).map(({ value }) => String(value)));
  const count = (texts: string[], part: string) => texts.filter((text) => text.includes(part)).length;
  const quiet = () =>
    until('everything to be done', async () => {
      const [{ messages, deliveries }] = (await get<{ stores: { messages: Counts; deliveries: Counts }[] }>('/health'))
        .stores as [{ messages: Counts; deliveries: Counts }];
      return messages.received! + deliveries.pending! + deliveries.sending! + deliveries.inDoubt! === 0;
    });
  type Counts = Record<string, number>;
  /** The names of the in nodes whose flows the events about a ticket have entered. */
  const entered = async (ticket: string) => {
    const { messages } = await get<MessageList>(`/switchboard/messages?search=${encodeURIComponent(ticket)}`);
    const views = await Promise.all(messages.map(({ id }) => get<MessageView>(`/switchboard/messages/${id}`)));
    return new Set(views.filter(({ origin }) => origin === 'event' || origin === 'poll').map(({ node }) => node));
  };

  it('have one subscription at the provider', async () => {
    await until('the registration', () => provider().hubs().length > 0);
    await open(first, 'First line');
    await open(second, 'Second line');
    await quiet();
    assert.equal(provider().hubs().length, 1);
  });

  it('each get the updates of their own tickets, once, and nothing of the other', async () => {
    for (const { id, name } of provider().tickets()) provider().addNote(String(id), `about ${name}`);
    await until('both notes', () => count(notes(first), 'about First line') + count(notes(second), 'about Second line') === 2);
    await quiet();
    assert.deepEqual([incidents(first), incidents(second)], [['First line'], ['Second line']]);
    assert.equal(count(notes(first), 'about Second'), 0);
    assert.equal(count(notes(second), 'about First'), 0);
    const [a, b] = ['First line', 'Second line'].map(
      (title) =>
        provider()
          .tickets()
          .find(({ name }) => name === title)!,
    );
    assert.deepEqual([...(await entered(String(a?.id)))], ['provider']);
    assert.deepEqual([...(await entered(String(b?.id)))], ['provider for the second']);
    assert.equal(provider().tickets().length, 2);
  });

  it('keep the subscription when one of the in nodes is deleted: the other one holds it', async () => {
    const callback = provider().hubs()[0]?.callback ?? '';
    const holder = flow.find(({ id }) => callback.includes(`/${id}/`))!;
    const remaining = flow.filter(({ id }) => id !== holder.id);
    await deploy(remaining, 'nodes');
    const heir = holder.id === 'sb1-tmf-in' ? 'sb2-tmf-in' : 'sb1-tmf-in';
    await until('the new registration', () => provider().hubs().length === 1 && provider().hubs()[0]!.callback.includes(heir));
    await deploy(flow, 'nodes');
    await quiet();
    assert.equal(provider().hubs().length, 1);
  });

  it('lose no message that waits for an in node which a deploy replaces', async () => {
    const ticket = await open(first, 'Replaced');
    await quiet();
    provider().faults.add({ method: 'GET', path: `/troubleTicket/${ticket}`, kind: 'status', status: 503 });
    provider().addNote(ticket, 'while it waits');
    await until('the message to wait', async () => waiting(await list()) > 0);
    const replaced = flow.map((node) => (node.id === 'sb1-tmf-in' ? { ...node, id: 'new-in', name: 'replacement' } : node));
    await deploy(replaced);
    provider().faults.clear();
    await until('the note', () => count(notes(first), 'while it waits') > 0);
    await quiet();
    assert.equal(count(notes(first), 'while it waits'), 1);
    assert.ok((await entered(ticket)).has('replacement'));
    flow = replaced;
  });

  it('report messages that wait while there is no in node, and go on when one is deployed', async () => {
    const ticket = await open(second, 'Deleted');
    await quiet();
    provider().faults.add({ method: 'GET', path: `/troubleTicket/${ticket}`, kind: 'status', status: 503 });
    provider().addNote(ticket, 'nobody takes it');
    await until('the message to wait', async () => waiting(await list()) > 0);
    await deploy(flow.filter(({ type }) => type !== 'switchboard-tmf621-in'));
    provider().faults.clear();
    const message = await until('the reason', async () => (await list()).find(({ wait }) => wait?.kind === 'noNode'));
    assert.equal(message.state, 'waiting');
    await until('the log', () => /waits?: There is no in node for troubleTicket of/.test(live.output()));
    await deploy(flow);
    await until('the note', () => count(notes(second), 'nobody takes it') > 0);
    await quiet();
    assert.equal(count(notes(second), 'nobody takes it'), 1);
  });

  const list = async () => (await get<MessageList>('/switchboard/messages')).messages;
  const waiting = (messages: MessageList['messages']) => messages.filter(({ state }) => state === 'waiting').length;
});
