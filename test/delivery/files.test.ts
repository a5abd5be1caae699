import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { PARTS } from '../../src/budgets.js';
import { DEFAULT_FILE_POLICY } from '../../src/delivery/file-policy.js';
import type { SpoolLimits } from '../../src/delivery/spool.js';
import { virusScanner } from '../../src/delivery/virus-scanner.js';
import { type ErrorCode, PartnerError } from '../../src/errors.js';
import { intakeQueue } from '../../src/store/message-queue.js';
import type { DeliveryRecord } from '../../src/store/store.js';
import { until } from '../live/node-red.js';
import { EICAR, fakeClamd } from './clamd.js';
import { Partner } from './partner.js';
import { Rig } from './rig.js';

const fails =
  (code: ErrorCode, retry = true) =>
  async () => {
    throw new PartnerError(code, 'no file today', {
      where: 'customer',
      hint: retry ? 'It is retried.' : '',
      outcome: 'notDone',
      retry,
    });
  };
/** Never ends, and is never silent. */
const drips = async () =>
  Readable.from(
    (async function* () {
      for (;;) {
        yield 'x';
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    })(),
  );

describe('files', () => {
  let folder: string;
  let rig: Rig;
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'switchboard-files-'));
    rig = await new Rig(folder).start();
  });
  afterEach(async () => {
    await rig.stop().catch(() => undefined);
    rmSync(folder, { recursive: true, force: true });
  });

  const open = (id: string, attachments: string[] = [], from = 'customer') =>
    rig.receive(from, { id, version: '1', fields: { title: id }, attachments });
  const ticket = (title: string, at = rig.provider) => at.tickets.find(({ fields }) => fields.title === title);
  const files = (title: string, at = rig.provider) => ticket(title, at)?.files.map(({ name }) => name) ?? [];
  const fileDelivery = async (): Promise<DeliveryRecord | undefined> =>
    (await rig.deliveries()).find(({ part }) => part.startsWith('attachment:'));

  for (const code of ['SWB_PARTNER_UNAVAILABLE', 'SWB_PARTNER_ANSWER'] as const)
    it(`that cannot be fetched (${code}) become dead letters of their own; the target is not blamed, the source shows it`, async () => {
      rig.customer.download = fails(code);
      await open('A', ['f.txt']);
      const troubles = () => rig.broker.intakeTroubles.list();
      await until('the trouble at the source', () => troubles().length === 1);
      assert.deepEqual(
        troubles().map(({ endpoint, part, reason }) => [endpoint, part, reason]),
        [['customer', 'file', 'customer: no file today It is retried.']],
      );
      await until('the dead letter', async () => (await fileDelivery())?.state === 'failed');
      const { tries, error } = (await fileDelivery())!;
      assert.deepEqual([tries, error?.message, troubles()], [4, 'customer: no file today', []]);
      assert.deepEqual(rig.broker.worker('provider')?.status.circuit, 'closed');
      await open('B', []);
      await until('the other ticket', () => ticket('B'));
      rig.customer.download = Partner.prototype.download;
      await rig.broker.interventions.replayDelivery((await fileDelivery())!.id, { name: '' });
      await rig.idle();
      assert.deepEqual(files('A'), ['f.txt']);
    });

  it('wait while their source is in trouble as a whole, however long', async () => {
    rig.customer.download = fails('SWB_PARTNER_UNAVAILABLE');
    rig.customer.probeFailure = new PartnerError('SWB_PARTNER_UNAVAILABLE', 'down', { outcome: 'notDone', retry: true });
    let tries = 0;
    rig.broker.worker('provider')?.on({ retrying: () => tries++ });
    await open('A', ['f.txt']);
    await until('more tries than a file has', () => tries > 6);
    assert.equal((await fileDelivery())?.state, 'pending');
    rig.customer.download = Partner.prototype.download;
    await rig.idle();
    assert.deepEqual(files('A'), ['f.txt']);
  });

  it('wait while their source rejects everything', async () => {
    rig.customer.denied = new PartnerError('SWB_PARTNER_AUTH', 'who?', { outcome: 'notDone', retry: false, status: 401 });
    rig.customer.download = async () => {
      throw rig.customer.denied;
    };
    await open('A', ['f.txt']);
    await until('the pause of the source', () => rig.broker.worker('customer')?.status.paused);
    const { probes } = rig.customer;
    await until('another check', () => rig.customer.probes > probes);
    assert.deepEqual([rig.broker.worker('provider')?.status.paused, (await fileDelivery())?.state], [undefined, 'pending']);
    rig.customer.denied = undefined;
    rig.customer.download = Partner.prototype.download;
    await rig.idle();
    assert.deepEqual(files('A'), ['f.txt']);
  });

  for (const [what, code, status] of [
    ['that the source does not have', 'SWB_PARTNER_NOT_FOUND', 404],
    ['at an address that is refused', 'SWB_ADDRESS', undefined],
  ] as const)
    it(`${what} fail at once, and are not looked for at the target`, async () => {
      rig.customer.download = async () => {
        throw new PartnerError(code, 'no such file', { outcome: 'notDone', retry: false, status });
      };
      await open('A', ['f.txt']);
      await until('the dead letter', async () => (await fileDelivery())?.state === 'failed');
      assert.deepEqual([(await fileDelivery())?.tries, (await fileDelivery())?.error?.code], [1, code]);
      assert.ok(ticket('A'));
    });

  /** A download whose answer names a media type. */
  const serves = (mediaType: string) => async () => Object.assign(Readable.from(['<html>']), { mediaType });

  it('of which a page comes instead, such as one to sign in, are fetched again, and no page is delivered', async () => {
    rig.customer.download = serves('text/html');
    await open('A', ['report.pdf']);
    await until('the dead letter', async () => (await fileDelivery())?.state === 'failed');
    const { tries, error } = (await fileDelivery())!;
    assert.deepEqual([tries, error?.code, files('A')], [4, 'SWB_PARTNER_ANSWER', []]);
    assert.match(error?.message ?? '', /^customer: The download of report\.pdf is a web page, .* sign in/);
    rig.customer.download = Partner.prototype.download;
    await rig.broker.interventions.replayDelivery((await fileDelivery())!.id, { name: '' });
    await rig.idle();
    assert.deepEqual(files('A'), ['report.pdf']);
  });

  it('that are web pages pass as such', async () => {
    rig.customer.download = serves('text/html');
    await open('A', ['page.HTM']);
    await rig.idle();
    assert.deepEqual(files('A'), ['page.HTM']);
  });

  it('that drip in hold up no other delivery, and no file from another source', async () => {
    const other = new Partner('other');
    rig.add(other);
    const detach = rig.broker.inbox.attach(intakeQueue('other', 'troubleTicket'), {
      read: async () => undefined,
      emit: (record, payload, _emission, onIdle) =>
        void rig.forward(payload as never, record).then(
          () => onIdle(),
          (error) => onIdle({ code: 'SWB_FLOW', message: String(error), at: '' }),
        ),
    });
    rig.provider.download = drips;
    // More than the slots of the target's other deliveries.
    for (let i = 0; i < 8; i++) await open(`slow ${i}`, ['slow.txt'], 'provider');
    await until('their tickets', () => rig.customer.tickets.length === 8);
    await until('files to drip', () => (rig.broker.worker('customer')?.status.inFlight ?? 0) > 1);
    await open('quick', ['quick.txt'], 'other');
    await until('the other file', () => files('quick', rig.customer).length === 1);
    for (let i = 0; i < 3; i++) await open(`later ${i}`, [], 'provider');
    await until('later tickets', () => rig.customer.tickets.length === 12);
    assert.ok(rig.customer.tickets.every(({ files }) => !files.some(({ name }) => name === 'slow.txt')));
    await detach();
  });

  it('that drip in do not hold up their own ticket, in either direction', async () => {
    rig.provider.download = drips;
    await open('slow', ['slow.txt'], 'provider');
    await until('the ticket', () => rig.customer.tickets.length === 1);
    await until('the file to drip', async () => (await fileDelivery())?.state === 'sending');
    const { id } = rig.customer.tickets[0]!;
    await rig.receive('customer', { id, version: '9', fields: { title: 'slow' }, comments: ['from the customer'] });
    await rig.receive('provider', { id: 'slow', version: '9', fields: { title: 'slow' }, comments: ['from the provider'] });
    await until('the comment at the customer', () => rig.customer.tickets[0]?.comments.includes('from the provider'));
    await until('no message in a flow', async () => (await rig.store.counts()).messages.received === 0);
    const parts = (await rig.deliveries()).map(({ part }) => part);
    assert.ok(parts.includes('comment:from the customer'), parts.join());
    assert.equal((await fileDelivery())?.state, 'sending');
  });

  it('of which the fetching has not begun yet do not hold up their own ticket either', async () => {
    let begin = () => {};
    const gate = new Promise<void>((resolve) => {
      begin = resolve;
    });
    const { spool } = rig.broker;
    const find = spool.find.bind(spool);
    spool.find = (...args) => gate.then(() => find(...args));
    await open('slow', ['slow.txt'], 'provider');
    await until('the file to be sent', async () => (await fileDelivery())?.state === 'sending');
    const { id } = rig.customer.tickets[0]!;
    await rig.receive('customer', { id, version: '9', fields: { title: 'slow' }, comments: ['from the customer'] });
    await until('no message in a flow', async () => (await rig.store.counts()).messages.received === 0);
    assert.equal((await fileDelivery())?.state, 'sending');
    begin();
  });

  it('that have to wait let other files of their ticket pass', async () => {
    rig.customer.download = async (_type, _id, { name }) => {
      if (name === 'dead.txt') return fails('SWB_PARTNER_UNAVAILABLE')();
      return Readable.from([Buffer.from(name)]);
    };
    rig.customer.probeFailure = new PartnerError('SWB_PARTNER_UNAVAILABLE', 'down', { outcome: 'notDone', retry: true });
    await open('A', ['dead.txt', 'one.txt', 'two.txt']);
    await until('the others', () => files('A').length === 2);
    assert.deepEqual(files('A'), ['one.txt', 'two.txt']);
  });

  it('that drip in are cancelled when they fall behind the slowest pace', async () => {
    await rig.stop();
    rig.filePace = { grace: 50, rate: 1_000_000 };
    await rig.start();
    rig.customer.download = drips;
    await open('A', ['f.txt']);
    await until('the dead letter', async () => (await fileDelivery())?.state === 'failed');
    assert.match((await fileDelivery())?.error?.message ?? '', /^customer: Fetching f.txt was too slow: 0 KB in 0 s/);
  });

  it('that are being fetched do not hold up a deploy, and are fetched again after it', async () => {
    let started = false;
    rig.customer.download = async () => {
      started = true;
      return drips();
    };
    await open('A', ['f.txt']);
    await until('the download', () => started);
    await rig.stop();
    rig.customer.download = Partner.prototype.download;
    await rig.start();
    await rig.idle();
    assert.deepEqual([files('A'), (await fileDelivery())?.tries], [['f.txt'], 1]);
  });

  describe('that must not pass, or have to wait,', () => {
    const settled = (state: DeliveryRecord['state']) =>
      until(`the file to be ${state}`, async () => (await fileDelivery())?.state === state);
    const spooled = () => readdirSync(rig.store.spool);
    const restart = async (change: () => void) => {
      await rig.stop();
      change();
      await rig.start();
    };

    it('are not fetched where the settings of either party do not allow their type, and end in words at once', async () => {
      for (const party of ['customer', 'provider']) {
        let fetched = 0;
        await restart(() => {
          rig.files = { [party]: { ...DEFAULT_FILE_POLICY, rule: 'except', types: ['exe'] } };
        });
        rig.customer.download = async () => {
          fetched++;
          return Readable.from([]);
        };
        await open(`from ${party}`, ['run.exe']);
        await until('the ticket', () => ticket(`from ${party}`));
        await settled('failed');
        const { error, tries, id } = (await fileDelivery())!;
        assert.deepEqual([error?.code, tries, fetched], ['SWB_FILE_REFUSED', 1, 0]);
        assert.match(
          error?.message ?? '',
          new RegExp(`^The file run.exe is not passed on: the settings of ${party} exclude the type exe`),
        );
        await rig.broker.interventions.skipDelivery(id, 'not wanted', { name: '' });
      }
    });

    it('end in words where they come with a media type that the settings of either party do not allow', async () => {
      await restart(() => {
        rig.files = { customer: { ...DEFAULT_FILE_POLICY, rule: 'only', types: ['txt', 'pdf'] } };
      });
      rig.customer.download = serves('application/x-msdownload');
      await open('A', ['sneaky.txt']);
      await settled('failed');
      const { tries, error } = (await fileDelivery())!;
      assert.deepEqual([tries, error?.code, files('A')], [1, 'SWB_FILE_REFUSED', []]);
    });

    it('are cut off where they are too large, while their ticket goes through; replayed with other settings, they pass', async () => {
      await restart(() => {
        rig.files = { provider: { ...DEFAULT_FILE_POLICY, largest: 5 } };
      });
      await open('A', ['f.txt']);
      await until('the ticket', () => ticket('A'));
      await settled('failed');
      const { error, tries, id } = (await fileDelivery())!;
      assert.deepEqual([error?.code, tries, spooled()], ['SWB_TOO_LARGE', 1, []]);
      await restart(() => {
        rig.files = {};
      });
      await rig.broker.interventions.replayDelivery(id, { name: '' });
      await rig.idle();
      assert.deepEqual(files('A'), ['f.txt']);
    });

    it('have names that show what they are, and are fetched by the name that their source knows', async () => {
      const asked: string[] = [];
      rig.customer.download = async (_type, _id, { name }) => {
        asked.push(name);
        return Readable.from([Buffer.from('x')]);
      };
      await open('A', ['../in\u202efdp.exe']);
      await rig.idle();
      assert.deepEqual([files('A'), asked], [['infdp.exe'], ['../in\u202efdp.exe']]);
    });

    it('have names as short as the settings of both parties want them', async () => {
      for (const [customer, provider] of [
        [40, 200],
        [200, 40],
      ] as const) {
        await restart(() => {
          rig.files = {
            customer: { ...DEFAULT_FILE_POLICY, longestName: customer },
            provider: { ...DEFAULT_FILE_POLICY, longestName: provider },
          };
        });
        await open(`${customer}`, [`${'n'.repeat(250)}.txt`]);
        await rig.idle();
        assert.deepEqual(files(`${customer}`), [`${'n'.repeat(36)}.txt`]);
      }
    });

    it('are refused with the name of what the virus scanner found, and removed', async () => {
      const clamd = await fakeClamd();
      await restart(() => {
        rig.scanner = virusScanner(clamd.address);
      });
      rig.customer.download = async (_type, _id, { name }) => Readable.from([Buffer.from(name === 'bad.txt' ? EICAR : 'good')]);
      await open('A', ['bad.txt']);
      await settled('failed');
      const { error, tries } = (await fileDelivery())!;
      assert.deepEqual([error?.code, tries, spooled(), files('A')], ['SWB_FILE_REFUSED', 1, [], []]);
      assert.match(error?.message ?? '', /^The file bad.txt is not passed on: the virus scanner found Eicar-Test-Signature\./);
      await open('B', ['good.txt']);
      await until('the clean file', () => files('B').length === 1);
      assert.equal(clamd.scanned.length, 2);
      await clamd.close();
    });

    it('wait for a virus scanner that cannot be reached, however long, and are fetched once only', async () => {
      const clamd = await fakeClamd();
      const { address } = clamd;
      await clamd.close();
      await restart(() => {
        rig.scanner = virusScanner(address);
      });
      let fetched = 0;
      rig.customer.download = async () => {
        fetched++;
        return Readable.from([Buffer.from('clean')]);
      };
      let waits = 0;
      rig.broker.worker('provider')?.on({ retrying: () => waits++ });
      await open('A', ['f.txt']);
      // More often than a delivery is tried.
      await until('it to wait', () => waits > 5);
      const { state, tries, error } = (await fileDelivery())!;
      assert.deepEqual([state === 'pending' || state === 'sending', tries <= 1, files('A')], [true, true, []]);
      assert.match(error?.message ?? 'waits for the virus scanner', /waits for the virus scanner/);
      const again = await fakeClamd({ port: Number(address.split(':')[1]) });
      await rig.idle();
      assert.deepEqual([files('A'), fetched, spooled()], [['f.txt'], 1, []]);
      await again.close();
    });

    it('wait for room, without holding up their ticket, and pass when there is some', async () => {
      const { spool } = rig.broker;
      const limits = (spool as unknown as { limits: SpoolLimits }).limits;
      Object.assign(spool, { limits: { ...limits, bytes: 0 } });
      let waits = 0;
      rig.broker.worker('provider')?.on({ retrying: () => waits++ });
      await open('A', ['f.txt']);
      await until('the ticket', () => ticket('A'));
      await until('it to wait', () => waits > 5);
      assert.equal(rig.broker.worker('provider')?.status.lastError, undefined);
      Object.assign(spool, { limits });
      await rig.idle();
      assert.deepEqual(files('A'), ['f.txt']);
    });

    it('are left out with a warning where they are thousands: the newest become deliveries', async () => {
      let release = () => {};
      rig.provider.gate = () =>
        new Promise((resolve) => {
          release = resolve;
        });
      await open(
        'A',
        Array.from({ length: 10_000 }, (_, n) => `${n}.txt`),
      );
      await until('the create', () => rig.provider.calls.includes('create'));
      assert.equal((await rig.store.counts()).deliveries.pending, PARTS.attachments);
      const [message] = await rig.store.listMessages({ limit: 1 });
      assert.match(message?.warning?.message ?? '', /^Only the newest 500 of 10000 new files are passed on to provider\.$/);
      const stopped = rig.stop();
      release();
      await stopped;
    });
  });

  describe('that wait for their ticket', () => {
    const waits = () => until('the file to wait', async () => (await fileDelivery())?.waitsFor === 'link');

    it('go when the event comes first, while the lost create is still looked for', async () => {
      rig.provider.faults.push('lost');
      rig.provider.onCreate = ({ id }) => rig.provider.hidden.add(id);
      rig.provider.lookUpFaults.push(...Array.from({ length: 10_000 }, () => 'down' as const));
      await open('A', ['f.txt']);
      await until('the doubt', async () => (await rig.store.counts()).deliveries.inDoubt === 1);
      await waits();
      const { reference, id } = rig.provider.tickets[0]!;
      await rig.receive('provider', { id, version: '1', fields: { title: 'A' }, reference });
      await until('the file', () => files('A').length === 1);
      await rig.idle();
      assert.equal(rig.provider.tickets.length, 1);
    });

    it('go when an event reports the ticket whose create was lost and cannot be looked up', async () => {
      rig.provider.faults.push('lost');
      rig.provider.find = undefined;
      await open('A', ['f.txt']);
      await until('the question', async () => (await rig.store.counts()).deliveries.needsDecision === 1);
      await waits();
      const { reference, id } = rig.provider.tickets[0]!;
      await rig.receive('provider', { id, version: '1', fields: { title: 'A' }, reference });
      await rig.idle();
      assert.deepEqual(files('A'), ['f.txt']);
    });

    it('say what is missing when they are replayed without a ticket, and go when one is linked', async () => {
      rig.provider.faults.push('refused');
      await open('A', ['f.txt', 'g.txt']);
      await until('the failure', async () => (await rig.store.counts()).deliveries.failed === 1);
      await waits();
      const [one, other, create] = await rig.deliveries();
      await rig.broker.interventions.skipDelivery(create!.id, 'done by telephone', { name: '' });
      await rig.broker.interventions.replayDelivery(other!.id, { name: '' });
      await until('the failure of the file', async () => (await rig.store.delivery(other!.id))?.state === 'failed');
      assert.match((await rig.store.delivery(other!.id))?.error?.message ?? '', /has no ticket in this conversation/);
      assert.equal((await rig.store.delivery(one!.id))?.waitsFor, 'link');

      rig.provider.tickets.push({ id: 'T9', fields: { title: 'A' }, comments: [], files: [], version: 1 });
      const entity = { endpoint: 'provider', entityType: 'troubleTicket', id: 'T9', record: {}, fields: {}, parts: [] };
      await rig.broker.linkEditor.apply({ kind: 'link', conversation: one!.conversation, entity }, '');
      await until('the file', () => files('A').length === 1);
      await rig.broker.interventions.replayDelivery(other!.id, { name: '' });
      await rig.idle();
      assert.deepEqual(files('A'), ['g.txt', 'f.txt']);
    });

    it('go on waiting when they are replayed while the ticket is being created', async () => {
      let release = () => {};
      const gate = new Promise<void>((resolve) => {
        release = resolve;
      });
      rig.provider.gate = () => gate;
      await open('A', ['f.txt']);
      await waits();
      await rig.broker.interventions.replayDelivery((await fileDelivery())!.id, { name: '' });
      await waits();
      release();
      await rig.idle();
      assert.deepEqual(files('A'), ['f.txt']);
    });
  });
});
