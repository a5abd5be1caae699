import assert from 'node:assert/strict';
import type { MessageList } from '../../nodes/sidebar/views.js';
import { until } from './node-red.js';
import { LiveRig } from './rig.js';

describe('a Node-RED that runs in German', () => {
  let rig: LiveRig;
  before(async () => {
    const status = { id: 'watch-status', type: 'status', z: 'sb1-flow', scope: ['sb1-tmf-out'], wires: [['print-status']] };
    const print = {
      id: 'print-status',
      type: 'debug',
      z: 'sb1-flow',
      name: 'status',
      active: true,
      console: true,
      complete: 'status.text',
      targetType: 'msg',
      wires: [],
    };
    rig = await LiveRig.start({ version: 'v4', customer: 'webhook', provider: 'hub', language: 'de_DE.UTF-8' }, {}, [
      status,
      print,
    ]);
  });
  after(() => rig?.stop());

  it('shows node status and errors in German', async () => {
    await until('the status', () => /\[debug:status\]\s+'?verbunden/.test(rig.live.output()));
    rig.sandbox.tmf('v4').faults.add({ method: 'POST', path: 'troubleTicket', kind: 'status', status: 422 });
    rig.open('Leitung gestört');
    const failed = async () => {
      const { messages } = await rig.get<MessageList>('/switchboard/messages');
      return messages.find((message) => message.state === 'failed');
    };
    await until('the failure', async () => (await failed()) !== undefined);
    assert.match((await failed())?.reason ?? '', /hat mit 422 geantwortet|422/);
    assert.doesNotMatch((await failed())?.reason ?? '', /\b(returned|the|was)\b/);
    await until('the count', () => /verbunden, 1 fehlgeschlagen/.test(rig.live.output()));
  });
});
