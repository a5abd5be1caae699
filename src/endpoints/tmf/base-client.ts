import type { HttpClient } from '../../http/http.js';
import type { Api } from '../api.js';
import type { Check, RawEntity } from '../endpoint.js';
import type { RequiredAttributes } from '../evidence.js';
import { Habits } from '../habits.js';
import type { RegistrationResult } from '../hub.js';
import { emptyListOf, tmfApi } from './answers.js';
import { ArrayModeDetector } from './array-mode.js';
import { checkConnection, type ListedApi, requestFirst } from './checks.js';
import { arrayModeOf, basePath, type TmfOptions } from './client.js';
import { Collection } from './collection.js';
import type { ArrayMode, Profile, TmfDialect, Version } from './dialect.js';
import { tmfEndpoint } from './form.js';
import { TmfHub } from './hub.js';
import type { ListOptions } from './list.js';
import type { Noun } from './nouns.js';

/** The names of an API and of its one resource. */
export interface ApiDefinition {
  /** E.g. TMF621. */
  name: string;
  /** Last part of its path, e.g. troubleTicket. */
  resource: string;
  /** Its class, where objects name their type, e.g. TroubleTicket. */
  type: string;
  /** One resource, in errors, e.g. ticket. */
  noun: Noun;
  /**
   * Attributes of which a resource must have one. The schemas require none in a response, so these are the ones that no provider
   * omits.
   */
  required: RequiredAttributes;
}

/** What the clients of all TM Forum APIs share. */
export abstract class TmfBaseClient<Dialect extends TmfDialect> {
  readonly id: string;
  readonly name: string;
  readonly address: string;
  readonly side = tmfEndpoint.side;
  readonly version: Version;
  readonly profile: Profile;
  readonly integrationUser?: string;
  readonly habits = new Habits();
  protected readonly http: HttpClient;
  protected readonly api: Api;
  /** The path of the API below the base URL. */
  protected readonly base: string;
  protected readonly arrayMode: ArrayMode;
  /** The resources, read and written. */
  protected readonly entities: Collection;
  private readonly arrayModes: ArrayModeDetector;
  private readonly putsWhole: boolean;
  private readonly hubApi: TmfHub;

  asRead({ event: _, ...read }: RawEntity): RawEntity {
    return read;
  }

  protected constructor(
    private readonly definition: ApiDefinition,
    protected readonly dialect: Dialect,
    options: TmfOptions,
  ) {
    this.id = options.id;
    this.name = options.name;
    this.http = options.http;
    this.api = tmfApi(options.http);
    this.version = options.version;
    this.profile = options.profile;
    if (options.integrationUser) this.integrationUser = options.integrationUser;
    this.base = basePath(options, dialect);
    this.address = `${this.http.baseUrl}${this.base}`;
    this.arrayMode = arrayModeOf(options);
    this.arrayModes = new ArrayModeDetector(this.api, this.path, this.arrayMode);
    this.hubApi = new TmfHub(this.api, this.base, dialect, definition.name);
    // A provider that appends what a list contains is asked for changes, never for whole lists.
    this.putsWhole = options.putsWhole === true && this.arrayMode !== 'append';
    this.entities = new Collection({
      api: this.api,
      path: this.path,
      standard: `${definition.name} ${this.version}`,
      noun: definition.noun,
      type: definition.type,
      required: definition.required,
      clock: options.clock,
      habits: this.habits,
      dialect,
      arrayModes: this.arrayModes,
      putsWhole: this.putsWhole,
    });
  }

  /** The path of the resources. */
  protected get path(): string {
    return `${this.base}/${this.definition.resource}`;
  }

  /** When a 404 means an empty list, for polls. */
  protected get absent(): ListOptions['absent'] {
    return emptyListOf(this.dialect);
  }

  get clockAhead(): number | undefined {
    return this.http.clockAhead;
  }

  get dialectId(): string {
    return this.profile === 'servicenow' ? this.profile : this.version;
  }

  test(): Promise<Check[]> {
    const { arrayModes, putsWhole, definition } = this;
    return checkConnection({ ...this.listed, arrayModes, putsWhole, apiName: definition.name });
  }

  probe(): Promise<void> {
    return requestFirst(this.listed);
  }

  private get listed(): ListedApi {
    const { api, base, dialect, definition } = this;
    return { api, base, dialect, resource: definition.resource, noun: definition.noun };
  }

  /** Compares times of last change, ISO 8601. */
  isOlder(a: string | undefined, b: string | undefined): boolean {
    return a !== undefined && b !== undefined && Date.parse(a) < Date.parse(b);
  }

  registerHub(callback: string, query?: string): Promise<RegistrationResult> {
    return this.hubApi.registerHub(callback, query);
  }

  unregisterHub(id: string): Promise<boolean> {
    return this.hubApi.unregisterHub(id);
  }

  hubExists(id: string): Promise<boolean | undefined> {
    return this.hubApi.hubExists(id);
  }

  hubsOf(callback: string): Promise<string[] | undefined> {
    return this.hubApi.hubsOf(callback);
  }

  /** v4 clients answer 201 with a subscription, v5 ones 204 (definitions, /listener): every provider takes any 2xx. */
  acknowledgement(id: string, callback: string): { status: number; body?: unknown } {
    return this.version === 'v5' ? { status: 204 } : { status: 201, body: { id, callback } };
  }

  close(): void {
    this.http.close();
  }
}
