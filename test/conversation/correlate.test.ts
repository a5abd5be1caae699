import assert from 'node:assert/strict';
import { conversationState, detectChanges, newLink, withLink, withMarks } from '../../src/conversation/correlate.js';
import { attachmentMark, commentMark } from '../../src/conversation/fingerprint.js';
import type { InboundMessage } from '../../src/conversation/inbound-message.js';
import type { GenericComment, GenericMessage, Json } from '../../src/model/message.js';
import { createIdSource } from '../../src/store/id.js';
import type { ConversationRecord } from '../../src/store/store.js';
import { conversation, isOlder, messageWith, SOURCE } from './incident.js';

const SOURCES = { title: ['short_description'], state: ['state', 'hold_reason'], priority: ['priority'] };

function incoming(
  record: Record<string, Json>,
  fields: GenericMessage['fields'],
  parts: Partial<GenericMessage> = {},
): InboundMessage {
  return { message: messageWith(fields, parts), record, sources: SOURCES };
}

const OPENED = incoming(
  { short_description: 'No dial tone', state: '1', hold_reason: '', priority: '3' },
  { title: 'No dial tone', state: 'acknowledged', priority: 'moderate' },
);
const NO_ECHO = { inFlight: [], isOlder };
const detect = (c: ConversationRecord, i: InboundMessage, guard: Parameters<typeof detectChanges>[3] = NO_ECHO) =>
  detectChanges(c, c.links[0]!, i, guard);
const comment = (id: string, text: string, author = 'anna'): GenericComment => ({ id, text, author, visibility: 'public' });

describe('the changes detected in a message', () => {
  it('include an item that the partner added, without changing which leg gets the customer’s answer', () => {
    const plan = { node: 'f', onFailure: 'keep' as const, legs: [], items: [], asked: ['mobile'] };
    const link = newLink(SOURCE, 'devices', 'ours', '');
    const shared = { ...withLink(conversation(), link), plan };
    const withComment = (id: string) => {
      const message = incoming({}, {}, { comments: [comment(id, 'words')] });
      const { output, advance } = detectChanges(shared, link, message, NO_ECHO);
      return [output, advance({ ...shared, links: [link] }).plan?.asked];
    };
    assert.deepEqual(withComment('added|40'), ['update', ['mobile']]);
    assert.deepEqual(withComment('n1'), ['update', ['mobile', 'devices']]);
  });

  it('clear the written entry of an item whose state the partner has changed, but remember the item', () => {
    const wrote = (id: string) => ({ entry: id, state: `${id}|acknowledged|` });
    const link = { ...newLink(SOURCE, '', 'ours', ''), writtenItems: { lines: { 1: wrote('1'), 2: wrote('2') } } };
    const before = { ...conversation(), links: [link] };
    const progress = [
      { id: '1', state: 'held' as const },
      { id: '2', state: 'acknowledged' as const },
    ];
    const { advance } = detectChanges(before, link, incoming({}, { progress }), NO_ECHO);
    assert.deepEqual(advance(before).links[0]?.writtenItems, { lines: { 1: { ...wrote('1'), entry: '' }, 2: wrote('2') } });
  });

  it('leave known which fields are empty, so that a first value of them is a change', () => {
    const first = {
      ...incoming({ category: '', priority: '' }, {}),
      sources: {},
      emptied: { category: ['category'], priority: ['priority'] },
    };
    const link = { ...newLink(SOURCE, '', 'theirs', ''), raw: { priority: '3' } };
    const { advance } = detectChanges({ ...conversation(), links: [link] }, link, first, NO_ECHO);
    assert.deepEqual(advance({ ...conversation(), links: [link] }).links[0]?.raw, { category: '', priority: '3' });
  });

  it('keep the value before our own write for a while, because a replica may lag behind', () => {
    let now = 1_000_000;
    const ids = createIdSource(() => now);
    const ourWrites = { priority: { stamp: ids(), before: '3' } };
    const link = { ...newLink(SOURCE, '', 'ours', ''), raw: { priority: '1' }, ourWrites };
    const before = { ...conversation(), links: [link] };
    const keptAfter = (milliseconds: number) => {
      now = 1_000_000 + milliseconds;
      const read = { ...incoming({ priority: '1' }, { priority: 'critical' }), readAt: ids() };
      return detect(before, read).advance(before).links[0]?.ourWrites;
    };
    assert.deepEqual(keptAfter(1_000), ourWrites);
    assert.equal(keptAfter(10_001), undefined);
  });

  it('are all fields of an entity that is seen for the first time', () => {
    const found = detect(conversation(), OPENED);
    assert.equal(found.output, 'new');
    assert.equal(found.message.event, 'created');
    assert.equal(found.message.changed, undefined);
  });

  it('include an unsent field, even if it was marked while an earlier reading was processed', () => {
    const settled = detect(conversation(), OPENED).advance(conversation());
    const judged = detect(settled, OPENED);
    const [link] = settled.links;
    const later = judged.advance({ ...settled, links: [{ ...link!, unsent: { priority: '4' } }] });
    const reread = { ...OPENED, readAt: '5' };
    const next = detect(later, reread);
    assert.deepEqual(next.message.changed, ['priority']);
    assert.deepEqual(detect(next.advance(later), reread).message.changed, []);
  });

  it('are none if the same message is received again after it was settled', () => {
    const settled = detect(conversation(), OPENED).advance(conversation());
    const again = detect(settled, OPENED);
    assert.equal(again.output, 'ignored');
    assert.match(again.reason ?? '', /Nothing changed/);
  });

  it('are still all fields if the first message never settled', () => {
    assert.equal(detect(conversation(), OPENED).output, 'new');
    assert.equal(detect(conversation(), OPENED).output, 'new');
  });

  it('are ignored for an entity that was already closed when first seen', () => {
    const found = detect(conversation(), incoming({ state: '7' }, { state: 'closed' }));
    assert.equal(found.output, 'ignored');
    assert.match(found.reason ?? '', /already closed/);
  });

  it('are the fields whose raw value changed', () => {
    const settled = detect(conversation(), OPENED).advance(conversation());
    const found = detect(settled, incoming({ ...OPENED.record, state: '2' }, { ...OPENED.message.fields, state: 'inProgress' }));
    assert.deepEqual([found.output, found.message.event, found.message.changed], ['update', 'stateChanged', ['state']]);
  });

  it('exclude a field whose new raw value has the same meaning', () => {
    const held = incoming({ ...OPENED.record, state: '3', hold_reason: '3' }, { ...OPENED.message.fields, state: 'held' });
    const settled = detect(conversation(), held).advance(conversation());
    const found = detect(settled, incoming({ ...held.record, hold_reason: '4' }, held.message.fields));
    assert.equal(found.output, 'ignored');
  });

  it('exclude a field that our own write in progress has just set', () => {
    const settled = detect(conversation(), OPENED).advance(conversation());
    const echo = incoming({ ...OPENED.record, state: '2' }, { ...OPENED.message.fields, state: 'inProgress' });
    assert.equal(detect(settled, echo, { ...NO_ECHO, inFlight: [{ fields: { state: '2' } }] }).output, 'ignored');
    assert.equal(detect(settled, echo, { ...NO_ECHO, inFlight: [{ fields: { state: '6' } }] }).output, 'update');
  });

  it('compare long texts without storing them', () => {
    const long = (end: string) => incoming({ short_description: 'x'.repeat(5000) + end }, { title: 'x'.repeat(5000) + end });
    const settled = detect(conversation(), long('a')).advance(conversation());
    assert.ok(JSON.stringify(settled).length < 1000);
    assert.equal(detect(settled, long('a')).output, 'ignored');
    assert.equal(detect(settled, long('b')).output, 'update');
  });

  it('include comments with an unknown id', () => {
    const first = { ...OPENED, message: { ...OPENED.message, comments: [comment('1', 'hello')] } };
    const settled = detect(conversation(), first).advance(conversation());
    const found = detect(settled, {
      ...OPENED,
      message: { ...OPENED.message, comments: [comment('1', 'hello'), comment('2', 'again')] },
    });
    assert.deepEqual(
      found.message.comments.map((c) => c.id),
      ['2'],
    );
    assert.equal(found.message.event, 'commented');
  });

  it('exclude comments of the integration user', () => {
    const settled = detect(conversation(), OPENED).advance(conversation());
    const echo = { ...OPENED, message: { ...OPENED.message, comments: [comment('9', 'from us', 'switchboard')] } };
    assert.equal(detect(settled, echo, { ...NO_ECHO, integrationUser: 'switchboard' }).output, 'ignored');
  });

  it('exclude a comment that we sent, but include a later one with the same text', () => {
    const sent = withMarks(detect(conversation(), OPENED).advance(conversation()), [
      commentMark('acme', { text: 'We are on it' }),
    ]);
    const echo = { ...OPENED, message: { ...OPENED.message, comments: [comment('7', 'We are  on it\n')] } };
    const first = detect(sent, echo);
    assert.equal(first.output, 'ignored');
    assert.match(first.reason ?? '', /echo/);
    const settled = first.advance(sent);
    const later = {
      ...OPENED,
      message: { ...OPENED.message, comments: [comment('7', 'We are on it'), comment('8', 'We are on it')] },
    };
    assert.deepEqual(
      detect(settled, later).message.comments.map((c) => c.id),
      ['8'],
    );
  });

  it('exclude two equal comments that we sent, but include the third', () => {
    const mark = commentMark('acme', { text: 'ok' });
    const sent = withMarks(detect(conversation(), OPENED).advance(conversation()), [mark, mark]);
    const three = { ...OPENED, message: { ...OPENED.message, comments: ['1', '2', '3'].map((id) => comment(id, 'ok')) } };
    assert.deepEqual(
      detect(sent, three).message.comments.map((c) => c.id),
      ['3'],
    );
  });

  it('exclude an attachment that we sent', () => {
    const attachment = { id: 'f1', name: 'trace.pcap', mimeType: 'application/octet-stream' };
    const sent = withMarks(detect(conversation(), OPENED).advance(conversation()), [attachmentMark('acme', attachment)]);
    const echo = { ...OPENED, message: { ...OPENED.message, attachments: [attachment] } };
    assert.equal(detect(sent, echo).output, 'ignored');
  });

  it('exclude fields of an answer that we have written again since', () => {
    const settled = detect(conversation(), OPENED).advance(conversation());
    const [link] = settled.links;
    // The version, in whole seconds, is that of both writes.
    const twice = { ...link!, raw: { ...link!.raw, state: '3' }, writtenBy: { state: 'd2' }, writtenVersion: { state: '7' } };
    const written = withLink(settled, { ...twice, lastKnown: { ...twice.lastKnown, state: 'pending' } });
    const record = { short_description: 'No dial tone', state: '2', hold_reason: '', priority: '2' };
    const fields = { title: 'No dial tone', state: 'inProgress', priority: 'high' } as const;
    const answer = incoming(record, fields, { source: { ...SOURCE, version: '7' } });
    assert.deepEqual(detect(written, answer).message.changed, ['state', 'priority'], 'a change if the partner itself reports it');
    const found = detect(written, { ...answer, answerTo: 'd1' });
    assert.deepEqual(found.message.changed, ['priority']);
    assert.deepEqual(found.advance(written).links[0]?.raw.state, '3');
    assert.deepEqual(
      detect(written, { ...answer, answerTo: 'd2' }).message.changed,
      ['state', 'priority'],
      'the answer to the last write counts',
    );
  });

  it('include a deletion, even if nothing else changed', () => {
    const settled = detect(conversation(), OPENED).advance(conversation());
    const found = detect(settled, { ...OPENED, deleted: true });
    assert.deepEqual([found.output, found.message.event], ['update', 'deleted']);
  });
});

describe('a conversation', () => {
  it('is closed when all parties have finished, and open again when one reopens', () => {
    const closed = detect(conversation(), incoming({ state: '7' }, { state: 'closed' })).advance(conversation());
    assert.equal(closed.state, 'closed');
    const reopened = detect(closed, incoming({ state: '2' }, { state: 'inProgress' })).advance(closed);
    assert.equal(reopened.state, 'open');
    assert.equal(conversationState({ ...closed, links: [] }), 'open');
  });
});
