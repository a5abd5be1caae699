import assert from 'node:assert/strict';
import type { MessageView } from '../../nodes/sidebar/views.js';
import { EICAR, type FakeClamd, fakeClamd } from '../delivery/clamd.js';
import { until } from './node-red.js';
import { LiveRig } from './rig.js';

describe('attachments by the settings of an endpoint and of the environment', () => {
  let rig: LiveRig;
  let clamd: FakeClamd;
  before(async () => {
    clamd = await fakeClamd();
    const before = process.env.SWITCHBOARD_CLAMD;
    process.env.SWITCHBOARD_CLAMD = clamd.address;
    try {
      const settings = { attachments: 'except', attachmentTypes: 'exe, text/html', attachmentMegabytes: '1' };
      rig = await LiveRig.start({ version: 'v4', customer: 'webhook', provider: 'hub' }, { 'sb1-tmf': settings });
    } finally {
      if (before === undefined) delete process.env.SWITCHBOARD_CLAMD;
      else process.env.SWITCHBOARD_CLAMD = before;
    }
  });
  after(async () => {
    await rig?.stop();
    await clamd?.close();
  });

  it('pass, or are shown as failed at their ticket, which goes on', async () => {
    const desk = rig.sandbox.servicenow;
    const { sys_id, number } = rig.open('with files');
    const { id } = await until('the ticket', () => rig.tickets('with files')[0]);
    const files = { 'run.exe': 'binary', 'virus.txt': EICAR, 'large.bin': 'x'.repeat(1024 ** 2 + 1), 'report.txt': 'clean' };
    for (const [name, content] of Object.entries(files))
      desk.attach('incident', sys_id, name, 'application/octet-stream', Buffer.from(content), 'agent');
    const passed = (name: string) => rig.sandbox.tmf('v4').attachmentBytes(String(id), name);
    await until('the file that passes', () => passed('report.txt'));
    await until('the others to fail', async () => (await rig.counts()).deliveries.failed === 3);
    assert.deepEqual(
      Object.keys(files).filter((name) => passed(name)),
      ['report.txt'],
    );
    const view = await rig.message(number!, (m: MessageView) => m.sent.some(({ error }) => error !== undefined));
    assert.match(view?.sent.find(({ error }) => error)?.error?.message ?? '', /is not passed on/);
    desk.comment('incident', sys_id, 'still going');
    await until('the comment', () => JSON.stringify(rig.tickets('with files')[0]).includes('still going'));
  });
});
