import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Behaviours, KINDS } from '../../src/sandbox/behaviours.js';
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.js';
import { CALLS, type Case, examine, expectedOf, REFERENCE } from './answers.js';
import { type CallName, SYSTEMS } from './answers-systems.js';

/* Tests all calls of every system’s client, with the answers that partners give in practice. */

let sandbox: Sandbox;
let folder: string;
const hash = createHash('sha256').update('ours').digest('hex');
before(async () => {
  sandbox = await startSandbox();
  folder = mkdtempSync(join(tmpdir(), 'switchboard-answers-'));
  writeFileSync(join(folder, 'ours.txt'), 'ours');
});
after(async () => {
  await sandbox.close();
  rmSync(folder, { recursive: true });
});

for (const system of SYSTEMS) {
  describe(`${system.name}: an unexpected answer`, () => {
    const behaviours = new Behaviours(system.entityType === 'productOrder');
    let of: Case;
    beforeEach(async () => {
      sandbox.reset();
      const client = system.client(sandbox);
      const since = new Date().toISOString();
      const { source } = client.parse((await client.create(system.entityType, system.fields, REFERENCE)).entity);
      const file = { id: 'f1', name: 'ours.txt', mimeType: 'text/plain', path: join(folder, 'ours.txt'), size: 4, hash };
      of = { sandbox, system, client, id: source.id, number: source.number ?? '', since, file };
    });
    afterEach(() => of.client.close());

    for (const kind of KINDS) {
      for (const name of behaviours.names(kind)) {
        for (const [call, kinds] of Object.entries(system.calls) as [CallName, string[]][]) {
          const expected = kinds.includes(kind) && expectedOf(kind, name, call);
          if (!expected) continue;
          for (const part of (kind === 'list' && system.parts?.[call]) || [undefined]) {
            const where = part ? ` for ${part.name}` : '';
            it(`${call}: "${name}" to a ${kind}${where} is ${expected}`, async () => {
              await examine({ ...of, part }, CALLS[call], kind, name, expected);
            });
          }
        }
      }
    }
  });
}
