import assert from 'node:assert/strict';
import {
  hintsOf,
  layersOf,
  objectsIn,
  type PostedEvent,
  postedEvents,
  receivedEvents,
  withContent,
} from '../../src/endpoints/posted-events.js';
import { SwitchboardError } from '../../src/errors.js';

const A = { eventType: 'X', event: { thing: { id: 'a' } } };
const B = { eventType: 'X', event: { thing: { id: 'b' } } };

describe('the events in a request', () => {
  const CASES: [string, unknown, Record<string, string>, PostedEvent[]][] = [
    ['one', A, {}, [A]],
    ['a list', [A, B], {}, [A, B]],
    ['a list of one', [A], {}, [A]],
    [
      'a list in an envelope',
      { events: [A, B], sent: 'now' },
      {},
      [
        { events: A, sent: 'now' },
        { events: B, sent: 'now' },
      ],
    ],
    [
      'several resources in one event',
      { eventType: 'X', big: { a: 1 }, data: [{ id: 'a' }, { id: 'b' }] },
      {},
      [
        { eventType: 'X', data: { id: 'a' } },
        { eventType: 'X', data: { id: 'b' } },
      ],
    ],
    [
      'a CloudEvent in binary mode',
      { id: 'a' },
      { 'ce-specversion': '1.0', 'ce-type': 'x', 'ce-subject': 'T%207', 'content-type': 'application/json' },
      [{ specversion: '1.0', type: 'x', subject: 'T 7', data: { id: 'a' } }],
    ],
    [
      'a batch of CloudEvents',
      [
        { specversion: '1.0', data: A },
        { specversion: '1.0', data: B },
      ],
      {},
      [
        { specversion: '1.0', data: A },
        { specversion: '1.0', data: B },
      ],
    ],
    ['content as text', { Type: 'Notification', Message: JSON.stringify(A) }, {}, [{ Type: 'Notification', Message: A }]],
    [
      'content in base64',
      { specversion: '1.0', data_base64: Buffer.from(JSON.stringify(A)).toString('base64') },
      {},
      [{ specversion: '1.0', data_base64: Buffer.from(JSON.stringify(A)).toString('base64'), data: A }],
    ],
    ['JSON texts in a list', [JSON.stringify(A), JSON.stringify(B)], {}, [A, B]],
    ['JSON texts in a list in an envelope', { messages: [JSON.stringify(A), 'x'] }, {}, [{ messages: A }]],
    ['content as text in a text', { data: JSON.stringify(JSON.stringify(A)) }, {}, [{ data: A }]],
    [
      'content in base64 in an envelope (Google Pub/Sub)',
      { message: { data: Buffer.from(JSON.stringify(A)).toString('base64'), messageId: '1' } },
      {},
      [{ message: { data: A, messageId: '1' } }],
    ],
    [
      'content as text that is nested too deep',
      { data: '['.repeat(500) + ']'.repeat(500) },
      {},
      [{ data: '['.repeat(500) + ']'.repeat(500) }],
    ],
    ['capitalised envelopes', { Events: [A, { Event: B }] }, {}, [{ Events: A }, { Events: { Event: B } }]],
    [
      'a CloudEvent in binary mode without content',
      undefined,
      { 'ce-type': 'x', 'ce-subject': 'T' },
      [{ specversion: '1.0', type: 'x', subject: 'T' }],
    ],
    ['prose in an envelope’s attribute', { message: '{no json', id: 'a' }, {}, [{ message: '{no json', id: 'a' }]],
  ];
  for (const [what, body, headers, events] of CASES)
    it(`are found: ${what}`, () => assert.deepEqual(postedEvents(body, headers), events));

  it('are found: several resources under a name of its system', () => {
    const event = { EventType: 'X', big: { a: 1 }, event: { Thing: [{ id: 'a' }, 'b'] } };
    assert.deepEqual(postedEvents(event, {}, ['thing']), [
      { EventType: 'X', event: { Thing: { id: 'a' } } },
      { EventType: 'X', event: { Thing: 'b' } },
    ]);
    assert.deepEqual(postedEvents({ thing: [{ id: 'a' }], big: { a: 1 } }, {}, ['thing']), [
      { thing: [{ id: 'a' }], big: { a: 1 } },
    ]);
  });

  describe('as bytes', () => {
    const posted = (body: string, headers: Record<string, string>) => receivedEvents({ headers, body: Buffer.from(body) }, 1_000);
    const BINARY = { 'ce-specversion': '1.0', 'ce-subject': 'T' };

    it('may have all that they say in headers', async () => {
      assert.deepEqual(await posted('', BINARY), [{ specversion: '1.0', subject: 'T' }]);
      assert.deepEqual(await posted('hello', BINARY), [{ specversion: '1.0', subject: 'T', data: 'hello' }]);
      const text = { ...BINARY, 'content-type': 'text/plain; charset=utf-8' };
      for (const said of ['ticket changed', 'status=held', '"changed"', '7', '{cut', '<a/>'])
        assert.equal((await posted(said, text))[0]?.subject, 'T', said);
    });

    it('are refused where there is no message', async () => {
      await assert.rejects(posted('', {}), { code: 'SWB_PAYLOAD', message: /The body is empty/ });
      await assert.rejects(posted('hello', {}), { code: 'SWB_PAYLOAD', message: /not valid JSON/ });
    });
  });

  for (const body of ['text', 7, null, [], [[]], ['x']])
    it(`are none in ${JSON.stringify(body)}`, () => assert.throws(() => postedEvents(body, {}), { code: 'SWB_PAYLOAD' }));

  it('are limited in number', () => {
    const many = Array.from({ length: 1_001 }, (_, id) => ({ id }));
    assert.throws(() => postedEvents(many, {}), { code: 'SWB_TOO_LARGE' });
    // Texts that are unpacked count together.
    const packed = Buffer.from(JSON.stringify(Array(30_000).fill(1))).toString('base64');
    assert.throws(() => postedEvents(Array(4).fill({ data: packed }), {}), { code: 'SWB_TOO_LARGE', message: /100000 values/ });
    assert.throws(() => postedEvents({ text: 'x'.repeat(1_000_000), records: many }, {}), { code: 'SWB_TOO_LARGE' });
  });

  it('are read in the envelopes of envelopes, and content is replaced where it was', () => {
    const event = { a: 1, data: { payload: { event: { id: 'a' } } } };
    const { path, content } = layersOf(event).at(-1)!;
    assert.deepEqual(content, { id: 'a' });
    assert.deepEqual(withContent(event, path, { id: 'b' }), { a: 1, data: { payload: { event: { id: 'b' } } } });
  });

  it('have all objects, outermost first, and content is replaced also in lists', () => {
    const event = { a: [{ b: { id: 'x' } }, 'y'], c: { d: 1 } };
    const objects = objectsIn(event);
    assert.deepEqual(
      objects.map(({ path }) => path.join('.')),
      ['', 'c', 'a.0', 'a.0.b'],
    );
    assert.deepEqual(withContent(event, objects.at(-1)!.path, { id: 'z' }), { a: [{ b: { id: 'z' } }, 'y'], c: { d: 1 } });
    assert.ok(objectsIn({ many: Array.from({ length: 5_000 }, (_, id) => ({ id })) }).length <= 1_000);
  });

  it('that name nothing are kept without an id, each under a key of its own', () => {
    const read = (event: PostedEvent) => {
      if (event.id === undefined) throw new SwitchboardError('SWB_PAYLOAD', 'names nothing');
      return { entityType: 't', id: String(event.id), key: 'k', payload: event };
    };
    const [known, first, second] = hintsOf([{ id: 'a' }, { x: 1 }, { x: 2 }], 't', read);
    assert.deepEqual([known?.id, first?.id, second?.id], ['a', '', '']);
    assert.deepEqual(first?.payload, { x: 1 });
    assert.notEqual(first?.key, second?.key);
    const broken = () =>
      hintsOf([{ id: 'a' }], 't', () => {
        throw new SwitchboardError('SWB_CONFIG', 'no webhooks');
      });
    assert.throws(broken, { code: 'SWB_CONFIG' });
  });
});
