/** Percent-decodes a part of a URL; as it is where it is not percent-encoded, such as `100%`. */
export function percentDecoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
