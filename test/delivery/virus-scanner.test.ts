import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { virusScanner } from '../../src/delivery/virus-scanner.js';
import { until } from '../live/node-red.js';
import { EICAR, type FakeClamd, fakeClamd } from './clamd.js';

describe('the virus scanner', () => {
  let folder: string;
  let clamd: FakeClamd;
  const never = new AbortController().signal;
  const written = (content: string | Buffer) => {
    const path = join(folder, 'file');
    writeFileSync(path, content);
    return path;
  };
  const scan = (content: string | Buffer, address = clamd.address, signal = never) =>
    virusScanner(address)!.scan(written(content), signal);
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'switchboard-scan-'));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));
  beforeEach(async () => {
    clamd = await fakeClamd();
  });
  afterEach(() => clamd.close());

  it('is only used where it is set', () => {
    assert.deepEqual([virusScanner(undefined), virusScanner(' ')], [undefined, undefined]);
  });

  it('names what it finds', async () => {
    assert.equal(await scan(`before ${EICAR} after`), 'Eicar-Test-Signature');
  });

  it('gets the whole file, however large and however small', async () => {
    const large = 'x'.repeat(300_000);
    for (const content of ['', 'small', large]) assert.equal(await scan(content), undefined);
    assert.deepEqual(clamd.scanned, ['', 'small', large]);
  });

  it('may be at a Unix socket', async () => {
    const path = join(folder, 'clamd.ctl');
    const local = await fakeClamd({ path });
    assert.deepEqual([await scan(EICAR, path), await scan('clean', `unix:${path}`)], ['Eicar-Test-Signature', undefined]);
    await local.close();
  });

  for (const instead of [
    ...['close', '', 'Can\u001b[31mnot allocate memory ERROR', 'stream: OK and more', ' stream: OK', 'stream: OK\n'],
    ...['stream: OK\0stream: Eicar FOUND', 'stream: Eicar FOUND\0stream: OK', 'stream: OK\0', 'stream: A FOUND\nstream: OK'],
    'no INSTREAM size limit exceeded. ERROR',
  ])
    it(`that answers ${JSON.stringify(instead)} is waited for`, async () => {
      clamd.instead = instead || '\u0000';
      await assert.rejects(scan('clean'), {
        code: 'SWB_BUSY',
        waits: true,
        message: /^The file waits for the virus scanner at [^\p{Cc}]*$/u,
      });
    });

  it('that cannot be reached is waited for, and what does not look like its address too', async () => {
    const { address } = clamd;
    await clamd.close();
    await assert.rejects(scan('clean', address), { waits: true, message: /ECONNREFUSED/ });
    for (const wrong of ['clamd', 'clamd:', 'clamd:99999', ':3310', 'http://clamd:3310/'])
      await assert.rejects(scan('clean', wrong), { waits: true, message: /is not its address\. Set SWITCHBOARD_CLAMD/ });
    clamd = await fakeClamd();
  });

  it('that takes no file of this size refuses it', async () => {
    await clamd.close();
    clamd = await fakeClamd({ limit: 10 });
    await assert.rejects(scan('more than ten bytes'), { code: 'SWB_FILE_REFUSED', waits: false });
  });

  it('that hangs is left when the endpoint closes', async () => {
    clamd.instead = 'hang';
    const closing = new AbortController();
    const scanning = scan('clean', clamd.address, closing.signal);
    scanning.catch(() => undefined);
    await until('the file at the scanner', () => clamd.scanned.length === 1);
    closing.abort();
    await assert.rejects(scanning, { code: 'SWB_CLOSED' });
  });
});
