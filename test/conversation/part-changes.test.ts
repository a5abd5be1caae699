import assert from 'node:assert/strict';
import { detectChanges, newLink, withLink, withMarks } from '../../src/conversation/correlate.js';
import { commentMark } from '../../src/conversation/fingerprint.js';
import type { InboundMessage } from '../../src/conversation/inbound-message.js';
import { withCarriedEdit, withWrittenPart } from '../../src/conversation/part-changes.js';
import type { GenericAttachment, GenericComment, GenericMessage } from '../../src/model/message.js';
import type { ConversationRecord } from '../../src/store/store.js';
import { conversation, messageWith, SOURCE } from './incident.js';

const isOlder = () => false;

const known = () => conversation({ raw: { title: 'one' } });

function reading(parts: Partial<GenericMessage>, more: Partial<InboundMessage> = {}): InboundMessage {
  return { message: messageWith({}, parts), record: {}, sources: {}, readAt: 'r', ...more };
}

const comment = (id: string, text: string, author?: string): GenericComment => ({
  id,
  text,
  visibility: 'public',
  ...(author && { author }),
});
const file = (id: string, name: string, size?: number): GenericAttachment => ({
  id,
  name,
  mimeType: 'text/plain',
  ...(size !== undefined && { size }),
});
const read = (c: ConversationRecord, i: InboundMessage, guard = {}) =>
  detectChanges(c, c.links[0]!, i, { inFlight: [], isOlder, ...guard });

describe('the changed comments and files of a reading', () => {
  it('exclude all of three thousand known ones, however often they are read', () => {
    const comments = Array.from({ length: 3_000 }, (_, i) => comment(`n${i}`, `note ${i}`));
    let now = known();
    const first = read(now, reading({ comments }));
    assert.equal(first.message.comments.length, 3_000);
    now = first.advance(now);
    assert.equal(read(now, reading({ comments })).output, 'ignored');
    const next = read(now, reading({ comments: [...comments, comment('n3000', 'one more')] }));
    assert.deepEqual(
      next.message.comments.map(({ id }) => id),
      ['n3000'],
    );
  });

  it('exclude all of three thousand that a partner recreates with new ids and another author', () => {
    const notes = (from: number) => Array.from({ length: 3_000 }, (_, i) => comment(`n${from + i}`, `note ${i}`, `${from}`));
    const first = read(known(), reading({ comments: notes(0) })).advance(known());
    const renumbered = read(first, reading({ comments: notes(5_000) }));
    assert.equal(renumbered.output, 'ignored');
    assert.equal(read(renumbered.advance(first), reading({ comments: notes(10_000) })).output, 'ignored');
  });

  it('include a new comment with the text of one of ours', () => {
    const written = withLink(known(), { ...known().links[0]!, seen: ['n1'] });
    const found = read(written, reading({ comments: [comment('n1', 'Done.'), comment('n2', 'Done.')] }));
    assert.deepEqual(
      found.message.comments.map(({ id }) => id),
      ['n2'],
    );
  });

  it('exclude a comment in doubt, in whatever form it is shown, and name its delivery', () => {
    const text = 'The line is down since nine o’clock — please call back 📞';
    const doubt = { delivery: 'd1', comment: comment('c1', text, 'Anna') };
    const shown = comment('n1', '[web] The line is down since\nnine o&rsquo;clock &mdash; please call back ?', 'Anna');
    const found = read(known(), reading({ comments: [shown] }), { inDoubt: [doubt] });
    assert.deepEqual([found.output, found.foundDeliveries], ['ignored', ['d1']]);
    assert.deepEqual(found.advance(known()).links[0]?.seen, []);
  });

  it('exclude a short text of ours after a partner’s prefix, under the author that was sent', () => {
    const inDoubt = [{ delivery: 'd1', comment: comment('c1', 'ok', 'Anna') }];
    assert.deepEqual(read(known(), reading({ comments: [comment('n1', '[web] ok', 'Anna')] }), { inDoubt }).foundDeliveries, [
      'd1',
    ]);
    assert.equal(read(known(), reading({ comments: [comment('n1', '[web] ok', 'Carl')] }), { inDoubt }).output, 'update');
  });

  it('exclude two comments with the same text while one is in doubt, then include the one that is not ours; one by another user is included immediately', () => {
    const doubt = { delivery: 'd1', comment: comment('c1', 'Done.', 'Anna') };
    const both = reading({ comments: [comment('n1', 'Done.', 'integration'), comment('n2', 'Done.', 'integration')] });
    const guard = { inDoubt: [doubt] };
    const early = read(known(), both, guard);
    assert.deepEqual([early.output, early.waitsForDoubt], ['ignored', true]);
    const link = withWrittenPart(early.advance(known()).links[0]!, 'comment', 'n2', 'Done.', 'q');
    const later = read(withLink(known(), link), both);
    assert.deepEqual([later.message.comments.map(({ id }) => id), later.waitsForDoubt], [['n1'], false]);
    const theirs = read(known(), reading({ comments: [comment('n3', 'Done.', 'carl')] }), { ...guard, integrationUser: 'swb' });
    assert.deepEqual([theirs.output, theirs.foundDeliveries], ['update', []]);
  });

  it('exclude everything by our own user while a comment is in doubt, without remembering it, because its delivery looks it up', () => {
    const guard = { integrationUser: 'swb', inDoubt: [{ delivery: 'd1', comment: comment('c1', 'ok', 'Anna') }] };
    const found = read(known(), reading({ comments: [comment('n1', '[web] OK!', 'swb')] }), guard);
    assert.deepEqual([found.output, found.waitsForDoubt, found.advance(known()).links[0]?.seen], ['ignored', true, []]);
    const files = { ...guard, inDoubt: [{ delivery: 'd1', attachment: { ...file('f1', 'a.png', 20), hash: 'x' } }] };
    const renamed = { ...file('x', 'web_a.png', 21), author: 'swb' };
    assert.deepEqual(read(known(), reading({ attachments: [renamed] }), files).advance(known()).links[0]?.seen, []);
  });

  it('exclude a renamed file in doubt, but include one with the same name and other contents', () => {
    const guard = { inDoubt: [{ delivery: 'd1', attachment: file('f1', 'screenshot.png', 20) }] };
    assert.deepEqual(read(known(), reading({ attachments: [file('x', 'IMG_1.png', 20)] }), guard).foundDeliveries, ['d1']);
    assert.equal(read(known(), reading({ attachments: [file('x', 'screenshot.png', 21)] }), guard).output, 'update');
    const unsized = read(known(), reading({ attachments: [file('x', 'IMG_1.png')] }), guard);
    assert.deepEqual(
      [unsized.foundDeliveries, unsized.waitsForDoubt],
      [[], true],
      'possible, but no reason for an immediate look-up',
    );
  });

  it('exclude a part that only has a new id', () => {
    const link = withWrittenPart(known().links[0]!, 'comment', 'ours', 'from us', 'q');
    let now = withLink(known(), link);
    now = read(now, reading({ comments: [comment('1', 'from us'), comment('2', 'hello')] })).advance(now);
    const found = read(now, reading({ comments: [comment('7', 'from us'), comment('8', 'hello'), comment('9', 'hello')] }));
    assert.deepEqual(
      found.message.comments.map(({ id }) => id),
      ['9'],
    );
    assert.equal(found.message.removed, undefined);
  });

  it('include a file equal to one that we wrote after the reading began, because the reading cannot show ours', () => {
    const link = withWrittenPart(known().links[0]!, 'attachment', 'ours', 'screenshot.png', 's');
    const written = withLink(known(), link);
    const early = read(written, reading({ attachments: [file('theirs', 'screenshot.png')] }));
    assert.deepEqual(
      early.message.attachments.map(({ id }) => id),
      ['theirs'],
    );
    const now = early.advance(written);
    const both = reading({ attachments: [file('theirs', 'screenshot.png'), file('7', 'screenshot.png')] }, { readAt: 't' });
    assert.equal(read(now, both).output, 'ignored', 'ours, renumbered');
  });

  it('exclude for now a comment equal to one that we wrote after the reading began: it may be ours, under an earlier id', () => {
    const written = withLink(known(), withWrittenPart(known().links[0]!, 'comment', '31', 'Done.', 's'));
    const early = read(written, reading({ comments: [comment('24', 'Done.')] }));
    assert.deepEqual([early.message.comments, early.waitsForDoubt], [[], true]);
    const now = early.advance(written);
    const renumbered = (...ids: string[]) =>
      read(now, reading({ comments: ids.map((id) => comment(id, 'Done.')) }, { readAt: 't' }));
    assert.equal(renumbered('45').output, 'ignored', 'ours, renumbered');
    assert.equal(renumbered('31', '24').message.comments.length, 1, 'another user wrote the same');
  });

  it('exclude, once, a comment with the mark of one that the partner has not shown yet', () => {
    const marked = withMarks(known(), [commentMark('acme', { text: 'hello' })]);
    const first = read(marked, reading({ comments: [comment('n1', 'hello')] }));
    assert.equal(first.output, 'ignored');
    assert.deepEqual(first.advance(marked).written, []);
  });

  it('include an edited comment once, as a new one that names the original', () => {
    let now = known();
    now = read(now, reading({ comments: [comment('n1', 'teh line')] })).advance(now);
    const found = read(now, reading({ comments: [comment('n1', 'the line')] }));
    assert.deepEqual(
      found.message.comments.map(({ text, edits }) => [text, edits]),
      [['the line', 'n1']],
    );
    now = found.advance(now);
    assert.equal(read(now, reading({ comments: [comment('n1', 'the  line ')] })).output, 'ignored');
    assert.equal(read(now, reading({ comments: [comment('n1', '<p>the&nbsp;line</p>')] })).output, 'ignored');
  });

  it('include a comment that we edited once its text is reverted, but not if the partner only formats it differently', () => {
    let now = known();
    now = read(now, reading({ comments: [comment('n1', 'teh line')] })).advance(now);
    now = withLink(now, withCarriedEdit(now.links[0]!, 'comment', 'n1', 'the line', 's'));
    const shows = (text: string, readAt: string) => read(now, reading({ comments: [comment('n1', text)] }, { readAt }));
    assert.equal(shows('teh line', 'r').output, 'ignored', 'it was read before the edit');
    for (const text of ['the line', 'the l…']) assert.equal(shows(text, 't').output, 'ignored', text);
    const found = shows('teh line', 't');
    assert.deepEqual(
      found.message.comments.map(({ text, edits }) => [text, edits]),
      [['teh line', 'n1']],
    );
    now = found.advance(now);
    assert.equal(shows('teh line', 't').output, 'ignored');
  });

  it('exclude a comment that is only escaped, even if every write of the list escapes it again', () => {
    for (const text of ['R&D: <wan> down', `R&D: <wan> down, ${'please look at it '.repeat(9)}`]) {
      let now = known();
      now = read(now, reading({ comments: [comment('n1', text)] })).advance(now);
      let shown = text;
      for (let times = 0; times < 4; times++) {
        shown = shown.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
        const found = read(now, reading({ comments: [comment('n1', shown)] }));
        assert.equal(found.output, 'ignored', shown);
        now = found.advance(now);
      }
    }
  });

  it('include deleted parts once; the answer to a write, which shows no parts, deletes nothing', () => {
    let now = known();
    now = read(now, reading({ comments: [comment('n1', 'hello')], attachments: [file('f1', 'a.txt')] })).advance(now);
    const answer = read(now, reading({}, { readAt: undefined, answerTo: 'd1' }));
    assert.equal(answer.output, 'ignored');
    now = answer.advance(now);
    const found = read(now, reading({}));
    assert.deepEqual(found.message.removed, [
      { kind: 'comment', id: 'n1', says: 'hello' },
      { kind: 'attachment', id: 'f1', says: 'a.txt' },
    ]);
    now = found.advance(now);
    assert.equal(read(now, reading({})).output, 'ignored');
  });

  it('include all comments of a ticket that was closed when first seen, when it is reopened', () => {
    const unseen = { ...known(), links: [newLink(SOURCE, '', 'theirs', '')] };
    const comments = [comment('n1', 'hello')];
    const closed = read(unseen, reading({ fields: { state: 'closed', title: 'one' }, comments }));
    assert.equal(closed.output, 'ignored');
    const aside = closed.advance(unseen);
    assert.equal(aside.state, 'closed');
    const opened = read(
      aside,
      reading({ fields: { state: 'inProgress', title: 'one' }, comments: [...comments, comment('n2', 'again')] }),
    );
    assert.deepEqual([opened.output, opened.message.comments.length], ['new', 2]);
  });
});
