import assert from 'node:assert/strict';
import { conversationState, type Incoming, newLink, whatIsNew, withLink, withMarks } from '../../src/conversation/correlate.js';
import { attachmentMark, commentMark } from '../../src/conversation/fingerprint.js';
import type { GenericComment, GenericMessage, Json } from '../../src/model/message.js';
import { createIdSource } from '../../src/store/id.js';
import type { ConversationRecord } from '../../src/store/store.js';
import { conversation, isOlder, messageWith, SOURCE } from './incident.js';

const SOURCES = { title: ['short_description'], state: ['state', 'hold_reason'], priority: ['priority'] };

function incoming(record: Record<string, Json>, fields: GenericMessage['fields'], parts: Partial<GenericMessage> = {}): Incoming {
  return { message: messageWith(fields, parts), record, sources: SOURCES };
}

const OPENED = incoming(
  { short_description: 'No dial tone', state: '1', hold_reason: '', priority: '3' },
  { title: 'No dial tone', state: 'acknowledged', priority: 'moderate' },
);
const NO_ECHO = { inFlight: [], isOlder };
const news = (c: ConversationRecord, i: Incoming, guard: Parameters<typeof whatIsNew>[3] = NO_ECHO) =>
  whatIsNew(c, c.links[0]!, i, guard);
const comment = (id: string, text: string, author = 'anna'): GenericComment => ({ id, text, author, visibility: 'public' });

describe('what is new in a message', () => {
  it('is heard of an item that the partner added; who was asked something stays the one that is answered', () => {
    const plan = { node: 'f', onFailure: 'keep' as const, legs: [], asked: 'mobile' };
    const link = newLink(SOURCE, 'devices', 'ours', '');
    const shared = { ...withLink(conversation(), link), plan };
    const said = (id: string) => {
      const told = incoming({}, {}, { comments: [comment(id, 'words')] });
      const { output, advance } = whatIsNew(shared, link, told, NO_ECHO);
      return [output, advance({ ...shared, links: [link] }).plan?.asked];
    };
    assert.deepEqual(said('added|40'), ['update', 'mobile']);
    assert.deepEqual(said('n1'), ['update', 'devices']);
  });

  it('of an item that the partner has moved on is not forgotten to have been written', () => {
    const wrote = (id: string) => ({ entry: id, standing: `${id}|acknowledged|` });
    const link = { ...newLink(SOURCE, '', 'ours', ''), writtenItems: { lines: { 1: wrote('1'), 2: wrote('2') } } };
    const before = { ...conversation(), links: [link] };
    const progress = [
      { id: '1', state: 'held' as const },
      { id: '2', state: 'acknowledged' as const },
    ];
    const { advance } = whatIsNew(before, link, incoming({}, { progress }), NO_ECHO);
    assert.deepEqual(advance(before).links[0]?.writtenItems, { lines: { 1: { ...wrote('1'), entry: '' }, 2: wrote('2') } });
  });

  it('forgets what was there before a write of ours once that is long ago, not by the first reading: another copy may be behind', () => {
    let now = 1_000_000;
    const ids = createIdSource(() => now);
    const ourWrites = { priority: { stamp: ids(), before: '3' } };
    const link = { ...newLink(SOURCE, '', 'ours', ''), raw: { priority: '1' }, ourWrites };
    const before = { ...conversation(), links: [link] };
    const keptAfter = (milliseconds: number) => {
      now = 1_000_000 + milliseconds;
      const read = { ...incoming({ priority: '1' }, { priority: 'critical' }), readAt: ids() };
      return news(before, read).advance(before).links[0]?.ourWrites;
    };
    assert.deepEqual(keptAfter(1_000), ourWrites);
    assert.equal(keptAfter(10_001), undefined);
  });

  it('of an entity seen for the first time is everything', () => {
    const found = news(conversation(), OPENED);
    assert.equal(found.output, 'new');
    assert.equal(found.message.event, 'created');
    assert.equal(found.message.changed, undefined);
  });

  it('is what stands untold, also where that was found while an earlier reading was judged', () => {
    const settled = news(conversation(), OPENED).advance(conversation());
    const judged = news(settled, OPENED);
    const [link] = settled.links;
    const later = judged.advance({ ...settled, links: [{ ...link!, untold: { priority: '4' } }] });
    const reread = { ...OPENED, readAt: '5' };
    const next = news(later, reread);
    assert.deepEqual(next.message.changed, ['priority']);
    assert.deepEqual(news(next.advance(later), reread).message.changed, []);
  });

  it('is nothing when the same comes again once it was settled', () => {
    const settled = news(conversation(), OPENED).advance(conversation());
    const again = news(settled, OPENED);
    assert.equal(again.output, 'ignored');
    assert.match(again.reason ?? '', /Nothing changed/);
  });

  it('is still everything when the first message never settled', () => {
    assert.equal(news(conversation(), OPENED).output, 'new');
    assert.equal(news(conversation(), OPENED).output, 'new');
  });

  it('is what was closed before it was first seen: nothing for the other side', () => {
    const found = news(conversation(), incoming({ state: '7' }, { state: 'closed' }));
    assert.equal(found.output, 'ignored');
    assert.match(found.reason ?? '', /already closed/);
  });

  it('are the fields whose own value changed', () => {
    const settled = news(conversation(), OPENED).advance(conversation());
    const found = news(settled, incoming({ ...OPENED.record, state: '2' }, { ...OPENED.message.fields, state: 'inProgress' }));
    assert.deepEqual([found.output, found.message.event, found.message.changed], ['update', 'stateChanged', ['state']]);
  });

  it('is no field whose value changed to another that means the same', () => {
    const held = incoming({ ...OPENED.record, state: '3', hold_reason: '3' }, { ...OPENED.message.fields, state: 'held' });
    const settled = news(conversation(), held).advance(conversation());
    const found = news(settled, incoming({ ...held.record, hold_reason: '4' }, held.message.fields));
    assert.equal(found.output, 'ignored');
  });

  it('is no field that a write of ours under way just set', () => {
    const settled = news(conversation(), OPENED).advance(conversation());
    const echo = incoming({ ...OPENED.record, state: '2' }, { ...OPENED.message.fields, state: 'inProgress' });
    assert.equal(news(settled, echo, { ...NO_ECHO, inFlight: [{ fields: { state: '2' } }] }).output, 'ignored');
    assert.equal(news(settled, echo, { ...NO_ECHO, inFlight: [{ fields: { state: '6' } }] }).output, 'update');
  });

  it('tells a long text apart from another without keeping it', () => {
    const long = (end: string) => incoming({ short_description: 'x'.repeat(5000) + end }, { title: 'x'.repeat(5000) + end });
    const settled = news(conversation(), long('a')).advance(conversation());
    assert.ok(JSON.stringify(settled).length < 1000);
    assert.equal(news(settled, long('a')).output, 'ignored');
    assert.equal(news(settled, long('b')).output, 'update');
  });

  it('are comments whose id was not seen', () => {
    const first = { ...OPENED, message: { ...OPENED.message, comments: [comment('1', 'hello')] } };
    const settled = news(conversation(), first).advance(conversation());
    const found = news(settled, {
      ...OPENED,
      message: { ...OPENED.message, comments: [comment('1', 'hello'), comment('2', 'again')] },
    });
    assert.deepEqual(
      found.message.comments.map((c) => c.id),
      ['2'],
    );
    assert.equal(found.message.event, 'commented');
  });

  it('is no comment of the integration user', () => {
    const settled = news(conversation(), OPENED).advance(conversation());
    const echo = { ...OPENED, message: { ...OPENED.message, comments: [comment('9', 'from us', 'switchboard')] } };
    assert.equal(news(settled, echo, { ...NO_ECHO, integrationUser: 'switchboard' }).output, 'ignored');
  });

  it('is no comment we sent, but the same words from a person afterwards are', () => {
    const sent = withMarks(news(conversation(), OPENED).advance(conversation()), [commentMark('acme', { text: 'We are on it' })]);
    const echo = { ...OPENED, message: { ...OPENED.message, comments: [comment('7', 'We are  on it\n')] } };
    const first = news(sent, echo);
    assert.equal(first.output, 'ignored');
    assert.match(first.reason ?? '', /echo/);
    const settled = first.advance(sent);
    const person = {
      ...OPENED,
      message: { ...OPENED.message, comments: [comment('7', 'We are on it'), comment('8', 'We are on it')] },
    };
    assert.deepEqual(
      news(settled, person).message.comments.map((c) => c.id),
      ['8'],
    );
  });

  it('is neither of two equal comments we sent, but is the third', () => {
    const mark = commentMark('acme', { text: 'ok' });
    const sent = withMarks(news(conversation(), OPENED).advance(conversation()), [mark, mark]);
    const three = { ...OPENED, message: { ...OPENED.message, comments: ['1', '2', '3'].map((id) => comment(id, 'ok')) } };
    assert.deepEqual(
      news(sent, three).message.comments.map((c) => c.id),
      ['3'],
    );
  });

  it('is no attachment we sent', () => {
    const attachment = { id: 'f1', name: 'trace.pcap', mimeType: 'application/octet-stream' };
    const sent = withMarks(news(conversation(), OPENED).advance(conversation()), [attachmentMark('acme', attachment)]);
    const echo = { ...OPENED, message: { ...OPENED.message, attachments: [attachment] } };
    assert.equal(news(sent, echo).output, 'ignored');
  });

  it('is nothing that the answer to a write of ours says of what we have written since', () => {
    const settled = news(conversation(), OPENED).advance(conversation());
    const [link] = settled.links;
    // The version, in whole seconds, is that of both writes.
    const twice = { ...link!, raw: { ...link!.raw, state: '3' }, writtenBy: { state: 'd2' }, writtenVersion: { state: '7' } };
    const written = withLink(settled, { ...twice, shadow: { ...twice.shadow, state: 'pending' } });
    const record = { short_description: 'No dial tone', state: '2', hold_reason: '', priority: '2' };
    const fields = { title: 'No dial tone', state: 'inProgress', priority: 'high' } as const;
    const answer = incoming(record, fields, { source: { ...SOURCE, version: '7' } });
    assert.deepEqual(news(written, answer).message.changed, ['state', 'priority'], 'told by the partner itself it would be');
    const found = news(written, { ...answer, answerTo: 'd1' });
    assert.deepEqual(found.message.changed, ['priority']);
    assert.deepEqual(found.advance(written).links[0]?.raw.state, '3');
    assert.deepEqual(news(written, { ...answer, answerTo: 'd2' }).message.changed, ['state', 'priority'], 'its own is believed');
  });

  it('is a deletion, even when nothing else changed', () => {
    const settled = news(conversation(), OPENED).advance(conversation());
    const found = news(settled, { ...OPENED, deleted: true });
    assert.deepEqual([found.output, found.message.event], ['update', 'deleted']);
  });
});

describe('a conversation', () => {
  it('is closed when every party is through, and open again when one reopens', () => {
    const closed = news(conversation(), incoming({ state: '7' }, { state: 'closed' })).advance(conversation());
    assert.equal(closed.state, 'closed');
    const reopened = news(closed, incoming({ state: '2' }, { state: 'inProgress' })).advance(closed);
    assert.equal(reopened.state, 'open');
    assert.equal(conversationState({ ...closed, links: [] }), 'open');
  });
});
