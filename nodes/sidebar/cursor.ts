/** Where each source of a list goes on. */
export type Places = Record<string, string>;

export function writeCursor(places: Places): string {
  return Buffer.from(JSON.stringify(places)).toString('base64url');
}

/** The cursor comes from the browser; an invalid one starts from the beginning. */
export function readCursor(cursor: string | undefined): Places {
  try {
    const places: unknown = JSON.parse(Buffer.from(cursor ?? '', 'base64url').toString());
    const entries = Object.entries(places ?? {}).filter((entry): entry is [string, string] => typeof entry[1] === 'string');
    return Object.fromEntries(entries);
  } catch {
    return {};
  }
}
