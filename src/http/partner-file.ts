import type { Readable } from 'node:stream';
import { PartnerError } from '../errors.js';
import { say } from '../text/say.js';
import type { HttpClient } from './http.js';

/**
 * Streams a file from an address that the partner named: at the partner's own origin by its client, elsewhere by one without
 * credentials, which `clientOf` makes for an origin.
 */
export async function partnerFile(
  own: HttpClient,
  clientOf: (origin: string) => HttpClient,
  address: string,
  what: string,
): Promise<Readable> {
  const { origin, protocol, href } = new URL(address, `${own.baseUrl}/`);
  if (!/^https?:$/.test(protocol))
    throw new PartnerError(
      'SWB_ADDRESS',
      say`${what} was refused: it has a ${protocol} URL; only http and https are supported.`,
      {
        where: own.name,
        hint: say`Ask the partner for the file, then replay or skip.`,
        outcome: 'notDone',
        retry: false,
        concernsRecord: true,
      },
    );
  const request = { method: 'GET', path: href, headers: { Accept: '*/*' }, as: 'stream', what } as const;
  if (origin === new URL(own.baseUrl).origin) return (await own.request(request)).body;
  const client = clientOf(origin);
  try {
    const { body } = await client.request(request);
    return body.once('close', () => client.close());
  } catch (error) {
    client.close();
    throw error;
  }
}
