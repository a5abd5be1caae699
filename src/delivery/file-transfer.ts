import { pipeline, type Readable } from 'node:stream';
import type { EndpointClient, SpooledAttachment } from '../endpoints/endpoint.js';
import { requireNoPage } from '../endpoints/no-page.js';
import { PartnerError, SwitchboardError } from '../errors.js';
import { counted } from '../http/counted.js';
import { Pace, type PaceLimits, type Progress } from '../http/pace.js';
import { ERR_TOO_LARGE } from '../http/transport-error.js';
import type { GenericAttachment } from '../model/message.js';
import { say } from '../text/say.js';
import { noRoom } from './spool.js';

/** The entity that has a file. */
export interface FileOrigin {
  endpoint: string;
  entityType: string;
  entityId: string;
}

/** Failures of our own disk. */
const DISK_FULL = ['ENOSPC', 'EDQUOT'];
const DISK_ERRORS = ['EROFS', 'EACCES', 'EPERM', 'ENOENT', 'EIO', 'EMFILE', 'EFBIG'];

export interface FetchOptions {
  /** Writes the content, until the signal. */
  store: (content: Readable, signal: AbortSignal) => Promise<SpooledAttachment>;
  /** The slowest transfer: a source that sends byte by byte never falls silent. */
  pace: PaceLimits;
  /** Throws where what comes has a media type that may not pass; '': none is named. */
  requireType: (mediaType: string) => void;
  /** The endpoint is closing. */
  closing: AbortSignal;
  /** The file's name, as it is shown. */
  name: string;
}

/**
 * Fetches a file from its source, as long as it keeps the pace. Throws PartnerError of the source (`otherPartner`) where it fails,
 * FileError or SWB_STORE where we cannot store it, SWB_CLOSED where the endpoint closes.
 */
export async function fetchFile(
  source: EndpointClient,
  from: FileOrigin,
  attachment: GenericAttachment,
  { store, pace: limits, requireType, closing, name }: FetchOptions,
): Promise<SpooledAttachment> {
  const late = new AbortController();
  const signal = AbortSignal.any([late.signal, closing]);
  const content = source.download(from.entityType, from.entityId, attachment);
  let pace: Pace | undefined;
  try {
    // Until it begins, it may wait for its turn; the time for an answer is limited as for any request.
    const begun = await within(signal, content);
    requireNoPage(begun, attachment, source.name);
    requireType(begun.mediaType ?? '');
    pace = new Pace(limits, (progress) => late.abort(progress));
    const counting = counted((bytes) => {
      pace?.passed(bytes);
      return undefined;
    });
    return await store(
      pipeline(begun, counting, () => undefined),
      signal,
    );
  } catch (error) {
    content.then(
      (stream) => stream.destroy(),
      () => undefined,
    );
    if (closing.aborted) throw new SwitchboardError('SWB_CLOSED', say`The endpoint is closing.`);
    throw failureOf(error, late.signal.aborted ? (late.signal.reason as Progress) : undefined, source, name);
  } finally {
    pace?.stop();
  }
}

/** The result of a promise, unless the signal comes first. */
function within<T>(signal: AbortSignal, promise: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) reject(signal.reason as Error);
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
    promise.then(resolve, reject);
  });
}

/** `late`: how far it got, where it was too slow. */
function failureOf(error: unknown, late: Progress | undefined, { id, name: where }: EndpointClient, name: string): unknown {
  const ofSource = { where, outcome: 'notDone', retry: true, otherPartner: id } as const;
  if (late !== undefined)
    return new PartnerError(
      'SWB_PARTNER_UNAVAILABLE',
      say`Fetching ${name} was too slow: ${Math.round(late.bytes / 1024)} KB in ${late.seconds} s.`,
      ofSource,
    );
  if (error instanceof PartnerError) return error.withDetails({ outcome: 'notDone', otherPartner: id });
  if (error instanceof SwitchboardError) return error;
  const { message, code = '' } = error as NodeJS.ErrnoException;
  if (code === ERR_TOO_LARGE)
    return new PartnerError('SWB_TOO_LARGE', say`The file ${name} is not passed on: it ${message}.`, {
      ...ofSource,
      retry: false,
    });
  if (DISK_FULL.includes(code)) return noRoom(say`The file ${name} waits: the disk of the store is full.`);
  if (DISK_ERRORS.includes(code))
    return new SwitchboardError('SWB_STORE', say`The file ${name} could not be stored: ${message}.`, { cause: error });
  return new PartnerError('SWB_PARTNER_UNAVAILABLE', say`Fetching ${name} was interrupted: ${message}.`, {
    ...ofSource,
    cause: error,
  });
}
