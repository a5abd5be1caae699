import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mentionsOf, oneWordIn } from '../../src/delivery/mentions.js';
import { checkTrail } from '../../src/store/trail-check.js';
import { until } from '../live/node-red.js';
import { Rig } from './rig.js';

const ANNA = { name: 'anna' };
const ERIKA = 'Erika Mustermann';

describe('a person', () => {
  const finds = (person: string, ...texts: unknown[]) => texts.map((text) => mentionsOf([person])({ a: [text] }));

  it('is found by a whole name in any case, but not as a part of another one', () => {
    assert.deepEqual(finds('Ann Lee', 'ANN LEE', 'from Ann Lee, today', '"Ann Lee"', 'Ann Leeson', 'Joann Lee', 'Ann  Lee', 7), [
      true,
      true,
      true,
      false,
      false,
      false,
      false,
    ]);
    assert.deepEqual(finds('Ülkü', 'an ülkü.', 'Ülküm'), [true, false]);
  });

  it('is found by a mail address, and by a telephone number however its digits are grouped', () => {
    assert.deepEqual(finds('erika@acme.example', 'Erika@ACME.example', 'x.erika@acme.example', 'erika@acme.examples'), [
      true,
      true,
      false,
    ]);
    const number = '+49 170 1234567';
    assert.deepEqual(finds(number, '0049 170/123-4567', 'call +491701234567 now', 491701234567, '1234567', '+49 170 12345678'), [
      true,
      true,
      true,
      false,
      false,
    ]);
  });

  it('is found in the names of properties, too', () => {
    assert.equal(mentionsOf(['erika'])({ watchers: { 'Erika ': 1 } }), true);
  });

  it('is perhaps not meant alone by a single word', () => {
    assert.match(oneWordIn(['Jane Doe', ' Will ']) ?? '', /^"Will" is a single word, which may be in the tickets of others/);
    for (const text of ['Jane Doe', 'jane@acme.example', '+49 170 1234567', 'INC1']) assert.equal(oneWordIn([text]), undefined);
  });

  it('is not looked for by a text that is found everywhere', () => {
    assert.throws(() => mentionsOf([' a ']), { code: 'SWB_PAYLOAD', message: /too short/ });
  });
});

describe('erasing', () => {
  let folder: string;
  let rig: Rig;
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'switchboard-erasure-'));
    rig = new Rig(folder);
    rig.recordTraffic = true;
    await rig.start();
  });
  afterEach(async () => {
    await rig.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const filesWith = (text: string) =>
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((file) => file.isFile() && readFileSync(join(file.parentPath, file.name)).includes(text))
      .map((file) => file.name);

  /** A ticket from its first report to its end, or without that. */
  async function ticket(id: string, caller: string, ended = true): Promise<void> {
    await rig.receive('customer', {
      id,
      version: '1',
      fields: { title: `${caller} cannot call`, state: 'inProgress', requester: caller },
    });
    await rig.idle();
    if (!ended) return;
    const fields = { title: `${caller} cannot call`, state: 'closed', requester: caller };
    await rig.receive('customer', { id, version: '2', fields });
    await rig.idle();
    await until('the end of the ticket', async () => (await conversationOf(id))?.state === 'closed');
  }
  const conversationOf = (id: string) => rig.store.conversationByLink('customer', 'troubleTicket', id);

  it('a person: their ended tickets are gone from every file, and others are whole', async () => {
    await ticket('INC-AAA-1', ERIKA);
    await ticket('INC-BBB-2', 'Max Power');
    const before = await conversationOf('INC-AAA-1');
    const [message] = (await rig.messages()).filter((one) => one.entityId === 'INC-AAA-1');
    await rig.broker.audit.reading({
      by: ANNA,
      action: 'read',
      target: { kind: 'message', id: message!.id, name: 'INC-AAA-1' },
    });
    await rig.broker.audit.add({ by: ANNA, action: 'preview', target: { kind: 'mapping', id: 'x' }, reason: `about ${ERIKA}` });
    rig.broker.countUnmapped({ messageId: 'x' } as never, { mapping: 'm', direction: 'in' }, [
      { code: 'unmapped', level: 'warning', field: 'requester', value: ERIKA, text: '' } as never,
    ]);
    assert.deepEqual(await rig.broker.eraser.preview({ person: [ERIKA] }, ANNA), {
      tickets: [
        {
          id: before!.id,
          numbers: before!.links.map(({ number, id }) => number ?? id),
          title: `${ERIKA} cannot call`,
          messages: 2,
          deliveries: 2,
        },
      ],
      values: 1,
      entries: 3,
    });
    assert.ok(filesWith(ERIKA).length > 0, 'a preview erases nothing');
    const { tickets, entries } = await rig.broker.eraser.erase({ person: [ERIKA.toUpperCase()] }, ANNA);
    assert.deepEqual([tickets.length, entries], [1, 3], 'as many as the preview said');
    assert.deepEqual((await rig.broker.audit.list(1))[0]?.target, { kind: 'trail', id: '', count: 3 }, 'and as the log says');
    for (const text of [ERIKA, 'Erika']) assert.deepEqual(filesWith(text), []);
    assert.deepEqual(await rig.broker.unmapped.list(), []);
    const tombstone = (await conversationOf('INC-AAA-1'))!;
    assert.deepEqual(
      [tombstone.id, tombstone.title, tombstone.state, tombstone.links.map(({ id, lastKnown }) => [id, lastKnown])],
      [before!.id, undefined, 'closed', before!.links.map(({ id }) => [id, {}])],
    );
    assert.equal((await conversationOf('INC-BBB-2'))?.title, 'Max Power cannot call');
    assert.deepEqual((await rig.broker.eraser.preview({ person: [ERIKA] }, ANNA)).tickets, []);
    assert.deepEqual(filesWith(ERIKA), [], 'to look again leaves no trace of the person');
  });

  it('shows in the log what was done, by whom, and no name; entries of before stay, without theirs', async () => {
    await ticket('INC-AAA-1', ERIKA);
    const [message] = await rig.messages();
    await rig.broker.interventions.replayMessage(message!.id, ANNA);
    await rig.idle();
    const { id } = (await conversationOf('INC-AAA-1'))!;
    const [replayed] = await rig.broker.audit.list(9);
    assert.equal(replayed?.target.name, 'INC-AAA-1');
    await rig.broker.eraser.erase({ ticket: ['inc-aaa-1'] }, { ...ANNA, source: 'cli' });
    const entries = await rig.broker.audit.list(9);
    assert.deepEqual(
      entries.map(({ by, action, source, target }) => [by, action, source, target.kind, target.name]),
      [
        ['anna', 'erase', 'cli', 'trail', undefined],
        ['anna', 'erase', 'cli', 'conversation', undefined],
        ['anna', 'replay', 'view', 'message', undefined],
      ],
    );
    assert.deepEqual(entries[1]?.target, { kind: 'conversation', id, count: 4 });
    assert.deepEqual(
      readdirSync(join(folder, 'audit')).filter((name) => readFileSync(join(folder, 'audit', name)).includes('INC-AAA')),
      [],
    );
    const { problems, cut } = await checkTrail(folder);
    assert.deepEqual([problems, cut], [[], 1]);
  });

  it('shows in the log who looked for whom, and what was not confirmed, until that person is erased', async () => {
    await ticket('INC-AAA-1', ERIKA);
    const request = { person: [ERIKA, 'erika@acme.example'] };
    await rig.broker.eraser.preview({ person: ['Nobody Known'] }, ANNA);
    const found = await rig.broker.eraser.preview(request, ANNA);
    await rig.broker.eraser.refuse(request, found, ANNA);
    const entries = await rig.broker.audit.list(9);
    assert.deepEqual(
      entries.map(({ action, outcome, target, search }) => [action, outcome, target, search]),
      [
        ['erase', 'refused', { kind: 'person', id: '', count: 1 }, `${ERIKA}, erika@acme.example`],
        ['lookFor', 'done', { kind: 'person', id: '', count: 1 }, `${ERIKA}, erika@acme.example`],
        ['lookFor', 'done', { kind: 'person', id: '', count: 0 }, undefined],
      ],
    );
    assert.deepEqual([found.entries, (await rig.broker.eraser.erase(request, ANNA)).entries], [1, 2]);
    assert.deepEqual(filesWith('Erika'), []);
    assert.deepEqual((await checkTrail(folder)).problems, []);
    await ticket('X1', 'Max Power');
    await rig.broker.eraser.preview({ ticket: ['X1', 'X2'] }, ANNA);
    assert.equal((await rig.broker.audit.list(1))[0]?.search, 'X1, X2');
    await rig.broker.eraser.erase({ ticket: ['X1'] }, ANNA);
    assert.ok((await rig.broker.audit.list(9)).every(({ search }) => search === undefined));
    await rig.broker.eraser.erase(request, ANNA);
    await rig.broker.eraser.refuse(request, await rig.broker.eraser.look(request), ANNA);
    for (const nothing of await rig.broker.audit.list(2))
      assert.deepEqual(
        [nothing.action, nothing.outcome, nothing.target, nothing.search],
        ['lookFor', 'done', { kind: 'person', id: '', count: 0 }, undefined],
        'nothing was erased or refused',
      );
  });

  it('refuses a ticket that has not ended, or of which something is still to be done, in words, and keeps all of it', async () => {
    await ticket('INC-AAA-1', ERIKA, false);
    const reasonFor = async () => (await rig.broker.eraser.erase({ person: [ERIKA] }, ANNA)).tickets[0]?.refused;
    assert.match((await reasonFor()) ?? '', /has not ended/);
    rig.provider.faults.push('refused');
    await rig.receive('customer', { id: 'INC-AAA-1', version: '2', fields: { title: ERIKA, state: 'closed' } });
    await until('the failure', async () => (await rig.deliveries()).find(({ state }) => state === 'failed'));
    assert.match((await reasonFor()) ?? '', /failed or need a decision. Replay or skip/);
    const [entry] = await rig.broker.audit.list(1);
    assert.deepEqual([entry?.action, entry?.outcome], ['erase', 'refused']);
    const [failed] = (await rig.deliveries()).filter(({ state }) => state === 'failed');
    await rig.broker.interventions.replayDelivery(failed!.id, ANNA);
    await rig.idle();
    assert.equal(rig.provider.tickets[0]?.fields.state, 'closed', 'it was still delivered');
    assert.equal(await reasonFor(), undefined);
    assert.deepEqual(filesWith(ERIKA), []);
  });

  const refusals = async (ticket: string) =>
    (await rig.broker.eraser.erase({ ticket: [ticket] }, ANNA)).tickets.map(({ refused }) => refused);

  /** Starts again with in nodes, or without any: then what is received waits. */
  async function restart(flows: boolean): Promise<void> {
    await rig.stop();
    const { customer, provider } = rig;
    rig = Object.assign(new Rig(folder), { customer, provider });
    await rig.start({ flows });
  }

  it('refuses a ticket of which something was accepted that was not read yet, by whatever name, at any of its parties', async () => {
    await ticket('INC-AAA-1', ERIKA);
    const { links } = (await conversationOf('INC-AAA-1'))!;
    const theirs = links.find(({ endpoint }) => endpoint === 'provider')!;
    const names: Record<string, { endpoint: string; entityType?: string; entityId: string; number?: string }> = {
      'by its id': { endpoint: 'customer', entityId: 'INC-AAA-1' },
      'at the other party': { endpoint: 'provider', entityId: theirs.id },
      'by its number': { endpoint: 'customer', entityId: '', number: 'INC-AAA-1' },
      'by the id of a part': { endpoint: 'customer', entityType: 'line', entityId: 'INC-AAA-1' },
      'by nothing that is known before it is read': { endpoint: 'provider', entityId: '' },
    };
    for (const [name, item] of Object.entries(names)) {
      await restart(false);
      const payload = { id: item.entityId || 'INC-AAA-1', version: '3', fields: { title: 'late', state: 'closed' } };
      await rig.broker.inbox.accept([
        { node: `in-${item.endpoint}`, origin: 'webhook', entityType: 'troubleTicket', key: name, payload, ...item },
      ]);
      for (const refused of await refusals(theirs.id)) assert.match(refused ?? '', /still to be processed/, name);
      assert.equal((await conversationOf('INC-AAA-1'))?.erasedAt, undefined, name);
      const [received] = (await rig.messages()).filter(({ state }) => state === 'received');
      await rig.broker.interventions.skipMessage(received!.id, '', ANNA);
    }
    await restart(false);
    assert.deepEqual(await refusals(theirs.id), [undefined]);
  });

  it('looks again at what is accepted while it erases', async () => {
    await ticket('INC-AAA-1', ERIKA);
    await restart(false);
    const commit = rig.store.commit.bind(rig.store);
    let late = true;
    rig.store.commit = async (changes, options) => {
      if (options?.erase && late) {
        late = false;
        await rig.receive('customer', { id: 'INC-AAA-1', version: '3', fields: { title: 'late' } });
      }
      return commit(changes, options);
    };
    assert.match((await refusals('INC-AAA-1'))[0] ?? '', /still to be processed/);
    assert.equal((await conversationOf('INC-AAA-1'))?.erasedAt, undefined);
    assert.ok(filesWith(ERIKA).length > 0);
  });

  it('keeps nothing of what was accepted before it could see the erasure', async () => {
    await ticket('INC-AAA-1', ERIKA);
    await restart(false);
    const { commit, conversationByLink } = rig.store;
    let late = true;
    rig.store.commit = async (changes, options) => {
      const result = await commit.call(rig.store, changes, options);
      if (options?.erase && late) {
        late = false;
        rig.store.conversationByLink = async () => undefined;
        const fields = { title: `late ${ERIKA}` };
        await rig.receive('customer', { id: 'INC-AAA-1', version: '3', fields }, 'late');
        rig.store.conversationByLink = conversationByLink;
      }
      return result;
    };
    assert.deepEqual(await refusals('INC-AAA-1'), [undefined], 'it was erased before');
    assert.deepEqual([(await rig.messages()).map(({ state }) => state), filesWith(ERIKA)], [['received'], []]);
  });

  it('erases with a ticket what was skipped before it was read', async () => {
    await ticket('INC-AAA-1', ERIKA);
    await restart(false);
    await rig.receive('provider', { id: rig.provider.tickets[0]!.id, version: '3', fields: { title: `for ${ERIKA}` } });
    const [received] = (await rig.messages()).filter(({ state }) => state === 'received');
    await rig.broker.interventions.skipMessage(received!.id, '', ANNA);
    assert.deepEqual(await refusals('INC-AAA-1'), [undefined]);
    assert.deepEqual([await rig.messages(), filesWith(ERIKA)], [[], []]);
  });

  /** The ticket as its party has it from now on. */
  const atCustomer = (fields: Record<string, string>, comments: string[] = []) => {
    const { tickets } = rig.customer;
    const version = (tickets[0]?.version ?? 2) + 1;
    tickets[0] = { id: 'INC-AAA-1', fields, comments, files: [], version };
  };
  const closed = { title: `${ERIKA} cannot call`, state: 'closed', requester: ERIKA };
  const ends = async () =>
    (await rig.messages()).map(({ state, outcome, error }) => [state, outcome ?? error?.code]).filter(([state]) => state);

  it('a later update of an erased ticket opens no new one, reaches nobody, and is put before a user, without its content', async () => {
    await ticket('INC-AAA-1', ERIKA);
    await rig.broker.eraser.erase({ ticket: ['INC-AAA-1'] }, ANNA);
    const calls = rig.provider.calls.length;
    await restart(true);
    const { provider } = rig;
    atCustomer({ ...closed, state: 'inProgress' });
    await rig.receive('customer', { id: 'INC-AAA-1', version: '3', fields: { ...closed, state: 'inProgress' } }, 'c');
    provider.tickets[0]!.fields.title = `again ${ERIKA}`;
    await rig.receive('provider', { id: provider.tickets[0]!.id, version: '9', fields: { title: `again ${ERIKA}` } }, 'p');
    const failed = await until('both to fail', async () => {
      const found = (await rig.messages()).filter(({ state }) => state === 'failed');
      return found.length === 2 && found;
    });
    for (const { error } of failed as { error?: { code: string; message: string } }[]) {
      assert.equal(error?.code, 'SWB_ERASED');
      assert.match(error?.message ?? '', /was erased on \d{4}-\d\d-\d\d, and it was changed since/);
    }
    assert.deepEqual([rig.emitted, filesWith(ERIKA)], [[], []], 'nothing of it reaches a flow or a file');
    assert.equal(rig.provider.tickets.length, 1);
    assert.equal(rig.customer.tickets.length, 1);
    assert.equal(rig.provider.calls.filter((call) => /create|update/.test(call)).length <= calls, true);
    assert.match((await refusals('INC-AAA-1'))[0] ?? '', /failed/);
    for (const { id } of failed as { id: string }[]) await rig.broker.interventions.skipMessage(id, '', ANNA);
    assert.deepEqual(await refusals('INC-AAA-1'), [undefined]);
    assert.deepEqual(await rig.messages(), []);
  });

  for (const origin of ['poll', 'webhook'] as const)
    it(`an erased ticket that did not change stays erased when a ${origin} shows it again`, async () => {
      const known = [`call ${ERIKA}`, 'Solved.'];
      atCustomer({ ...closed, state: 'inProgress' }, [`call ${ERIKA}`]);
      const received = (key: string) =>
        rig.broker.inbox.accept([
          {
            node: 'in-customer',
            origin,
            endpoint: 'customer',
            entityType: 'troubleTicket',
            entityId: 'INC-AAA-1',
            key,
            payload: { again: 'x', caller: ERIKA },
          },
        ]);
      await received('1');
      await rig.idle();
      atCustomer(closed, known);
      await received('2');
      await rig.idle();
      await until('the end of the ticket', async () => (await conversationOf('INC-AAA-1'))?.state === 'closed');
      assert.deepEqual(await refusals('INC-AAA-1'), [undefined]);
      for (const key of ['2', '3']) {
        await restart(true);
        await received(key);
        await rig.idle();
        assert.deepEqual(filesWith(ERIKA), []);
      }
      assert.deepEqual(new Set((await ends()).map(String)), new Set(['settled,ignored']));
      const changes: [string, () => void][] = [
        ['a comment', () => atCustomer(closed, [...known, 'No.'])],
        ['an edited comment', () => atCustomer(closed, [known[0]!, 'Not solved.'])],
        ['a removed comment', () => atCustomer(closed, [known[0]!])],
        ['a field', () => atCustomer({ ...closed, state: 'inProgress' }, known)],
      ];
      for (const [what, change] of changes) {
        change();
        await received(what);
        await rig.idle();
        const failed = (await rig.messages()).filter(({ state }) => state === 'failed');
        assert.deepEqual([failed.map(({ error }) => error?.code), filesWith(ERIKA)], [['SWB_ERASED'], []], what);
        await rig.broker.interventions.replayMessage(failed[0]!.id, ANNA);
        await received(`${what} again`);
        await rig.idle();
        const then = (await rig.messages()).filter(({ state }) => state === 'failed');
        assert.deepEqual([then.map(({ id }) => id), filesWith(ERIKA)], [[failed[0]!.id], []], `${what}: once`);
        await rig.broker.interventions.skipMessage(failed[0]!.id, '', ANNA);
        await restart(true);
        await received(`${what} after a restart`);
        await rig.idle();
        assert.deepEqual([(await rig.messages()).filter(({ state }) => state === 'failed'), filesWith(ERIKA)], [[], []]);
      }
    });

  it('says so where it cannot be told whether an erased ticket was changed', async () => {
    await ticket('INC-AAA-1', ERIKA);
    const id = (await conversationOf('INC-AAA-1'))!.id;
    await rig.broker.conversations.update(id, (latest) => ({
      ...latest,
      links: latest.links.map((link) => ({ ...link, raw: {}, seen: [] })),
    }));
    assert.deepEqual(await refusals('INC-AAA-1'), [undefined]);
    atCustomer(closed);
    await rig.receive('customer', { id: 'INC-AAA-1', version: '2', fields: closed }, 'k');
    await rig.idle();
    const [failed] = await rig.messages();
    assert.match(failed?.error?.message ?? '', /whether it was changed since cannot be told/);
    await rig.receive('customer', { id: 'INC-AAA-1', version: '2', fields: closed }, 'k2');
    await rig.idle();
    assert.deepEqual((await ends()).map(String).sort(), ['failed,SWB_ERASED', 'settled,ignored'], 'it is said once');
    assert.deepEqual(filesWith(ERIKA), []);
  });

  it('cuts the log off in the commit of the ticket, so that a crash in between leaves nothing that nobody finds any more', async () => {
    await ticket('INC-AAA-1', ERIKA);
    const [message] = await rig.messages();
    await rig.broker.interventions.replayMessage(message!.id, ANNA);
    await rig.idle();
    const commit = rig.store.commit.bind(rig.store);
    rig.store.commit = async (changes, options) => {
      const result = await commit(changes, options);
      if (options?.erase) throw new Error('crash');
      return result;
    };
    await assert.rejects(rig.broker.eraser.erase({ ticket: ['INC-AAA-1'] }, ANNA), /crash/);
    await rig.stop();
    const { customer, provider } = rig;
    rig = Object.assign(new Rig(folder), { customer, provider });
    await rig.start();
    // What the opening has begun.
    await rig.store.purge();
    assert.deepEqual(filesWith(ERIKA), []);
    assert.deepEqual(
      readdirSync(join(folder, 'audit')).filter((name) => readFileSync(join(folder, 'audit', name)).includes('INC-AAA')),
      [],
    );
  });

  it('an erased conversation takes part in no link edit', async () => {
    await ticket('INC-AAA-1', ERIKA);
    await ticket('INC-BBB-2', 'Max Power');
    await rig.broker.eraser.erase({ ticket: ['INC-AAA-1'] }, ANNA);
    const [one, other] = [await conversationOf('INC-AAA-1'), await conversationOf('INC-BBB-2')];
    const merge = (conversation: string, into: string) =>
      rig.broker.linkEditor.apply({ kind: 'merge', conversation, other: into }, 'anna');
    await assert.rejects(merge(one!.id, other!.id), /was erased/);
    await assert.rejects(merge(other!.id, one!.id), /was erased/);
  });

  it('a message without a conversation', async () => {
    rig.flow = async () => undefined;
    await rig.receive('customer', { id: 'INC-CCC-3', version: '1', fields: { title: ERIKA } });
    await rig.idle();
    const { tickets } = await rig.broker.eraser.erase({ person: [ERIKA] }, ANNA);
    assert.deepEqual([tickets.length, await rig.messages(), filesWith(ERIKA)], [1, [], []]);
  });

  it('asks what to erase', async () => {
    await assert.rejects(rig.broker.eraser.erase({ person: [' '] }, ANNA), { code: 'SWB_PAYLOAD', message: /Nothing to erase/ });
  });
});
