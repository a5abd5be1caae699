/** What a node is called in texts for people: the name set in the editor, otherwise its type without our prefix. */
export function shownName({ name, type }: { name?: string; type: string }): string {
  return name || type.replace(/^switchboard-/, '').replaceAll('-', ' ');
}
