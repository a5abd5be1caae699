import type { Readable } from 'node:stream';
import { REDIRECTS } from '../budgets.js';
import { PartnerError } from '../errors.js';
import { say } from '../text/say.js';
import { type FileContent, fileContent } from './file-content.js';
import type { HttpAnswer, HttpClient } from './http.js';
import { targetOf } from './redirect.js';

/** Other hosts than the partner's own. */
export interface Elsewhere {
  allows: (url: URL) => boolean;
  /** A client for an origin, without credentials. */
  clientOf: (origin: string) => HttpClient;
}

/**
 * Streams a file from an address that the partner named: at the partner's own origin by its client, at other hosts without
 * credentials. Redirects are followed to these hosts too, where storage services have the files; from there none leads back to the
 * partner.
 */
export async function partnerFile(own: HttpClient, elsewhere: Elsewhere, address: string, what: string): Promise<FileContent> {
  const base = `${own.baseUrl}/`;
  if (!URL.canParse(address, base)) throw unusable(own.name, say`${what} was refused: its URL is not valid.`);
  let url = new URL(address, base);
  if (!/^https?:$/.test(url.protocol))
    throw unusable(own.name, say`${what} was refused: it has a ${url.protocol} URL; only http and https are supported.`);
  let redirect: Error | undefined;
  for (let redirects = 0; ; redirects++) {
    const isOwn = redirects === 0 && url.origin === new URL(own.baseUrl).origin;
    const answer = await (isOwn ? streamed(own, url, what) : streamedOnce(elsewhere.clientOf(url.origin), url, what)).catch(
      (error: Error) => error,
    );
    if (!(answer instanceof Error)) {
      if (!redirect || !isPage(answer)) return fileContent(answer);
      answer.body.destroy();
      throw redirect;
    }
    const target = redirects < REDIRECTS ? targetOf(answer) : undefined;
    if (!target) throw answer;
    if (!elsewhere.allows(target)) throw target.origin === url.origin ? answer : redirected(answer, target);
    redirect ??= answer;
    url = target;
  }
}

function streamed(client: HttpClient, { href }: URL, what: string): Promise<HttpAnswer<Readable>> {
  return client.request({ method: 'GET', path: href, headers: { Accept: '*/*' }, as: 'stream', what });
}

/** By a client for this one file. */
async function streamedOnce(client: HttpClient, url: URL, what: string): Promise<HttpAnswer<Readable>> {
  try {
    const answer = await streamed(client, url, what);
    answer.body.once('close', () => client.close());
    return answer;
  } catch (error) {
    client.close();
    throw error;
  }
}

/** A page for people, such as one to sign in, is not what a redirect was to show. */
function isPage({ headers }: HttpAnswer): boolean {
  return /^text\/html\b/i.test(headers['content-type'] ?? '');
}

function unusable(where: string, reason: string): PartnerError {
  return new PartnerError('SWB_ADDRESS', reason, {
    where,
    hint: say`Ask the partner for the file, then replay or skip.`,
    outcome: 'notDone',
    retry: false,
    concernsRecord: true,
  });
}

function redirected(error: Error, { host }: URL): Error {
  if (!(error instanceof PartnerError)) return error;
  return error.withDetails({
    hint: say`If the file is at ${host}, add this host to Other hosts in the endpoint’s settings and deploy. If this is a page to sign in, check the credentials. Then replay the delivery.`,
  });
}
