/** What an entry of the audit trail is about. */
export interface AuditTarget {
  kind: 'message' | 'delivery' | 'conversation' | 'endpoint' | 'value' | 'mapping' | 'trail' | 'view' | 'person' | 'ticket';
  /** Id within Switchboard, which says nothing about people. */
  id: string;
  /** Number of targets, of an action on several. */
  count?: number;
}

/**
 * Who did what, to what, and when. Whatever may name the people of a ticket is in `names`, which an erasure cuts off without
 * changing the entry.
 */
export interface AuditEntry {
  id: string;
  /** ISO 8601 UTC. */
  at: string;
  /** Name of the Node-RED user; empty where nobody signs in. On the command line, the user of the machine. */
  by: string;
  /** `view`: the views, dialogs and routes. `broker`: by itself. */
  source: 'view' | 'cli' | 'broker';
  action: string;
  outcome: 'done' | 'failed' | 'refused';
  target: AuditTarget;
  /** As shown to people: `name` (a number or a name), `reason`, `search` and the like. */
  names?: Record<string, string>;
  /** Other facts without names, such as the range of an export. `people`: people's data was not masked. */
  facts?: Record<string, string | number | boolean>;
}

/** An entry with its place in the trail. */
export interface NumberedEntry extends AuditEntry {
  /** From 1, without gaps. */
  number: number;
}

/** A line of the trail as it is stored, and what it names as long as that is not cut off. */
export interface TrailLine {
  number: number;
  /** JSON: the entry with its number, the SHA-256 of the line before, and instead of `names` a salted SHA-256 of them. */
  text: string;
  names?: Record<string, string>;
}

/** Which entries: from `from` (inclusive) until `until` (exclusive), ISO. */
export interface TrailRange {
  from?: string;
  until?: string;
}
