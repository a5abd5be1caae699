import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** A secret that can be recognised wherever it turns up. */
export interface Mark {
  /** Whose it is: `basic, password`. */
  name: string;
  value: string;
  /** The part that is looked for; letters and digits, which no way of writing escapes. */
  core: string;
}

/** A new secret. `plain`: one for a header, which takes no special characters; others have those that are escaped somewhere. */
export function plant(name: string, { plain = false } = {}): Mark {
  const core = `Mk${randomBytes(12).toString('hex')}`;
  return { name, core, value: plain ? core : `"/${core}+%&<\\` };
}

/** Characters that are enough to recognise a mark: a text may be cut anywhere. */
const ENOUGH = 12;

/** How a mark may be written: as it is, in base64 (wherever in the encoded text it begins), hex, or escaped letter by letter. */
function forms({ core }: Mark): string[] {
  const base64 = [0, 1, 2].flatMap((before) => {
    const text = Buffer.from(`${'\0'.repeat(before)}${core}`).toString('base64');
    // The first letters also depend on what is before.
    return [text, text.replaceAll('+', '-').replaceAll('/', '_')].map((one) => one.slice(2 * before, 2 * before + 16));
  });
  const part = core.slice(0, ENOUGH);
  const each = (write: (code: string) => string) => [...part].map((c) => write(c.charCodeAt(0).toString(16))).join('');
  return [
    part,
    core.slice(-ENOUGH),
    ...base64,
    each((code) => code),
    each((code) => `%${code}`),
    each((code) => `\\u00${code}`),
    each((code) => `&#x${code};`),
    [...part].join('\0'),
  ].map((form) => form.toLowerCase());
}

export interface Leak {
  mark: string;
  /** What is around it. */
  shown: string;
}

/** Where a text shows a mark. */
export function leaksIn(text: string, marks: readonly Mark[]): Leak[] {
  const lower = text.toLowerCase();
  return marks.flatMap((mark) => {
    const at = forms(mark)
      .map((form) => lower.indexOf(form))
      .find((index) => index >= 0);
    return at === undefined ? [] : [{ mark: mark.name, shown: text.slice(Math.max(0, at - 120), at + 60) }];
  });
}

/** Every file below a folder with its content, byte by byte. */
export function filesBelow(folder: string): [path: string, content: string][] {
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name));
  return paths.filter((path) => statSync(path).isFile()).map((path) => [path, readFileSync(path, 'latin1')]);
}
