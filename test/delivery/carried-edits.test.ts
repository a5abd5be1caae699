import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { GenericComment } from '../../src/model/message.js';
import { Rig } from './rig.js';

describe('an edit or deletion at one party that another party accepts', () => {
  let folder: string;
  let rig: Rig;
  const done: string[] = [];

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'switchboard-alike-'));
    rig = new Rig(folder);
    done.length = 0;
    // A partner whose comments have ids and can be edited and deleted.
    Object.assign(rig.provider, {
      comment: async (_type: string, _id: string, { text }: GenericComment) => {
        rig.provider.tickets[0]?.comments.push(text);
        return { id: `p-${text}` };
      },
      rewordComment: async (_type: string, _id: string, part: string, { text }: GenericComment) => done.push(`${part}: ${text}`),
      removeComment: async (_type: string, _id: string, part: string) => done.push(`${part} removed`),
    });
    rig.rules = { edits: 'same', deletions: 'same' };
    await rig.start();
    rig.customer.tickets.push({ id: 'A', fields: { title: 'one' }, comments: [], files: [], version: 1 });
    await hear('1', [['n1', 'helo']], ['a.txt']);
  });
  afterEach(async () => {
    await rig.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  async function hear(version: string, notes: [string, string][], attachments: string[] = []): Promise<void> {
    await rig.receive('customer', { id: 'A', version, fields: { title: 'one' }, notes, attachments });
    await rig.idle();
  }
  const comments = () => rig.provider.tickets[0]?.comments;

  it('is repeated there on the counterpart', async () => {
    await hear('2', [['n1', 'hello']], ['a.txt']);
    assert.deepEqual(done, ['p-helo: hello']);
    await hear('3', [], ['a.txt']);
    assert.deepEqual(done, ['p-helo: hello', 'p-helo removed']);
    assert.deepEqual(comments(), ['helo']);
  });

  it('becomes a comment where the system cannot do it', async () => {
    await hear('2', [['n1', 'helo']]);
    assert.deepEqual(comments(), ['helo', 'A file was deleted at customer: a.txt']);
    assert.deepEqual(done, []);
  });
});
