import { element } from './element.js';

/** Offers a text as a file. The browser creates it, because only its requests have the access token of the session. */
export function download(name: string, text: string, type: string): void {
  const address = URL.createObjectURL(new Blob([text], { type }));
  element('a', { href: address, download: name }).click();
  URL.revokeObjectURL(address);
}
