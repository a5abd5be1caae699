import type { PersonalClass } from '../model/personal.js';
import { KnownNames } from './known-names.js';

/** What views and logs mask of the data of one store, and the names that are known for it. */
export class People {
  readonly names = new KnownNames();
  /** Versions of conversations whose names were taken. */
  private readonly read = new Map<string, number>();

  /** Our users at the partners, by endpoint: they are no people. */
  readonly accounts = new Map<string, readonly string[]>();

  /** `users`: those of Node-RED, who are staff. */
  constructor(
    readonly masked: ReadonlySet<PersonalClass> = new Set(),
    readonly users: readonly string[] = [],
  ) {}

  /** Takes the names in a payload or record, if names are masked. */
  learn(value: unknown): void {
    if (this.masked.has('names')) this.names.learn(value);
  }

  /** Whether the names of this version of a record have to be taken now: it was not asked for before, or long ago. */
  isNew({ id, version }: { id: string; version: number }): boolean {
    if (!this.masked.has('names') || this.read.get(id) === version) return false;
    this.read.delete(id);
    this.read.set(id, version);
    if (this.read.size > MAX_READ) this.read.delete(this.read.keys().next().value as string);
    return true;
  }
}

const MAX_READ = 1_000;
