import { crc32 } from 'node:zlib';
import { SwitchboardError } from '../errors.js';
import { say } from '../text/say.js';
import type { FileReader } from './file-reader.js';
import { type Journal, segmentName } from './journal.js';
import type { BodyRef } from './record-entry.js';

/** Reads a body of a record from the journal; throws SWB_STORE if it is not what was stored. `owner`: for the error. */
export async function readBody(journal: Journal, reader: FileReader, owner: string, ref: BodyRef): Promise<Buffer> {
  if (!journal.isDurable(ref.segment, ref.offset + ref.length)) await journal.flushed();
  const bytes = await reader.read(journal.path(ref.segment), ref.offset, ref.length);
  if (bytes && (ref.crc === undefined || crc32(bytes) === ref.crc)) return bytes;
  throw new SwitchboardError(
    'SWB_STORE',
    say`The body "${ref.name}" of ${owner} is damaged: ${ref.length} bytes at ${ref.offset} of journal/${segmentName(ref.segment)}.`,
    { hint: say`The record itself can be read. Check the disk, and restore the file from a backup if the body is needed.` },
  );
}
