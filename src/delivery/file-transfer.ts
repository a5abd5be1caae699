import type { Readable } from 'node:stream';
import type { EndpointClient, SpooledAttachment } from '../endpoints/endpoint.js';
import { PartnerError, SwitchboardError } from '../errors.js';
import type { GenericAttachment } from '../model/message.js';
import { say } from '../text/say.js';

/** Longest time for fetching a file from its source, milliseconds: a source that sends byte by byte never falls silent. */
export const FILE_DEADLINE = 300_000;

/** The entity that has a file. */
export interface FileOrigin {
  endpoint: string;
  entityType: string;
  entityId: string;
}

/** Failures of our own disk. */
const DISK_ERRORS = ['ENOSPC', 'EDQUOT', 'EROFS', 'EACCES', 'EPERM', 'ENOENT', 'EIO', 'EMFILE', 'EFBIG'];

export interface FetchOptions {
  /** Writes the content, until the signal. */
  store: (content: Readable, signal: AbortSignal) => Promise<SpooledAttachment>;
  /** Milliseconds. */
  deadline: number;
  /** The endpoint is closing. */
  closing: AbortSignal;
}

/**
 * Fetches a file from its source within a deadline. Throws PartnerError of the source (`otherPartner`) where it fails, SWB_STORE
 * where our disk does, SWB_CLOSED where the endpoint closes.
 */
export async function fetchFile(
  source: EndpointClient,
  from: FileOrigin,
  attachment: GenericAttachment,
  { store, deadline, closing }: FetchOptions,
): Promise<SpooledAttachment> {
  const late = AbortSignal.timeout(deadline);
  const signal = AbortSignal.any([late, closing]);
  const content = source.download(from.entityType, from.entityId, attachment);
  try {
    return await store(await within(signal, content), signal);
  } catch (error) {
    content.then(
      (stream) => stream.destroy(),
      () => undefined,
    );
    if (closing.aborted) throw new SwitchboardError('SWB_CLOSED', say`The endpoint is closing.`);
    throw failureOf(error, late.aborted ? deadline : undefined, source, attachment);
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

/** `late`: the deadline that was exceeded. */
function failureOf(
  error: unknown,
  late: number | undefined,
  { id, name: where }: EndpointClient,
  { name }: GenericAttachment,
): unknown {
  const ofSource = { where, outcome: 'notDone', retry: true, otherPartner: id } as const;
  if (late !== undefined)
    return new PartnerError(
      'SWB_PARTNER_UNAVAILABLE',
      say`Fetching ${name} took longer than ${Math.round(late / 1000)} s.`,
      ofSource,
    );
  if (error instanceof PartnerError) return error.withDetails({ outcome: 'notDone', otherPartner: id });
  if (error instanceof SwitchboardError) return error;
  const { message, code = '' } = error as NodeJS.ErrnoException;
  if (DISK_ERRORS.includes(code))
    return new SwitchboardError('SWB_STORE', say`The file ${name} could not be stored: ${message}.`, { cause: error });
  return new PartnerError('SWB_PARTNER_UNAVAILABLE', say`Fetching ${name} was interrupted: ${message}.`, {
    ...ofSource,
    cause: error,
  });
}
