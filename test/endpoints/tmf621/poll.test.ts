import assert from 'node:assert/strict';
import { tmfApi } from '../../../src/endpoints/tmf/answers.js';
import { poll } from '../../../src/endpoints/tmf621/poll.js';
import { PartnerError } from '../../../src/errors.js';
import type { HttpClient, HttpRequest } from '../../../src/http/http.js';
import type { Json } from '../../../src/model/message.js';

const NOW = Date.parse('2026-03-01T12:00:00Z');
const at = (minutes: number) => new Date(NOW + minutes * 60_000);

/** A provider with these tickets; `refuses`: what it answers instead of a page. */
class Provider {
  tickets: { id: string; lastUpdate: string; [name: string]: Json }[] = [];
  now = at(0);
  /** Ids of hidden tickets: they are counted, and taken out of a page. */
  hidden = new Set<string>();
  refuses: (query: Record<string, unknown>) => [number, string] | undefined = () => undefined;
  readonly api = tmfApi({
    name: 'p',
    baseUrl: 'http://p',
    signsIn: false,
    request: async (request: HttpRequest) => {
      const query = request.query ?? {};
      const [status, answer] = this.refuses(query) ?? [200, ''];
      if (status !== 200) {
        const details = { status, answer, outcome: 'notDone', retry: false } as const;
        throw new PartnerError('SWB_PARTNER_REFUSED', answer, details);
      }
      const [offset, limit] = [Number(query.offset ?? 0), Number(query.limit)];
      const counted = this.hidden.size > 0 ? { 'x-total-count': String(this.tickets.length) } : {};
      const body = this.tickets.slice(offset, offset + limit).filter(({ id }) => !this.hidden.has(id));
      return { status, headers: { date: this.now.toUTCString(), ...counted }, body };
    },
    mask: (text: string) => text,
  } as unknown as HttpClient);

  poll(cursor?: Json) {
    return poll(this.api, '/troubleTicket', undefined, cursor);
  }
}

const ticket = (id: string, lastUpdate: string, more: Record<string, Json> = {}) => ({ id, lastUpdate, ...more });

describe('polling a TMF621 provider', () => {
  let provider: Provider;
  beforeEach(() => {
    provider = new Provider();
  });

  for (const zone of [-8, -5, 0, 2, 10])
    it(`sees each change where times are ${zone} hours off and name no time zone`, async () => {
      const local = (minutes: number) =>
        at(minutes + zone * 60)
          .toISOString()
          .replace('Z', '');
      provider.tickets = [ticket('old', local(-30))];
      let { cursor } = await provider.poll();
      for (let n = 1; n <= 5; n++) {
        provider.now = at(n * 7);
        // The clocks of its servers are minutes off.
        provider.tickets.push(ticket(`t${n}`, local(n * 7 + (n % 2 ? -4 : 4))));
        const result = await provider.poll(cursor);
        cursor = result.cursor;
        assert.ok(
          result.hints.some((hint) => hint.id === `t${n}`),
          `t${n}`,
        );
      }
    });

  it('reports a change that lastUpdate does not show, and does not repeat what looks the same', async () => {
    provider.tickets = [
      ticket('a', at(-1).toISOString(), { note: [{ id: '1', text: 'x' }], attachment: [{ id: 'f', url: 'http://p/f?key=1' }] }),
    ];
    const { cursor } = await provider.poll();
    const keys = async () => (await provider.poll(cursor)).hints.map((hint) => hint.key);
    const before = await keys();
    Object.assign(provider.tickets[0]!, { note: [{ id: '2', text: 'x' }], attachment: [{ id: 'f', url: 'http://p/f?key=2' }] });
    assert.deepEqual(await keys(), before);
    provider.tickets[0]!.note = [{ id: '1', text: 'edited' }];
    assert.notDeepEqual(await keys(), before);
  });

  it('sees tickets behind hundreds of hidden ones', async () => {
    const { cursor } = await provider.poll();
    provider.now = at(10);
    for (let i = 0; i < 231; i++) {
      provider.tickets.push(ticket(`hidden${i}`, at(1).toISOString()));
      provider.hidden.add(`hidden${i}`);
    }
    provider.tickets.unshift(ticket('before', at(1).toISOString()));
    provider.tickets.push(ticket('behind', at(2).toISOString()));
    assert.deepEqual(
      (await provider.poll(cursor)).hints.map(({ id }) => id),
      ['before', 'behind'],
    );
  });

  it('uses the page size that a refusal names, and takes a page past the end for the end', async () => {
    provider.tickets = Array.from({ length: 100 }, (_, n) => ticket(`t${n}`, at(-1).toISOString()));
    const { cursor } = await provider.poll({ since: at(-2).toISOString() });
    for (const status of [416, 400]) {
      provider.refuses = ({ limit, offset }) =>
        Number(limit) > 50 ? [400, 'limit must be ≤ 50'] : Number(offset) >= 100 ? [status, 'out of range'] : undefined;
      assert.equal((await provider.poll(cursor)).hints.length, 100);
    }
  });

  it('requests all tickets where the provider refuses the filter for changed ones', async () => {
    provider.refuses = (query) => ('lastUpdate.gt' in query ? [400, 'unknown attribute lastUpdate.gt'] : undefined);
    const { cursor } = await provider.poll();
    provider.tickets = [ticket('a', at(1).toISOString())];
    assert.equal((await provider.poll(cursor)).hints.length, 1);
  });
});
