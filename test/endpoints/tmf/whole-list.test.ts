import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import type { Attributes } from '../../../src/endpoints/tmf/attributes.js';
import type { ArrayMode } from '../../../src/endpoints/tmf/dialect.js';
import { ResourceObserver } from '../../../src/endpoints/tmf/resource-observer.js';
import { addToWholeList } from '../../../src/endpoints/tmf/whole-list.js';
import { createTmf621Client } from '../../../src/endpoints/tmf621/client.js';
import { createHttpClient } from '../../../src/http/http-client.js';
import { PATIENCE } from '../../patience.js';

/** Minimum number of notes of each side. */
const OURS = Number(process.env.OURS ?? 10);
const THEIRS = Number(process.env.THEIRS ?? 25);

type Note = { id?: string; text: string; author: string; date?: string };

/** How a provider on a slow line handles writes. */
interface ProviderOptions {
  /** Has ETags, and refuses a write based on an older state. */
  marks?: boolean;
  jsonPatch?: boolean;
  /** Recreates all notes when a list is written, with other ids and its API user as author. */
  remakes?: boolean;
  /** Says where unknown notes come from. */
  prefixes?: boolean;
  /** Sets its API user as author of new notes, whatever author is sent. */
  signs?: boolean;
  /** Assigns other ids to new notes, whatever ids are sent. */
  renames?: boolean;
  /** Shows no ids. */
  bare?: boolean;
  /** Assigns other ids at each read. */
  renumbers?: boolean;
  /** Latency in each direction, milliseconds. */
  latency?: number;
  /** Runs when a write has arrived and is not done yet; reads wait until then. */
  meanwhile?: () => Promise<unknown>;
}

/** A provider with one ticket, to which its own users add notes, too. */
class BusyProvider {
  notes: Note[] = [];
  said = 0;
  writes = 0;
  /** What a read or an answer has shown. */
  readonly shown = new Set<string>();
  private version = 1;
  private ids = 0;
  private held: Promise<unknown> | undefined;
  private readonly server = createServer((request, response) => void this.handle(request, response));

  constructor(private readonly options: ProviderOptions) {}

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  stop(): void {
    this.server.closeAllConnections();
    this.server.close();
  }

  say(text = `theirs ${this.said + 1}`): void {
    this.said++;
    this.change([...this.notes, { id: `p${++this.ids}`, text, author: 'noc' }]);
  }

  change(notes: Note[]): void {
    this.notes = notes.map((note) => ({ ...note, id: note.id ?? `p${++this.ids}` }));
    this.version++;
  }

  private async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { latency = 40 } = this.options;
    await pause(latency / 2);
    if (request.method === 'PATCH' && this.options.meanwhile) await this.holding(this.options.meanwhile());
    else await this.held;
    const status = this.take(request, Buffer.concat(chunks).toString());
    const idOf = ({ id }: Note) => (this.options.renumbers ? `r${++this.ids}` : this.options.bare ? undefined : id);
    const note = this.notes.map((n) => ({ ...n, id: idOf(n) }));
    if (status === 200) for (const { text } of note) this.shown.add(text);
    const body = JSON.stringify(status === 200 ? { id: 'TT-1', status: 'inProgress', note } : { code: status, reason: 'no' });
    const etag = this.options.marks ? { ETag: `"${this.version}"` } : {};
    await pause(latency / 2);
    response.writeHead(status, { 'Content-Type': 'application/json', ...etag }).end(body);
  }

  private async holding(event: Promise<unknown>): Promise<void> {
    this.options.meanwhile = undefined;
    this.held = event.then(() => pause(20));
    await event;
  }

  private take(request: IncomingMessage, text: string): number {
    const operations = /json-patch/.test(String(request.headers['content-type']));
    if (request.method === 'PATCH' && operations && !this.options.jsonPatch) return 415;
    if (!request.url?.endsWith('/TT-1')) return 404;
    if (request.method !== 'PATCH') return 200;
    const mark = request.headers['if-match'];
    if (mark && mark !== `"${this.version}"`) return 412;
    const body = JSON.parse(text);
    this.writes++;
    const there = new Set(this.notes.map((note) => note.id));
    const added = operations ? [body[0].value] : body.note;
    if (this.options.prefixes)
      for (const note of added)
        if (!there.has(note.id)) Object.assign(note, { id: undefined, author: 'api', text: `Note from partner: ${note.text}` });
    if (this.options.signs) for (const note of body.note) if (!there.has(note.id)) note.author = 'api';
    if (this.options.renames) for (const note of body.note) if (!there.has(note.id)) note.id = `p${++this.ids}`;
    const list = this.options.remakes ? body.note.map(({ text }: Note) => ({ text, author: 'api' })) : body.note;
    this.change(operations ? [...this.notes, body[0].value] : list);
    return 200;
  }
}

describe('a list that is written whole while its provider writes, too', () => {
  let provider: BusyProvider;
  let client: ReturnType<typeof createTmf621Client>;
  const begin = async (provided: ProviderOptions, arrayMode: ArrayMode = 'auto') => {
    provider = new BusyProvider(provided);
    const http = createHttpClient({
      name: 'busy',
      baseUrl: await provider.start(),
      auth: { kind: 'none' },
      timeout: PATIENCE,
      rateLimit: 0,
      concurrency: 8,
    });
    const options = { id: 'p', name: 'busy', http, version: 'v4', profile: 'standard', clock: Date.now } as const;
    client = createTmf621Client({ ...options, arrayMode });
  };
  afterEach(() => {
    client.close();
    provider.stop();
  });
  const say = (id: string, text: string) => client.comment('troubleTicket', 'TT-1', { id, text, visibility: 'public' });
  const count = (text: string) => provider.notes.filter((note) => note.text === text).length;

  const PROVIDERS: [string, ProviderOptions][] = [
    ['with ETags', { marks: true }],
    ['without ETags', {}],
    ['with JSON Patch', { jsonPatch: true }],
    ['with other ids at each read', { renumbers: true }],
    ['without ids', { bare: true }],
    ['with other ids for restored notes', { renames: true }],
    ['that recreates all notes at each write', { remakes: true }],
  ];
  for (const [name, options] of PROVIDERS)
    it(`loses nothing, and gets our entry once, at a provider ${name}`, async () => {
      await begin(options);
      let isOver = false;
      const talking = (async () => {
        while (!isOver || provider.said < THEIRS) {
          provider.say();
          await pause(30 + (provider.said % 7) * 20);
        }
      })();
      for (let n = 1; n <= OURS; n++) await say(`c${n}`, `ours ${n}`);
      isOver = true;
      await talking;
      const theirs = Array.from({ length: provider.said }, (_, i) => `theirs ${i + 1}`);
      // Without ETags or single entries, what is written between the last read and the write cannot be noticed.
      const isKnown = (text: string) => options.marks || options.jsonPatch || provider.shown.has(text);
      const lost = theirs.filter((text) => count(text) > 1 || (count(text) === 0 && isKnown(text)));
      const ours = Array.from({ length: OURS }, (_, i) => `ours ${i + 1}`).filter((text) => count(text) !== 1);
      assert.deepEqual([lost, ours], [[], []]);
      assert.ok(provider.writes <= OURS + THEIRS, `${provider.writes} writes`);
    });

  const AGAIN: [string, ProviderOptions, string | undefined, string][] = [
    ['', {}, 'before', 'ours'],
    [', even if they get other ids', { renames: true }, 'before', 'ours'],
    [', even if there were none before', {}, undefined, 'ours'],
    [', even if ours has the same text', {}, 'before', 'Any news?'],
    [', even if ours has the same text, and they get other ids', { renames: true }, 'before', 'Any news?'],
    [', even if ours has the same text, and all are by the same user', { signs: true }, 'before', 'Any news?'],
    [', even if ours has the same text, with other ids and authors', { renames: true, signs: true }, 'before', 'Any news?'],
  ];
  for (const [how, given, first, ours] of AGAIN)
    it(`gets back each of several notes with the same text, once${how}`, async () => {
      const options: ProviderOptions = { latency: 0, ...given };
      await begin(options, 'replace');
      if (first) provider.say(first);
      options.meanwhile = async () => {
        for (let times = 0; times < 2; times++) provider.say('Any news?');
        const event = { troubleTicket: { id: 'TT-1', note: provider.notes } };
        client.hintOf({ eventType: 'TroubleTicketAttributeValueChangeEvent', event }, '');
        // One text is repeated after the list was sent: it is no counterpart of the missing ones.
        setImmediate(() => provider.say('Any news?'));
      };
      await say('c1', ours);
      assert.deepEqual([count('Any news?'), count(ours)], ours === 'ours' ? [3, 1] : [4, 4]);
      assert.equal(new Set(provider.notes.map(({ id }) => id)).size, first ? 5 : 4);
    });

  it('shows which of two notes with the same text is the one just written', async () => {
    await begin({ latency: 0 });
    provider.say('Done.');
    const part = await say('c1', 'Done.');
    assert.equal(count('Done.'), 2);
    assert.equal(part.id, 'swb-c1');
  });

  it('does not mix up our note with the same text written by others just afterwards', async () => {
    const options: ProviderOptions = { latency: 20, renames: true, signs: true };
    await begin(options, 'replace');
    provider.say('before');
    options.meanwhile = async () => void setImmediate(() => provider.say('Done.'));
    const part = await say('c1', 'Done.');
    assert.equal(count('Done.'), 2);
    assert.equal(part.id, provider.notes.find(({ author }) => author === 'api')?.id);
  });

  for (const jsonPatch of [true, false])
    it(`shows a short text of ours behind a prefix, as the only new note (JSON Patch: ${jsonPatch})`, async () => {
      await begin({ latency: 0, prefixes: true, jsonPatch });
      provider.say('ok so far');
      await client.read('troubleTicket', 'TT-1');
      for (const id of ['c1', 'c2']) {
        const part = await say(id, 'ok');
        assert.equal(part.id, provider.notes.at(-1)?.id);
      }
      assert.equal(count('Note from partner: ok'), 2);
    });

  it('gets back what an event, and no read, showed before our write removed it', async () => {
    const options: ProviderOptions = { latency: 0 };
    await begin(options, 'replace');
    provider.say('before');
    options.meanwhile = () => {
      provider.say('meanwhile');
      const event = { troubleTicket: { id: 'TT-1', note: provider.notes } };
      return client.identify({ eventType: 'TroubleTicketAttributeValueChangeEvent', event });
    };
    await say('c1', 'ours');
    assert.deepEqual([count('before'), count('meanwhile'), count('ours')], [1, 1, 1]);
  });

  for (const [marks, wholeList] of [
    [false, true],
    [true, undefined],
  ] as const)
    it(`is remembered as one that may remove others' notes: ${wholeList ?? 'not with an ETag'}`, async () => {
      await begin({ latency: 0, marks });
      assert.equal((await say('c1', 'ours')).wholeList, wholeList);
    });

  describe('and was interrupted', () => {
    const at = (second: number) => new Date(Date.UTC(2026, 0, 1, 12, 0, second)).toISOString();
    const theirs = { id: 't1', text: 'theirs', author: 'noc', date: at(10) };
    const shown = (...note: Note[]) => ({ ticket: { id: 'TT-1', note } });
    const reported = (...note: Note[]) => {
      const event = { troubleTicket: { id: 'TT-1', note } };
      return { ticket: { id: 'TT-1', note: [] }, event: { eventType: 'TroubleTicketAttributeValueChangeEvent', event } };
    };
    const texts = () => provider.notes.map(({ text }) => text);
    for (const [how, raw] of [
      ['read', shown(theirs)],
      ['reported by an event', reported(theirs)],
    ] as const)
      it(`gets back, once and unchanged, what was ${how} since and is missing`, async () => {
        await begin({ latency: 0 });
        provider.say('ours');
        assert.deepEqual(await client.putBack?.('troubleTicket', 'TT-1', [raw, raw], at(9)), ['theirs']);
        assert.deepEqual(provider.notes.at(-1), theirs);
        assert.deepEqual(await client.putBack?.('troubleTicket', 'TT-1', [raw], at(9)), []);
        assert.deepEqual(texts(), ['ours', 'theirs']);
      });

    it('gets it back once, too, if the provider gives it another id', async () => {
      await begin({ latency: 0, renames: true });
      provider.say('ours');
      const others = [theirs, { ...theirs, id: 't2', text: 'theirs, too' }];
      assert.deepEqual(await client.putBack?.('troubleTicket', 'TT-1', [shown(...others)], at(9)), ['theirs', 'theirs, too']);
      assert.deepEqual(texts(), ['ours', 'theirs', 'theirs, too']);
      assert.equal(provider.writes, 1);
    });

    it('gets back only what may be restored', async () => {
      await begin({ latency: 0 });
      const deleted = { ...theirs, id: 't2', text: 'deleted' };
      const raw = [reported(theirs, deleted)];
      assert.deepEqual(await client.putBack?.('troubleTicket', 'TT-1', raw, at(9), ['t1']), ['theirs']);
      assert.deepEqual(texts(), ['theirs']);
      assert.deepEqual(client.parse(client.asRead?.(raw[0]!) ?? {}).comments, []);
    });

    it('does not get back what is older than the write, because someone else deleted it', async () => {
      await begin({ latency: 0 });
      assert.deepEqual(await client.putBack?.('troubleTicket', 'TT-1', [shown(theirs)], at(25)), []);
      assert.deepEqual(texts(), []);
    });

    it('keeps what others write meanwhile', async () => {
      const options: ProviderOptions = { latency: 0 };
      await begin(options);
      options.meanwhile = async () => {
        provider.say('meanwhile');
        client.hintOf(
          { eventType: 'TroubleTicketAttributeValueChangeEvent', event: { troubleTicket: { id: 'TT-1', note: provider.notes } } },
          '',
        );
      };
      await client.putBack?.('troubleTicket', 'TT-1', [shown(theirs)], '');
      assert.deepEqual(texts().sort(), ['meanwhile', 'theirs']);
    });

    it('gets nothing back where single entries are written', async () => {
      await begin({ latency: 0, jsonPatch: true });
      assert.deepEqual(await client.putBack?.('troubleTicket', 'TT-1', [shown(theirs)], ''), []);
    });
  });

  it('does not get back what was deleted before', async () => {
    await begin({ latency: 0 });
    provider.say('a slip');
    await client.read('troubleTicket', 'TT-1');
    provider.change([]);
    await assert.rejects(say('c1', 'ours'), { outcome: 'notDone' }, 'it is asked again where less is shown than a moment ago');
    assert.equal(count('a slip'), 0);
  });
});

describe('a list that is written whole while others read it, too', () => {
  const note = (text: string) => ({ id: text, text });
  const texts = (list: Attributes) => (list.note as { text: string }[]).map(({ text }) => text);

  for (const when of ['before', 'after'])
    it(`gets back what a read had begun to read before our write was done, and that was answered ${when} it`, async () => {
      const sightings = new ResourceObserver();
      const seen = { id: 'T', note: [note('before'), note('theirs')] };
      let now: Attributes = { id: 'T', note: [note('before')] };
      await addToWholeList({
        attribute: 'note',
        readWhole: async () => ({ resource: now }),
        read: async () => now,
        watch: () => sightings.watch('T'),
        write: async (list, _now, ours) => {
          const isFirst = texts(now).length === 1;
          now = { id: 'T', note: [...list, ...(ours ? [note('ours')] : [])] };
          const answered = () => (when === 'after' ? pause(20) : undefined);
          const reading = sightings.observeRead(
            'T',
            async () => {
              await answered();
              return isFirst ? seen : now;
            },
            (resource) => resource,
          );
          if (when === 'before') await reading;
          return now;
        },
        isAsSent: () => true,
        ours: (fresh) => fresh.find(({ text }) => text === 'ours'),
      });
      assert.deepEqual(texts(now), ['before', 'ours', 'theirs']);
    });
});
