import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Json } from '../../src/model/message.js';
import { randomFrom } from '../store/random.js';
import { Rig } from './rig.js';
import { LEVELS, levelOf, TwoColumns } from './two-columns.js';

const RUNS = Number(process.env.RUNS ?? 40);
const SHIFT = Number(process.env.SHIFT ?? 0);
const SIDES = ['customer', 'provider'] as const;
type Side = (typeof SIDES)[number];

/** A field that users on both sides change. */
interface Field {
  rig: new (folder: string) => Rig;
  first: string;
  values: string[];
  write: (side: Side, value: string) => Record<string, Json>;
  read: (side: Side, fields: Record<string, Json>) => unknown;
  /** Seeds of runs that once did not end with equal values. */
  failed: number[];
}

const FIELDS: Record<string, Field> = {
  'in one column': {
    rig: Rig,
    first: 'acknowledged',
    values: ['held', 'resolved', 'acknowledged'],
    write: (_, state) => ({ state }),
    read: (_, { state }) => state,
    failed: [],
  },
  'in two columns at one side': {
    rig: TwoColumns,
    first: 'minor',
    values: Object.keys(LEVELS),
    write: (side, severity) => (side === 'customer' ? { ...LEVELS[severity] } : { severity }),
    read: (side, fields) => (side === 'customer' ? levelOf(fields) : fields.severity),
    failed: [],
  },
};

/**
 * Users on both sides change one field several times within seconds, while events, reads and writes are delayed at random, and
 * some answers are lost.
 */
for (const [kept, field] of Object.entries(FIELDS))
  describe(`random changes on both sides at once, with a field that is kept ${kept}`, () => {
    let folder: string;
    let rig: Rig;
    let events: Promise<void>[];
    let sent: number;
    beforeEach(async () => {
      events = [];
      sent = 0;
      folder = mkdtempSync(join(tmpdir(), 'switchboard-chance-'));
      rig = new field.rig(folder);
      Object.assign(rig.provider, { side: 'provider' });
      await rig.start();
      const fields = field.write('customer', field.first);
      rig.customer.tickets.push({ id: 'A', fields, comments: [], files: [], version: 1 });
      for (const side of SIDES) {
        await sendEvent(side);
        await rig.idle();
      }
    });
    afterEach(async () => {
      await rig.stop();
      rmSync(folder, { recursive: true, force: true });
    });

    const ticketOf = (side: Side) => rig[side].tickets[0]!;
    /** An event that only says that the ticket changed; the values are read. */
    const sendEvent = (side: Side) => {
      const about = { endpoint: side, entityType: 'troubleTicket', entityId: ticketOf(side).id };
      const event = { node: `in-${side}`, origin: 'event' as const, ...about, key: `e${++sent}`, payload: { again: sent } };
      return rig.broker.inbox.accept([event]);
    };
    const slowDown = (side: Side, random: () => number) => {
      const partner = rig[side];
      const [update, read] = [partner.update.bind(partner), partner.read.bind(partner)];
      partner.gate = () => pause(random() * 25);
      partner.update = async (type, id, fields) => {
        try {
          const written = await update(type, id, fields);
          await pause(random() * 25);
          return written;
        } finally {
          events.push(pause(random() * 25).then(() => sendEvent(side)));
        }
      };
      partner.read = async (type, id) => {
        await pause(random() * 25);
        const found = await read(type, id);
        await pause(random() * 25);
        return found;
      };
    };

    const seeds = Array.from({ length: RUNS }, (_, i) => SHIFT + i + 1);
    for (const seed of [...seeds, ...field.failed])
      it(`end with equal values (${seed})`, async () => {
        const random = randomFrom(seed);
        for (const side of SIDES) slowDown(side, random);
        for (let changes = 3 + Math.floor(random() * 5); changes > 0; changes--) {
          const side = SIDES[Math.floor(random() * 2)] ?? 'customer';
          const value = field.values[Math.floor(random() * field.values.length)] ?? '';
          Object.assign(ticketOf(side).fields, field.write(side, value));
          ticketOf(side).version++;
          if (random() < 0.15) rig[side].faults.push(random() < 0.5 ? 'lost' : 'down');
          events.push(pause(random() * 25).then(() => sendEvent(side)));
          await pause(random() * 25);
        }
        // Each write causes an event, until nothing more is written.
        for (let count = -1; count !== events.length; ) {
          count = events.length;
          await Promise.all(events);
          await rig.idle();
        }
        const [customer, provider] = SIDES.map((side) => field.read(side, ticketOf(side).fields));
        assert.equal(customer, provider);
      });
  });
