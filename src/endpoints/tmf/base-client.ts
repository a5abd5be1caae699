import type { HttpClient } from '../../http/http.js';
import type { Api } from '../api.js';
import type { Check } from '../endpoint.js';
import type { RequiredAttributes } from '../evidence.js';
import { Habits } from '../habits.js';
import type { RegistrationResult } from '../hub.js';
import { emptyListOf, tmfApi } from './answers.js';
import { ArrayModeDetector } from './array-mode.js';
import { checkConnection } from './checks.js';
import { arrayModeOf, basePath, type TmfOptions } from './client.js';
import { Collection } from './collection.js';
import type { ArrayMode, Profile, TmfDialect, Version } from './dialect.js';
import { TmfHub } from './hub.js';
import type { ListOptions } from './list.js';

/** What an API calls itself and its one resource. */
export interface ApiDefinition {
  /** TMF621. */
  name: string;
  /** Last part of its path: troubleTicket. */
  resource: string;
  /** Its class, where objects name their type: TroubleTicket. */
  type: string;
  /** One of them, in errors: ticket. */
  noun: string;
  /** What makes an answer one of them; the schemas demand nothing of a response, so any of what no provider leaves out. */
  required: RequiredAttributes;
}

/** What the clients of all TM Forum APIs do alike. */
export abstract class TmfBaseClient<Dialect extends TmfDialect> {
  readonly id: string;
  readonly name: string;
  readonly address: string;
  readonly side = 'provider';
  readonly version: Version;
  readonly profile: Profile;
  readonly integrationUser?: string;
  readonly habits = new Habits();
  protected readonly http: HttpClient;
  protected readonly answers: Api;
  /** The path of the API below the base URL. */
  protected readonly base: string;
  protected readonly arrayMode: ArrayMode;
  /** The resources, read and written. */
  protected readonly entities: Collection;
  private readonly ways: ArrayModeDetector;
  private readonly hub: TmfHub;

  protected constructor(
    private readonly api: ApiDefinition,
    protected readonly dialect: Dialect,
    options: TmfOptions,
  ) {
    this.id = options.id;
    this.name = options.name;
    this.http = options.http;
    this.answers = tmfApi(options.http);
    this.version = options.version;
    this.profile = options.profile;
    if (options.integrationUser) this.integrationUser = options.integrationUser;
    this.base = basePath(options, dialect);
    this.address = `${this.http.baseUrl}${this.base}`;
    this.arrayMode = arrayModeOf(options);
    this.ways = new ArrayModeDetector(this.answers, this.path, this.arrayMode);
    this.hub = new TmfHub(this.answers, this.base, dialect, api.name);
    this.entities = new Collection({
      api: this.answers,
      path: this.path,
      standard: `${api.name} ${this.version}`,
      noun: api.noun,
      type: api.type,
      required: api.required,
      clock: options.clock,
      habits: this.habits,
      dialect,
      ways: this.ways,
    });
  }

  /** The path of the resources. */
  protected get path(): string {
    return `${this.base}/${this.api.resource}`;
  }

  /** Of lists that are polled. */
  protected get absent(): ListOptions['absent'] {
    return emptyListOf(this.dialect);
  }

  get clockAhead(): number | undefined {
    return this.http.clockAhead;
  }

  test(): Promise<Check[]> {
    const { answers, base, dialect, api, ways } = this;
    return checkConnection({ answers, base, dialect, ways, api: api.name, resource: api.resource, noun: `${api.noun}s` });
  }

  /** Times of last change, ISO 8601. */
  isOlder(a: string | undefined, b: string | undefined): boolean {
    return a !== undefined && b !== undefined && Date.parse(a) < Date.parse(b);
  }

  registerHub(callback: string, query?: string): Promise<RegistrationResult> {
    return this.hub.registerHub(callback, query);
  }

  unregisterHub(id: string): Promise<boolean> {
    return this.hub.unregisterHub(id);
  }

  hubExists(id: string): Promise<boolean | undefined> {
    return this.hub.hubExists(id);
  }

  hubsOf(callback: string): Promise<string[] | undefined> {
    return this.hub.hubsOf(callback);
  }

  close(): void {
    this.http.close();
  }
}
