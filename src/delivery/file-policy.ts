import { mime } from '../bundled/mime.js';
import type { GenericAttachment } from '../model/message.js';
import { say } from '../text/say.js';
import { FileError } from './file-error.js';
import { extensionOf, safeFileName, safeMediaType } from './file-name.js';
import { ANY_BYTES, isTypeOf, saysNothing } from './served-type.js';

/** Which types of files pass: all of them, only the listed ones, or all others. */
export const FILE_RULES = ['all', 'only', 'except'] as const;
export type FileRule = (typeof FILE_RULES)[number];

/** What files one party may send and get: one that goes from a party to another has to pass the policies of both. */
export interface FilePolicy {
  rule: FileRule;
  /** Extensions (`pdf`) and media types (`image/png`, `image/*`), in lower case. */
  types: readonly string[];
  /** Bytes. */
  largest: number;
  /** Characters of a name; longer ones are shortened. */
  longestName: number;
}

const MEGABYTE = 1024 ** 2;

export const DEFAULT_FILE_POLICY: FilePolicy = { rule: 'all', types: [], largest: 250 * MEGABYTE, longestName: 200 };

/** An attachment with a name, at most `longestName` characters, and a media type that are safe to pass on. Pure. */
export function asPassedOn<A extends GenericAttachment>(attachment: A, longestName: number): A {
  const { name, mimeType } = attachment;
  return { ...attachment, name: safeFileName(name, longestName), mimeType: safeMediaType(mimeType) };
}

/**
 * Throws FileError where a party's policy does not let a file pass, by what is known of it before it is fetched. `party`: its name.
 */
export function requireAllowed(file: GenericAttachment, policy: FilePolicy, party: string): void {
  const refusal = refusalOf(file, policy, party);
  if (refusal) throw new FileError('SWB_FILE_REFUSED', refusal, { hint: changeOrSkip() });
  if (file.size !== undefined && file.size > policy.largest) throw fileTooLarge(file, policy.largest, party);
}

/**
 * Throws FileError where a party's policy does not let a file pass, by the media type that its download names ('': none). What the
 * sender has announced too was judged before.
 */
export function requireServedAllowed(file: GenericAttachment, served: string, { rule, types }: FilePolicy, party: string): void {
  const { name, mimeType } = file;
  if (rule === 'all' || saysNothing(served) || served === mediaTypeOf(mimeType)) return;
  const isOwn = isTypeOf(extensionOf(safeFileName(name, Number.POSITIVE_INFINITY)), served);
  const extensions = mime.getAllExtensions(served);
  const listed = types.find((type) => covers(type, served)) ?? types.find((type) => extensions?.has(type));
  // `exe` stands for all that Windows runs, but a `msi` is one of its own.
  const isExcluded = listed !== undefined && (!isOwn || covers(listed, served));
  if (rule === 'only' ? isOwn || listed !== undefined : !isExcluded) return;
  const refusal =
    rule === 'only'
      ? say`The file ${name} is not passed on: it was downloaded as ${served}, and the settings of ${party} do not list that type.`
      : say`The file ${name} is not passed on: it was downloaded as ${served}, and the settings of ${party} exclude the type ${listed}.`;
  throw new FileError('SWB_FILE_REFUSED', refusal, { hint: changeOrSkip() });
}

/** Why the type of a file is not allowed; undefined: it is. */
function refusalOf({ name, mimeType }: GenericAttachment, { rule, types }: FilePolicy, party: string): string | undefined {
  if (rule === 'all') return undefined;
  const extension = extensionOf(safeFileName(name, Number.POSITIVE_INFINITY));
  const named = mediaTypeOf(mimeType);
  if (rule === 'except') {
    const excluded = types.find((type) => isOfType(extension, type) || isOfType(endsAs(extension), type) || covers(type, named));
    return excluded && say`The file ${name} is not passed on: the settings of ${party} exclude the type ${excluded}.`;
  }
  if (types.includes(extension)) return undefined;
  if (extension === '') {
    if (types.some((type) => covers(type, named))) return undefined;
    return named === ''
      ? say`The file ${name} is not passed on: the settings of ${party} require a listed type, and it has neither an extension nor a media type.`
      : say`The file ${name} is not passed on: it has no extension, and the settings of ${party} do not list ${named}.`;
  }
  // The name decides what opens a file: what its sender calls it does not make up for an extension that is not listed.
  // The extension alone would do; the media type that it stands for would let others pass, and its sender may name another one.
  if (!types.some((type) => isOfType(extension, type)))
    return say`The file ${name} is not passed on: the settings of ${party} do not list ${extension}.`;
  if (named === '' || named === ANY_BYTES || types.some((type) => covers(type, named))) return undefined;
  return say`The file ${name} is not passed on: its sender names the media type ${named}, and the settings of ${party} list neither ${extension} nor ${named}.`;
}

/** A media type without its parameters. */
function mediaTypeOf(text: string): string {
  return (text.split(';')[0] ?? '').trim().toLowerCase();
}

/** Whether an extension is a listed type, or stands for it; '' is and stands for none. */
function isOfType(extension: string, type: string): boolean {
  return type === extension || covers(type, mime.getType(extension)) || (mime.getAllExtensions(type)?.has(extension) ?? false);
}

function covers(type: string, media: string | null): boolean {
  if (!media) return false;
  return type === media || (type.endsWith('/*') && media.startsWith(type.slice(0, -1)));
}

/** An extension up to what a correction, or somebody to hide it, added: `exe_b` (from `exe:b`), `exe_`, `exe!`. */
function endsAs(extension: string): string {
  return /^[\p{L}\p{N}]*/u.exec(extension)?.[0] ?? '';
}

/** A file has more bytes than a party's policy allows. */
export function fileTooLarge({ name }: GenericAttachment, largest: number, party: string): FileError {
  const megabytes = Math.round((largest / MEGABYTE) * 10) / 10;
  return new FileError(
    'SWB_TOO_LARGE',
    say`The file ${name} is not passed on: it is larger than ${megabytes} MB, the most that the settings of ${party} allow.`,
    { hint: changeOrSkip() },
  );
}

function changeOrSkip(): string {
  return say`Send the file another way and skip it, or change the attachment settings of the endpoint, deploy and replay it.`;
}
