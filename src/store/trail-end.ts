import { CheckedFile } from './checked-file.js';
import type { Disk } from './disk.js';
import type { TrailEnd } from './trail-line.js';

/**
 * Where the audit trail ends, written after each of its writes: the lines alone cannot show that the last one was changed, or that
 * some are missing after it. It may be behind a trail that was just written, and is never before it.
 */
export const trailEndFile = (disk: Disk, storeFolder: string): CheckedFile<TrailEnd> =>
  new CheckedFile<TrailEnd>(disk, storeFolder, TRAIL_END);

export const TRAIL_END = 'audit-end.json';
