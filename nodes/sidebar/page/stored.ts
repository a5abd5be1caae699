/** What Node-RED's editor, which has the same origin, has stored in the browser; null also where the browser stores nothing. */
export function stored(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}
