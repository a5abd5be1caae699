import assert from 'node:assert/strict';
import { withFileNotes } from '../../src/delivery/file-notes.js';
import type { Leg } from '../../src/delivery/leg.js';
import type { GenericAttachment } from '../../src/model/message.js';

const FILE: GenericAttachment = { id: 'a1', name: 'plan.pdf', mimeType: 'application/pdf' };
const SOURCE = { name: 'Acme', number: 'ORD0010001' };
const texts = (more: Partial<GenericAttachment>, takesFiles?: boolean) => {
  const leg = { comments: [], attachments: [{ ...FILE, ...more }] } as unknown as Leg;
  const { comments, attachments } = withFileNotes(leg, { takesFiles }, SOURCE);
  return [comments.map(({ text }) => text), attachments.length];
};

describe('a file for a system whose records have none', () => {
  it('becomes a comment with its name, its size, and where it is', () => {
    for (const [size, shown] of [
      [undefined, ''],
      [512, ' (512 bytes)'],
      [120_400, ' (120.4 KB)'],
      [5_000_000, ' (5 MB)'],
    ] as const)
      assert.deepEqual(texts({ size }, false), [
        [`File plan.pdf${shown} at Acme, ORD0010001: it cannot be passed on to this system. Please ask for it there.`],
        0,
      ]);
  });

  it('is named without what could deceive its reader, and without its link', () => {
    const [[text]] = texts({ name: '../a\u202egpj.exe', url: 'https://acme.example/secret' }, false) as [string[], number];
    assert.doesNotMatch(text!, /\u202e|\.\.\/|secret/);
  });

  it('is passed on as it is to any other system', () => {
    for (const takesFiles of [true, undefined]) assert.deepEqual(texts({}, takesFiles), [[], 1]);
  });
});
