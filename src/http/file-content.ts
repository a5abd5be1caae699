import type { Readable } from 'node:stream';

/** The content of a file while it is downloaded. */
export interface FileContent extends Readable {
  /** The media type that the answer names, in lower case and without parameters; '' or absent: none. */
  mediaType?: string;
}

const MEDIA_TYPE = /^\s{0,9}([\w!#$&^.+-]{1,127}\/[\w!#$&^.+-]{1,127})\s{0,9}(?:;|$)/;

/** The body of an answer. */
export function fileContent({ body, headers }: { body: Readable; headers: Record<string, string | undefined> }): FileContent {
  const mediaType = MEDIA_TYPE.exec(headers['content-type'] ?? '')?.[1]?.toLowerCase() ?? '';
  return Object.assign(body, { mediaType });
}
