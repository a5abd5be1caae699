import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decryptCredentials } from '../../src/cli/credentials.js';
import { type Flows, readFlows } from '../../src/cli/flow-file.js';
import { placeFlows } from '../../src/cli/user-flows.js';

const SECRET = 'k1';
const FLOWS: Flows = { flows: [{ id: 'e1', type: 'endpoint' }], credentials: { e1: { user: 'of the file' } }, missing: [] };

describe('flows in the user folder', () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'switchboard-flows-'));
    writeFileSync(at('given.json'), '[]');
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const at = (name: string) => join(folder, name);
  const read = (name: string) => JSON.parse(readFileSync(at(name), 'utf8'));
  const credentials = (name: string) => decryptCredentials(read(name), SECRET);
  const place = (flows = FLOWS) => placeFlows(folder, at('given.json'), flows, SECRET);

  it('are those of the flow file, with its credentials encrypted', () => {
    assert.equal(place(), undefined);
    assert.deepEqual(read('flows.json'), FLOWS.flows);
    assert.deepEqual(credentials('flows_cred.json'), FLOWS.credentials);
  });

  it('are left as they are if they are the same', () => {
    place();
    writeFileSync(at('flows.json'), JSON.stringify(FLOWS.flows));
    const before = readFileSync(at('flows_cred.json'), 'utf8');
    assert.equal(place(), undefined);
    assert.equal(readFileSync(at('flows_cred.json'), 'utf8'), before);
    assert.equal(existsSync(at('flows.json.former')), false);
  });

  for (const [what, other] of Object.entries<Flows>({
    flows: { ...FLOWS, flows: [{ id: 'e1', type: 'endpoint', name: 'Acme' }] },
    credentials: { ...FLOWS, credentials: { e1: { user: 'typed in the editor' } } },
  }))
    it(`are kept under another name with their credentials if their ${what} are others`, () => {
      place(other);
      assert.match(place() ?? '', /^The flows in the user folder were replaced .*given\.json.* in .*flows\.json\.former\.$/);
      assert.deepEqual(read('flows.json'), FLOWS.flows);
      assert.deepEqual(read('flows.json.former'), other.flows);
      assert.deepEqual(credentials('flows_cred.json.former'), other.credentials);
    });

  it('are kept under another name if their credentials have another key', () => {
    placeFlows(folder, at('given.json'), FLOWS, 'another key');
    assert.match(place() ?? '', /replaced/);
    assert.deepEqual(credentials('flows_cred.json'), FLOWS.credentials);
  });

  it('keep their credentials if they are the flow file', () => {
    place();
    const own = readFlows(readFileSync(at('flows.json'), 'utf8'), at('flows.json'), {});
    assert.equal(placeFlows(folder, at('flows.json'), own, SECRET), undefined);
    assert.deepEqual(credentials('flows_cred.json'), FLOWS.credentials);
  });
});
