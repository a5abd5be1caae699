import assert from 'node:assert/strict';
import { until } from './node-red.js';
import { LiveRig } from './rig.js';

describe('the webhook of an in node with an invalid setting', () => {
  let rig: LiveRig | undefined;
  afterEach(() => rig?.stop());
  const start = async (change: Record<string, unknown>) => {
    rig = await LiveRig.start({ version: 'v4', customer: 'webhook', provider: 'poll' }, { 'sb1-sn-in': change });
    return rig;
  };
  const post = async ({ live, sandbox }: LiveRig) => {
    const headers = {
      'Content-Type': 'application/json',
      'x-switchboard-secret': sandbox.environment.SANDBOX_WEBHOOK_SECRET!,
    };
    const body = JSON.stringify({ table: 'incident', sys_id: '0'.repeat(32) });
    return (await fetch(`${live.url}/switchboard/customer`, { method: 'POST', headers, body })).status;
  };

  it('accepts new records while the condition on them is invalid; they are sent after the fix', async () => {
    const running = await start({ newOnly: 'short_description =' });
    const { number } = running.open('waits for its condition');
    const waiting = await until('the reason', async () => {
      const found = await running.message(String(number));
      return found?.error && found;
    });
    assert.match(waiting.error!.message, /New records only if: The expression "short_description =" is invalid/);
    assert.equal(waiting.state, 'waiting');
    assert.equal(await post(running), 202);
    await running.deploy((flows) => flows.map((node) => (node.id === 'sb1-sn-in' ? { ...node, newOnly: '' } : node)));
    await until('the ticket', () => running.tickets('waits for its condition').length === 1);
  });

  it('accepts messages while another setting is invalid', async () => {
    assert.equal(await post(await start({ poll: `\${SWB_T_NOT_SET}` })), 202);
  });

  it('answers 503, not 404, while it cannot know how to accept them', async () => {
    assert.equal(await post(await start({ webhookLimit: 'much' })), 503);
  });

  it('does not accept the plain secret while the kind of its signature is misspelt', async () => {
    assert.equal(await post(await start({ webhookAuth: 'hmacTimestamp' })), 503);
  });
});
